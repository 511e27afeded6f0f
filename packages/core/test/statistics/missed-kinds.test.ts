import { describe, expect, test } from "vitest";
import { normalSeries } from "../../../../bench/quality/alarms/normal-series.ts";
import { SeriesJudge } from "../../src/learning/index.ts";
import { EVIDENCE_FAMILIES, MissedKinds } from "../../src/statistics/index.ts";
import { RandomSource } from "./random-source.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 1_760_000_000_000;
const SETTINGS = {
  sensitivity: 1,
  budget: 0.5,
  minDeviation: 0,
  minRelativeDeviation: 0,
  direction: "both",
} as const;

/** A shape of which one family speaks. */
const shape = (family: number, surprise = 2.5, side = 1) => ({
  side,
  surprise,
  profile: EVIDENCE_FAMILIES.map((_, i) => (i === family ? 1 : 0)),
});

function missed(weight = 1, surprise = 2.5): MissedKinds {
  const kinds = new MissedKinds();
  kinds.learn(shape(0, surprise), START, weight, START);
  return kinds;
}

const LEVEL = 3;
const barAt = (kinds: MissedKinds, one = shape(0), days = 0, asked = LEVEL) =>
  kinds.bar(one, LEVEL, asked, START + days * DAY);

describe("a kind that was missed", () => {
  test("needs 1 less than the missed one had, and never less than the level by more than 1", () => {
    expect(barAt(missed())).toBeCloseTo(2, 9);
    expect(barAt(missed(1, 1.2))).toBeCloseTo(2, 9);
    // Incidents of late hid that one.
    expect(barAt(missed(1, 3.4), shape(0), 0, 3.8)).toBeCloseTo(2.4, 9);
  });

  test("leaves other kinds and the other side as they are", () => {
    expect(barAt(missed(), shape(1))).toBe(LEVEL);
    expect(barAt(missed(), shape(0, 2.5, -1))).toBe(LEVEL);
    expect(barAt(new MissedKinds())).toBe(LEVEL);
  });

  test("counts by trust: half a label is enough, a quarter goes half of the way, a twentieth none", () => {
    expect(barAt(missed(0.5))).toBeCloseTo(2, 9);
    expect(barAt(missed(0.25))).toBeCloseTo(2.5, 9);
    expect(barAt(missed(0.05))).toBe(LEVEL);
  });

  test("wears off: whole for thirty days, half after sixty, nothing after four months", () => {
    const bars = [30, 60, 120].map((days) => barAt(missed(), shape(0), days));
    expect(bars[0]).toBeCloseTo(2, 9);
    expect(bars[1]).toBeCloseTo(2.5, 9);
    expect(bars[2]).toBe(LEVEL);
  });

  test("stays when its alarms are right, and goes when they are false", () => {
    const kinds = missed();
    expect(kinds.confirm(shape(0), 1, START + 60 * DAY)).toBe(true);
    expect(barAt(kinds, shape(0), 90)).toBeCloseTo(2, 9);
    expect(kinds.takeBack(shape(1), 1, START)).toBe(false);
    expect(kinds.takeBack(START + 1, 1, START)).toBe(false);
    expect(kinds.takeBack(shape(0), 1, START + 60 * DAY)).toBe(true);
    expect(kinds.snapshot()).toEqual([]);
    const byTime = missed();
    expect(byTime.takeBack(START, 1, START)).toBe(true);
    expect(barAt(byTime)).toBe(LEVEL);
  });

  test("is one of three, the newest", () => {
    const kinds = new MissedKinds();
    for (let family = 0; family < 4; family++) kinds.learn(shape(family), START + family, 1, START);
    expect(kinds.snapshot()).toHaveLength(3);
    expect(barAt(kinds, shape(0))).toBe(LEVEL);
    expect(barAt(kinds, shape(3))).toBeCloseTo(2, 9);
  });

  test("is restored as it was", () => {
    const kinds = missed(0.3, 2.2);
    const restored = MissedKinds.restore(structuredClone(kinds.snapshot()));
    for (const one of [kinds, restored]) one.learn(shape(0, 2.9), START + DAY, 0.1, START + DAY);
    expect(restored.snapshot()).toEqual(kinds.snapshot());
    expect(barAt(restored, shape(0), 40)).toBe(barAt(kinds, shape(0), 40));
  });
});

/** Whether an hour two deviations too high is told on the 12th day, the 13th and the 20th. */
function told(seed: number, reports: boolean): { told: boolean[]; outcome: string } {
  const random = new RandomSource(seed);
  const judge = new SeriesJudge(SETTINGS);
  const hours = [12 * DAY + 3 * HOUR, 13 * DAY + 10 * HOUR, 20 * DAY + 5 * HOUR] as const;
  const opened = hours.map(() => false);
  let outcome = "";
  for (let ms = 0; ms < 21 * DAY; ms += 300_000) {
    const hour = hours.findIndex((from) => ms >= from && ms < from + HOUR);
    for (const { type } of judge.judge(START + ms, random.normal() + (hour < 0 ? 0 : 2), 0))
      if (type === "opened" && hour >= 0) opened[hour] = true;
    if (reports && ms === hours[0] + 5 * HOUR)
      outcome = judge.label(START + hours[0], "false_negative", 1, START + ms);
  }
  return { told: opened, outcome };
}

test("of 60 series the next one of a reported kind is told nearly always, two in five without", () => {
  let [learned, before, after] = [0, 0, 0];
  for (let seed = 1; seed <= 60; seed++) {
    const without = told(seed, false);
    if (without.told[0]) continue;
    const reported = told(seed, true);
    if (reported.outcome !== "learned") continue;
    learned += 2;
    before += without.told.filter(Boolean).length;
    after += reported.told.filter(Boolean).length;
  }
  expect(learned).toBeGreaterThan(40);
  expect(before / learned).toBeLessThan(0.4);
  expect(after / learned).toBeGreaterThan(0.85);
});

/** Incidents in 14 days of 48 normal series, about which somebody says every so often that something was missed. */
function flooded(everyMs: number): number {
  const series = Array.from({ length: 48 }, (_, seed) => normalSeries(seed));
  let opened = 0;
  for (const { times, values } of series) {
    const judge = new SeriesJudge(SETTINGS);
    const from = times[0]! + 3 * DAY;
    let next = from;
    values.forEach((value, i) => {
      const now = times[i]!;
      for (const { type } of judge.judge(now, value, 0))
        if (type === "opened" && now > from) opened++;
      if (now < next) return;
      next += everyMs;
      judge.label(now - 2 * HOUR, "false_negative", 1, now);
    });
  }
  return (opened / series.length) * (14 / 27);
}

test("however often somebody says that something was missed, a normal series opens at most three times its budget", () => {
  const [none, hourly] = [Number.POSITIVE_INFINITY, HOUR].map(flooded) as [number, number];
  expect(none).toBeLessThan(SETTINGS.budget);
  expect(hourly).toBeGreaterThan(none);
  expect(hourly).toBeLessThan(3 * SETTINGS.budget);
});
