import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import { OPERATIONAL, operationalSeries } from "../../../../test/support/operational-series.ts";
import { CONTINUOUS, syntheticSeries, TIED } from "../../../../test/support/synthetic-series.ts";
import { AdaptiveQuantile, SIDES } from "../../src/statistics/index.ts";
import { LONG, measure, RATES } from "./promise.ts";
import { RandomSource } from "./random-source.ts";

const START_MS = 1_759_708_800_000;
const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;

suite.each(SIDES)("the %s threshold keeps its promise", (side) => {
  suite.each(RATES)("of %d within %d", (rate, margin) => {
    test.each(Object.keys(CONTINUOUS))("on a series of kind %s", (kind) => {
      for (const seed of [1, 2]) {
        const { beyond } = measure(syntheticSeries(kind, seed), rate, side);
        expect(Math.abs(beyond - rate)).toBeLessThanOrEqual(margin);
      }
    });

    test.each(Object.keys(TIED))("at most, and without jumping, for %s", (kind) => {
      const { beyond, changes } = measure(syntheticSeries(kind, 1), rate, side);
      expect(beyond).toBeLessThanOrEqual(kind === "constant" ? 0 : rate + margin);
      // Half of "mostly zero" is continuous: its upper 1 % has no ties.
      if (kind !== "mostly zero" || side !== "upper") expect(changes).toBeLessThan(300);
    });

    test("on series with incidents, up to ties at the threshold", () => {
      const broken = OPERATIONAL.filter((name) => {
        const series = operationalSeries(name);
        if (series.values.length <= LONG) return false;
        const { beyond, reached } = measure(series, rate, side);
        return beyond > rate + margin || reached < rate - margin;
      });
      expect(broken).toEqual([]);
    });
  });
});

test("its dispersion tells clustered exceedances from independent ones, on both sides", () => {
  const dispersion = (kind: string, side: (typeof SIDES)[number]): number => {
    const { times, values } = syntheticSeries(kind, 1);
    const threshold = new AdaptiveQuantile({ side });
    for (const [i, time] of times.entries()) threshold.update(time, values[i]!);
    return threshold.dispersion;
  };
  expect(new AdaptiveQuantile().dispersion).toBeGreaterThan(0);
  for (const side of SIDES) {
    // Paid back in time: below that of independent samples.
    for (const kind of ["normal", "lognormal", "t with 2 degrees"])
      expect(dispersion(kind, side), kind).toBeLessThan(1);
    for (const kind of ["AR(1) 0.9", "daily and weekly"])
      expect(dispersion(kind, side), kind).toBeGreaterThan(1.5);
  }
});

test("reads version 3, which had no dispersion", () => {
  const { times, values } = syntheticSeries("normal", 1, 1_000);
  const threshold = new AdaptiveQuantile();
  for (const [i, time] of times.entries()) threshold.update(time, values[i]!);
  const now = threshold.snapshot();
  const before = { ...now, version: 3, numbers: now.numbers.slice(0, 10) } as never;
  const restored = AdaptiveQuantile.restore(before);
  expect(restored.value(times.at(-1)!)).toBe(threshold.value(times.at(-1)!));
  expect(restored.dispersion).toBe(new AdaptiveQuantile().dispersion);
  expect(restored.snapshot().version).toBe(now.version);
  expect(() => AdaptiveQuantile.restore({ ...now, numbers: now.numbers.slice(0, 10) })).toThrow();
});

test("learns a season: the threshold of the night is not that of the day", () => {
  const { times, values } = syntheticSeries("daily and weekly", 1);
  const threshold = new AdaptiveQuantile();
  for (const [i, time] of times.entries()) threshold.update(time, values[i]!);
  const monday = START_MS + 70 * 24 * HOUR_MS;
  const day = threshold.value(monday + 6 * HOUR_MS)!;
  expect(day - threshold.value(monday + 18 * HOUR_MS)!).toBeGreaterThan(40);
  expect(day - threshold.value(monday + 5.5 * 24 * HOUR_MS)!).toBeGreaterThan(10);
});

test("is the constant for a constant, and comes back to it", () => {
  const threshold = new AdaptiveQuantile();
  let time = START_MS;
  const feed = (value: number) => {
    time += STEP_MS;
    threshold.update(time, value);
  };
  for (let i = 0; i < 500; i++) {
    feed(0.1);
    expect(threshold.value(time)).toBe(i < 15 ? undefined : 0.1);
  }
  const random = new RandomSource(2);
  for (let i = 0; i < 500; i++) feed(random.normal());
  for (let i = 0; i < 4_000; i++) feed(7);
  expect(threshold.value(time)).toBeCloseTo(7, 2);
});

