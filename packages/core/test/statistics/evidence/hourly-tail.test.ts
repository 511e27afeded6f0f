import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type HourBegun,
  HourlyTail,
} from "../../../src/statistics/anomaly/evidence/hourly-tail.ts";
import {
  ANCHOR_BIN,
  BINS,
  BINS_AN_OCTAVE,
  drawLaw,
  surpriseOf,
} from "../../../src/statistics/anomaly/evidence/tail-law.ts";
import { medianOf } from "../../../src/statistics/quantile/median.ts";
import { RandomSource } from "../random-source.ts";

const NEEDED = 48;
const KEPT = 0.5 ** (1 / 336);

/** A tail after hours with these maxima, at an hour of day 0 after them. */
function tailAfter(maxima: readonly number[]): HourlyTail {
  const tail = new HourlyTail();
  maxima.forEach((largest, hour) => {
    tail.take(largest);
    tail.beginHour(begun(hour + 1));
  });
  return tail;
}

const begun = (hour: number): HourBegun => ({
  ...{ hour, over: hour - 1, needed: NEEDED },
  ...{ kept: KEPT, repeats: 0 },
});

/** The same law from a list of the hours, each with its weight. */
function oracle(maxima: readonly number[]) {
  const first = maxima.slice(0, NEEDED).filter((largest) => largest > 0);
  const anchor = Math.log2(medianOf(first));
  const bins = new Float64Array(BINS);
  let hours = 0;
  let ties = 0;
  let last = 0;
  maxima.forEach((largest, i) => {
    const weight = KEPT ** (maxima.length - 1 - i);
    hours += weight;
    const bin = Math.floor((Math.log2(largest) - anchor) * BINS_AN_OCTAVE) + ANCHOR_BIN;
    bins[Math.min(BINS - 1, Math.max(0, bin))]! += weight;
    const isTie = Math.abs(largest - last) <= 1e-9 * largest ? 1 : 0;
    ties += Math.max(0.02, 1 / (i + 1)) * (isTie - ties);
    last = largest;
  });
  return drawLaw(bins, hours, anchor, ties, 0);
}

describe("the tail of a family", () => {
  test("is that of all its hours, by their weights, after each of them", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: NEEDED, max: 400 }), (seed, count) => {
        const random = new RandomSource(seed);
        const maxima = Array.from({ length: count }, () => Math.exp(random.normal()));
        const law = oracle(maxima);
        for (const size of [0.5, 2, 8, 100]) {
          const told = tailAfter(maxima.slice(0, Math.min(count, 71))).take(size);
          if (count <= 71) expect(told).toBeCloseTo(surpriseOf(law, size), 4);
          expect(told).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("says nothing until it has seen its hours, and never more than thirty times what they can say", () => {
    expect(tailAfter(Array(47).fill(1)).take(1e9)).toBe(0);
    const random = new RandomSource(2);
    const tail = tailAfter(Array.from({ length: 400 }, () => 1 + 0.1 * random.normal()));
    const hours = (1 - KEPT ** 400) / (1 - KEPT);
    const most = Math.log10(30 * (hours + 1));
    expect(tail.take(1e6)).toBeGreaterThan(most);
    expect(tail.take(1e6)).toBeLessThan(most + 6);
  });

  test("is the same law when the hours that it needs change with the interval of its series", () => {
    const random = new RandomSource(7);
    const maxima = Array.from({ length: 120 }, () => 1_000 * Math.exp(random.normal()));
    const fed = (neededAt: (hour: number) => number) => {
      const tail = new HourlyTail();
      maxima.forEach((largest, hour) => {
        tail.take(largest);
        tail.beginHour({ ...begun(hour + 1), needed: neededAt(hour) });
      });
      return tail.take(20_000);
    };
    const steady = fed(() => 48);
    // Fewer needed from the 31st hour on; more after there was a law.
    expect(fed((hour) => (hour < 30 ? 48 : 24))).toBeCloseTo(steady, 0);
    expect(fed((hour) => (hour < 30 ? 24 : 48))).toBeCloseTo(steady, 0);
  });

  test("the first size of a series that never had any is as rare as the hours can say", () => {
    const tail = tailAfter(Array(100).fill(0));
    expect(tail.take(1e-9)).toBeGreaterThan(3);
    expect(tail.take(0)).toBe(0);
  });

  test("what came on most of the last seven days at the hour is less surprising there, not at others", () => {
    const random = new RandomSource(3);
    const maxima = Array.from({ length: 24 * 20 }, (_, hour) =>
      hour % 24 === 2 ? 50 : Math.abs(1 + 0.2 * random.normal()),
    );
    const atJob = tailAfter([...maxima, 1, 1]);
    const atNoon = tailAfter([...maxima, ...Array(12).fill(1)]);
    expect(atJob.take(50)).toBeLessThan(1.5);
    expect(atNoon.take(50)).toBeGreaterThan(3);
  });

  test("an incident of five days ago hardly changes what the next one says", () => {
    const random = new RandomSource(4);
    const usual = () => Math.exp(0.3 * random.normal());
    const before = Array.from({ length: 24 * 14 }, usual);
    const after = Array.from({ length: 24 * 5 }, usual);
    const quiet = tailAfter([...before, 1, 1, 1, ...after]).take(20);
    const disturbed = tailAfter([...before, 20, 25, 18, ...after]).take(20);
    expect(quiet).toBeGreaterThan(4);
    expect(disturbed).toBeGreaterThan(quiet - 0.7);
  });

  test("goes on bit for bit from a snapshot, at any hour", () => {
    const random = new RandomSource(5);
    const maxima = Array.from({ length: 300 }, () => Math.exp(random.normal()));
    for (const cut of [0, 1, 47, 48, 200]) {
      const one = tailAfter(maxima.slice(0, cut));
      const two = HourlyTail.restore(structuredClone(one.snapshot()));
      for (let hour = cut; hour < 300; hour++) {
        expect(two.take(maxima[hour]!)).toBe(one.take(maxima[hour]!));
        one.beginHour(begun(hour + 1));
        two.beginHour(begun(hour + 1));
      }
      expect(two.snapshot()).toEqual(one.snapshot());
    }
  });
});

test("the law of Weibull maxima is found, up to its prior of eight hours", () => {
  const random = new RandomSource(6);
  for (const slope of [0.7, 1.5, 2.5]) {
    const bins = new Float64Array(BINS);
    for (let hour = 0; hour < 20_000; hour++) {
      const octaves = slope * Math.log2(-Math.log(random.uniform()));
      const bin = Math.floor(octaves * BINS_AN_OCTAVE) + ANCHOR_BIN;
      bins[Math.min(BINS - 1, Math.max(0, bin))]!++;
    }
    const law = drawLaw(bins, 20_000, 0, 0, 0);
    expect(Math.abs(law.slope / slope - 1)).toBeLessThan(0.05);
    // One hour in ten thousand.
    const size = (4 * Math.LN10) ** slope;
    expect(surpriseOf(law, size)).toBeCloseTo(4, 0);
  }
});
