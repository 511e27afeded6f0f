import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONTINUOUS, syntheticSeries } from "../../../../test/support/synthetic-series.ts";
import {
  AdaptiveQuantile,
  FollowedThreshold,
  type Moment,
  SIDES,
} from "../../src/statistics/index.ts";

const RATE = 0.05;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

type Series = ReturnType<typeof syntheticSeries>;
interface Options {
  readonly side?: "upper" | "lower";
  readonly bounds?: readonly [number, number];
}

/** A threshold that follows a series from its 100th sample on; told of each curve that is drawn. */
class Follower {
  readonly online: AdaptiveQuantile;
  readonly followed: FollowedThreshold;
  readonly curves: number[] = [];
  readonly #series: Series;
  readonly #bounds: readonly [number, number];
  #next = 0;

  constructor(series: Series, { side = "upper", bounds = [-Infinity, Infinity] }: Options = {}) {
    this.#series = series;
    this.#bounds = bounds;
    this.online = new AdaptiveQuantile({ exceedanceRate: RATE, side });
    for (; this.#next < 100; this.#next++)
      this.online.update(series.times[this.#next]!, series.values[this.#next]!);
    const time = series.times[99]!;
    this.followed = new FollowedThreshold(side, this.online.value(time)!, time);
    this.followed.follow(this.online.value(time)!, time, 0.1, this.moment(time));
  }

  moment(timeMs: number, learns = true): Moment {
    const [minimum, maximum] = this.#bounds;
    return {
      ...{ timeMs, offsetMs: 0, intervalMs: this.#series.times[1]! - this.#series.times[0]! },
      ...{ online: this.online, learns, exceedanceRate: RATE, minimum, maximum, tolerance: 0.3 },
    };
  }

  /** @returns The thresholds that held for the samples up to a place. */
  run(to = this.#series.values.length): number[] {
    const held: number[] = [];
    for (; this.#next < to; this.#next++) {
      const time = this.#series.times[this.#next]!;
      const value = this.#series.values[this.#next]!;
      held.push(this.followed.at(time));
      this.followed.judge(time, value, this.online, RATE);
      this.online.update(time, value);
      if (this.followed.step(this.moment(time))) this.curves.push(time);
    }
    return held;
  }
}

describe.each(SIDES)("the %s threshold that is handed out", (side) => {
  test.each(Object.keys(CONTINUOUS))("keeps the promise on a series of kind %s", (kind) => {
    const series = syntheticSeries(kind, 5);
    const follower = new Follower(series, { side });
    const held = follower.run();
    const isBeyond = (value: number, i: number) =>
      side === "upper" ? value > held[i]! : value < held[i]!;
    const beyond = series.values.slice(100).filter(isBeyond).length / held.length;
    expect(Math.abs(beyond - RATE)).toBeLessThanOrEqual(0.01);
    const days = (series.times.at(-1)! - series.times[100]!) / DAY_MS;
    expect(follower.curves.length / days).toBeLessThan(100);
  });
});

test("what is drawn reaches a day ahead, and is never about to end", () => {
  const follower = new Follower(syntheticSeries("daily and weekly", 2));
  follower.run(5_000);
  const { times } = syntheticSeries("daily and weekly", 2);
  const curve = follower.followed.schedule!;
  expect(curve.map(([time]) => time)).toEqual(
    curve.map(([time]) => time).toSorted((a, b) => a - b),
  );
  expect(curve[0]![0]).toBeLessThanOrEqual(times[4_999]!);
  expect(curve.at(-1)![0] - times[4_999]!).toBeGreaterThan(5 * HOUR_MS);
});

test("a constant is handed out once", () => {
  const constant = syntheticSeries("constant", 1);
  const follower = new Follower(constant);
  expect(new Set(follower.run())).toEqual(new Set([45]));
  expect(follower.curves).toEqual([]);
  expect(follower.followed.schedule).toBeUndefined();
});

test("what is held stays, whatever comes", () => {
  const follower = new Follower(syntheticSeries("daily and weekly", 3));
  follower.followed.hold(70, 0);
  expect(new Set(follower.run(3_000))).toEqual(new Set([70]));
  expect(follower.followed.rate).toBe(0);
});

test("frozen it moves with the clock and follows nothing", () => {
  const series = syntheticSeries("daily and weekly", 3, 4_000);
  const follower = new Follower(series);
  follower.run(3_500);
  const time = series.times[3_499]!;
  const before = follower.followed.snapshot().numbers[0];
  // Far from what is learned: who follows would go there.
  for (let i = 0; i < 200; i++) follower.online.update(time + i * 1_000, 1_000);
  for (let hour = 1; hour <= 48; hour++)
    follower.followed.step(follower.moment(time + hour * HOUR_MS, false));
  expect(follower.followed.snapshot().numbers[0]).toBe(before);
  follower.followed.step(follower.moment(time + 49 * HOUR_MS));
  expect(follower.followed.snapshot().numbers[0]).not.toBe(before);
});

test("it keeps to its bounds", () => {
  const follower = new Follower(syntheticSeries("daily and weekly", 3), { bounds: [90, 120] });
  const held = follower.run().slice(300);
  expect(Math.min(...held)).toBeGreaterThanOrEqual(90);
  expect(Math.max(...held)).toBe(120);
});

test("a proposal moves it at once, and fades where the series proves it wrong", () => {
  const series = syntheticSeries("normal", 6);
  const follower = new Follower(series);
  follower.run(4_000);
  const time = series.times[4_000]!;
  const before = follower.followed.at(time);
  follower.followed.shift(5, follower.moment(time));
  // What it was off by until then, less than the tolerance, is made good as well.
  expect(Math.abs(follower.followed.at(time) - (before + 5))).toBeLessThan(2);
  const held = follower.run();
  expect(Math.abs(held.at(-1)! - before)).toBeLessThan(2.5);
});

test("what was decided long ago begins where the series is now", () => {
  const series = syntheticSeries("daily and weekly", 9);
  const follower = new Follower(series);
  follower.run(4_000);
  const time = series.times[4_000]!;
  const now = follower.online.value(time)!;
  const late = new FollowedThreshold("upper", 0, time);
  late.follow(now - 50, series.times[100]!, 0.1, follower.moment(time));
  // The season is read without steps between its hours.
  expect(Math.abs(late.at(time) - now)).toBeLessThan(10);
});

test("it continues bit for bit from its snapshot", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(CONTINUOUS)),
      fc.integer({ min: 100, max: 3_000 }),
      (kind, at) => {
        const series = syntheticSeries(kind, 7, 3_200);
        const one = new Follower(series);
        one.run(at);
        const saved = JSON.parse(JSON.stringify(one.followed.snapshot()));
        const two = FollowedThreshold.restore(saved, "upper");
        expect(two.snapshot()).toEqual(one.followed.snapshot());
        const time = series.times[at]!;
        expect(two.step(one.moment(time))).toBe(one.followed.step(one.moment(time)));
        expect(two.snapshot()).toEqual(one.followed.snapshot());
      },
    ),
    { numRuns: 30, seed: 3 },
  );
});

test("it is shift and scale equivariant", () => {
  const series = syntheticSeries("daily and weekly", 8, 3_000);
  const celsius = new Follower(series).run();
  const kelvin = new Follower({ ...series, values: series.values.map((x) => 1.8 * x + 1e6) }).run();
  for (const [i, value] of kelvin.entries())
    expect((value - 1e6) / 1.8).toBeCloseTo(celsius[i]!, 3);
});

test("refuses a damaged snapshot", () => {
  const good = new FollowedThreshold("upper", 1, 0).snapshot();
  for (const damage of [
    { numbers: [] },
    { numbers: good.numbers.with(0, Number.NaN) },
    { curve: [] },
    { curve: [0, 0, 1] },
  ])
    expect(() => FollowedThreshold.restore({ ...good, ...damage }, "upper")).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" }),
    );
});