test("an absurd value moves it by a bounded step and is soon forgotten", () => {
  const random = new RandomSource(3);
  const threshold = new AdaptiveQuantile();
  let time = START_MS;
  const feed = (value: number) => {
    time += STEP_MS;
    threshold.update(time, value);
  };
  for (let i = 0; i < 1_000; i++) feed(random.normal());
  feed(1e15);
  expect(threshold.value(time)).toBeLessThan(6);
  for (let i = 0; i < 200; i++) feed(random.normal());
  expect(threshold.value(time)).toBeGreaterThan(0.5);
  expect(threshold.value(time)).toBeLessThan(4);
});

test.each([0, -1, 1e-9, 99_999, -1e15, 1e300])(
  "a first value of %d sets no scale for good",
  (outlier) => {
    for (const kind of ["normal", "lognormal", "Poisson, mean 30", "daily counts"])
      for (const side of SIDES) {
        const { times, values } = syntheticSeries(kind, 4, 3_000);
        const after = new AdaptiveQuantile({ side });
        const control = new AdaptiveQuantile({ side });
        after.update(times[0]! - STEP_MS, outlier);
        for (const [i, time] of times.entries())
          for (const threshold of [after, control]) threshold.update(time, values[i]!);
        const time = times.at(-1)!;
        const off = Math.abs(after.value(time)! - control.value(time)!);
        expect(off, kind).toBeLessThanOrEqual(2 * control.spread);
      }
  },
);

test("a series without a season has one level all day", () => {
  const { times, values } = syntheticSeries("daily and weekly", 4, 2_000);
  const seasonal = new AdaptiveQuantile();
  const plain = new AdaptiveQuantile({ seasonal: false });
  for (const [i, time] of times.entries())
    for (const threshold of [seasonal, plain]) threshold.update(time, values[i]!);
  const swing = (threshold: AdaptiveQuantile): number => {
    const hours = Array.from({ length: 24 }, (_, i) => times.at(-1)! + i * HOUR_MS);
    const day = hours.map((time) => threshold.value(time)!);
    return Math.max(...day) - Math.min(...day);
  };
  expect(swing(seasonal)).toBeGreaterThan(30);
  expect(swing(plain)).toBe(0);
  const restored = AdaptiveQuantile.restore(JSON.parse(JSON.stringify(plain.snapshot())));
  expect(swing(restored)).toBe(0);
});

suite("how much the season explains", () => {
  const explained = (kind: string, seed: number, count: number): number | undefined => {
    const { times, values } = syntheticSeries(kind, seed, count);
    const threshold = new AdaptiveQuantile();
    for (const [i, time] of times.entries()) threshold.update(time, values[i]!);
    return threshold.seasonality;
  };

  test.each(["daily and weekly", "daily, growing noise by day", "daily counts"])(
    "most of a series of kind %s",
    (kind) => {
      for (const seed of [1, 2, 3]) {
        expect(explained(kind, seed, 500)).toBeUndefined();
        expect(explained(kind, seed, 900)).toBeGreaterThan(0.5);
        expect(explained(kind, seed, 8_640)).toBeGreaterThan(0.9);
      }
    },
  );

  test.each(["normal", "drift", "AR(1) 0.9", "level shifts", "mostly zero", "constant"])(
    "little of a series of kind %s",
    (kind) => {
      for (const seed of [1, 2, 3]) {
        expect(explained(kind, seed, 900)).toBeLessThan(0.25);
        expect(explained(kind, seed, 8_640)).toBeLessThan(0.25);
      }
    },
  );

  test("it does not depend on the unit, huge values included", () => {
    const { times, values } = syntheticSeries("daily and weekly", 1, 1_200);
    const [one, huge] = [1, 2 ** 500].map((factor) => {
      const threshold = new AdaptiveQuantile();
      for (const [i, time] of times.entries()) threshold.update(time, factor * values[i]!);
      return threshold.seasonality!;
    });
    expect(huge).toBeCloseTo(one!, 9);
  });
});

