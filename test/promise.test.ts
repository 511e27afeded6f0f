// The threshold that subscribers have keeps the promise: the three services' logic in the closed loop, told by messages alone.
import { describe, expect, it } from "vitest";
import { RandomSource } from "../packages/core/test/statistics/random-source.ts";
import { handedOut } from "./support/handed-out.ts";
import { CONTINUOUS, syntheticSeries, TIED, type TimedSeries } from "./support/synthetic-series.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 2025-10-06, a Monday. */
const START_MS = 1_759_708_800_000;
const PROMISE = 0.05;
const MARGIN = 0.01;
/** Loss in force over that of the online threshold. */
const MOST_LOSS = 1.1;
/** Messages a day and series: about 100, and the first ones. */
const MOST_MESSAGES = 100;

function seriesOf(
  stepMs: number,
  count: number,
  valueAt: (timeMs: number, random: RandomSource, i: number) => number,
  seed = 1,
): TimedSeries {
  const random = new RandomSource(seed);
  const times = Float64Array.from({ length: count }, (_, i) => START_MS + i * stepMs);
  return { times, values: times.map((time, i) => valueAt(time, random, i)) };
}

const day = (time: number): number => Math.sin((2 * Math.PI * time) / DAY_MS);
const weekend = (time: number): number => ([0, 6].includes(new Date(time).getUTCDay()) ? 0.6 : 1);

describe("of five in a hundred", () => {
  it.each(Object.keys(CONTINUOUS))("is kept in force on a series of kind %s", (kind) => {
    for (const learningRate of [0.05, 0.3]) {
      const { inForce, online, messages } = handedOut(syntheticSeries(kind, 1), { learningRate });
      expect(Math.abs(inForce.beyond - PROMISE)).toBeLessThanOrEqual(MARGIN);
      expect(inForce.pinball).toBeLessThanOrEqual(MOST_LOSS * online.pinball);
      expect(messages).toBeLessThan(MOST_MESSAGES);
    }
  });

  it.each(Object.keys(TIED))("is not exceeded where values tie: %s", (kind) => {
    const { inForce, messages } = handedOut(syntheticSeries(kind, 1));
    expect(inForce.beyond).toBeLessThanOrEqual(PROMISE + MARGIN);
    expect(messages).toBeLessThan(kind === "constant" ? 0.1 : MOST_MESSAGES);
  });

  it("is kept below, too", () => {
    const series = syntheticSeries("daily, growing noise by day", 2);
    const { inForce } = handedOut(series, { side: "lower" });
    expect(Math.abs(inForce.beyond - PROMISE)).toBeLessThanOrEqual(MARGIN);
  });
});

it("of one in a hundred is kept", () => {
  for (const kind of ["daily and weekly", "lognormal"]) {
    const { inForce } = handedOut(syntheticSeries(kind, 3), { exceedanceRate: 0.01 });
    expect(Math.abs(inForce.beyond - 0.01)).toBeLessThanOrEqual(0.003);
  }
});

describe("is kept at any rate of samples", () => {
  it.each([
    ["a minute", MINUTE_MS, 10_000],
    ["15 minutes", 15 * MINUTE_MS, 3_000],
    ["half an hour", HOUR_MS / 2, 2_500],
    ["an hour", HOUR_MS, 2_000],
  ])("%s, with a daily cycle", (_, stepMs, count) => {
    const series = seriesOf(
      stepMs,
      count,
      (time, random) => 100 + 30 * day(time) + 3 * random.normal(),
    );
    const { inForce } = handedOut(series);
    expect(inForce.judged).toBeGreaterThan(count - 150);
    expect(Math.abs(inForce.beyond - PROMISE)).toBeLessThanOrEqual(MARGIN);
  });

  it("a day, with weekends", () => {
    const series = seriesOf(
      DAY_MS,
      1_000,
      (time, random) => 1_000 * weekend(time) + 40 * random.normal(),
    );
    const { inForce } = handedOut(series);
    expect(inForce.judged).toBeGreaterThan(850);
    expect(Math.abs(inForce.beyond - PROMISE)).toBeLessThanOrEqual(MARGIN);
  });

  it("a hundredth of a second", () => {
    const series = seriesOf(10, 60_000, (_, random) => 20 + 2 * random.normal());
    const { inForce, messages } = handedOut(series);
    expect(Math.abs(inForce.beyond - PROMISE)).toBeLessThanOrEqual(2 * MARGIN);
    // Of ten minutes: one a minute.
    expect(messages).toBeLessThanOrEqual((11 * DAY_MS) / (600 * 1_000));
  });
});

it("a large offset changes nothing but the unit", () => {
  const celsius = seriesOf(5 * MINUTE_MS, 3_000, (time, random) => 8 * day(time) + random.normal());
  const kelvin = { ...celsius, values: celsius.values.map((value) => value + 273_150) };
  const one = handedOut(celsius);
  const other = handedOut(kelvin);
  expect(other.messages).toBeCloseTo(one.messages, 6);
  expect(other.inForce.beyond).toBeCloseTo(one.inForce.beyond, 3);
});