suite("for any sequence", () => {
  /** Stretches of constants, ramps, noise and spikes, as a hostile publisher would send them. */
  const stretch = fc.record({
    kind: fc.constantFrom("constant", "ramp", "noise", "spikes"),
    level: fc.integer({ min: -1_000, max: 1_000 }),
    size: fc.integer({ min: 1, max: 500 }),
    count: fc.integer({ min: 50, max: 800 }),
  });
  const sequences = fc.record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    side: fc.constantFrom(...SIDES),
    rate: fc.constantFrom(0.05, 0.01),
    stretches: fc.array(stretch, { minLength: 3, maxLength: 12 }),
  });
  const valuesOf = ({
    seed,
    stretches,
  }: {
    seed: number;
    stretches: readonly (typeof stretch extends fc.Arbitrary<infer T> ? T : never)[];
  }): number[] => {
    const random = new RandomSource(seed);
    return stretches.flatMap(({ kind, level, size, count }) =>
      Array.from({ length: count }, (_, i) => {
        if (kind === "constant") return level;
        if (kind === "ramp") return level + (size * i) / count;
        if (kind === "noise") return level + size * random.normal();
        return level + (random.uniform() < 0.03 ? size : 0);
      }),
    );
  };

  test("no more is exceeded than promised and a bounded number", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const values = valuesOf(sequence);
        const threshold = new AdaptiveQuantile({
          exceedanceRate: sequence.rate,
          side: sequence.side,
        });
        for (const [i, value] of values.entries()) threshold.update(START_MS + i * STEP_MS, value);
        const judged = threshold.count - 16;
        const beyond = Math.round(threshold.measuredRate! * judged);
        expect(beyond).toBeLessThanOrEqual(sequence.rate * judged + 40);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test("it scales and shifts with the series, and the sides mirror each other", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const { rate } = sequence;
        const base = new AdaptiveQuantile({ exceedanceRate: rate });
        const scaled = new AdaptiveQuantile({ exceedanceRate: rate });
        const shifted = new AdaptiveQuantile({ exceedanceRate: rate });
        const mirrored = new AdaptiveQuantile({ exceedanceRate: rate, side: "lower" });
        const values = valuesOf(sequence).slice(0, 1_500);
        for (const [i, x] of values.entries()) {
          const time = START_MS + i * STEP_MS;
          const here = base.value(time);
          if (here !== undefined) {
            expect(scaled.value(time)! / 1024).toBeCloseTo(here, 6);
            expect(mirrored.value(time)).toBe(-here);
          }
          base.update(time, x);
          scaled.update(time, x * 1024);
          shifted.update(time, x + 4_096);
          mirrored.update(time, -x);
        }
        expect(scaled.dispersion).toBe(base.dispersion);
        expect(mirrored.dispersion).toBe(base.dispersion);
        expect(Math.abs(shifted.measuredRate! - base.measuredRate!)).toBeLessThan(0.01);
      }),
      { numRuns: 30, seed: 8 },
    );
  });

  test("it continues bit for bit from its snapshot", () => {
    fc.assert(
      fc.property(sequences, fc.nat(2_000), (sequence, at) => {
        const values = valuesOf(sequence);
        const one = new AdaptiveQuantile({
          exceedanceRate: sequence.rate,
          side: sequence.side,
          learningRate: 0.1,
        });
        let two = one;
        for (const [i, value] of values.entries()) {
          const time = START_MS + i * STEP_MS;
          if (i === at) two = AdaptiveQuantile.restore(JSON.parse(JSON.stringify(one.snapshot())));
          one.update(time, value);
          if (two === one) continue;
          two.update(time, value);
          expect(two.value(time)).toBe(one.value(time));
        }
        expect(two.snapshot()).toEqual(one.snapshot());
      }),
      { numRuns: 40, seed: 9 },
    );
  });

  test("it stays finite for values and times of any size", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    const value = fc.oneof(
      finite,
      fc.constantFrom(0, 1, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 20, maxLength: 300 }), finite, (values, origin) => {
        const threshold = new AdaptiveQuantile();
        for (const [i, x] of values.entries()) {
          threshold.update(origin + i * 1_000_000, x);
          const now = threshold.value(origin + i * 1_000_000);
          if (i >= 15) {
            expect(now).toSatisfy(Number.isFinite);
            expect(threshold.base).toSatisfy(Number.isFinite);
            expect(threshold.dispersion).toSatisfy(Number.isFinite);
          }
        }
        AdaptiveQuantile.restore(JSON.parse(JSON.stringify(threshold.snapshot())));
      }),
      { numRuns: 300, seed: 10 },
    );
  });
});

test("refuses bad input, settings and snapshots", () => {
  const threshold = new AdaptiveQuantile();
  const notFinite = expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" });
  expect(() => threshold.update(0, Number.NaN)).toThrow(notFinite);
  expect(() => threshold.update(Number.POSITIVE_INFINITY, 1)).toThrow(notFinite);
  expect(threshold.count).toBe(0);
  for (const options of [
    { exceedanceRate: 0 },
    { exceedanceRate: 0.6 },
    { learningRate: 0 },
    { learningRate: 2 },
  ]) {
    expect(() => new AdaptiveQuantile(options)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" }),
    );
  }
  const good = threshold.snapshot();
  // What version 3 had besides, nothing reads any more.
  const before = { ...good, version: 3, numbers: good.numbers.slice(0, 10), held: null };
  expect(AdaptiveQuantile.restore(before as never).snapshot()).toEqual(good);
  for (const damage of [
    { version: 2 },
    { side: "left" },
    { exceedance_rate: 3 },
    { numbers: good.numbers.slice(1) },
    { numbers: good.numbers.with(0, -1) },
    { numbers: good.numbers.with(3, Number.NaN) },
    { grid: [] },
    { profile: { numbers: [], day: [], week: [] } },
  ]) {
    expect(() => AdaptiveQuantile.restore({ ...good, ...damage } as never)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" }),
    );
  }
});
