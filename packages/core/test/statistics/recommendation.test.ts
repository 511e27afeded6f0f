import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import { casesOf } from "../../../../bench/quality/calibration/cases.ts";
import { calibrationError } from "../../../../bench/quality/calibration/reliability.ts";
import { CONTINUOUS, syntheticSeries, TIED } from "../../../../test/support/synthetic-series.ts";
import { assessPromise, moments, recommend, STRATEGIES } from "../../src/statistics/index.ts";
import { normality } from "../../src/statistics/quantile/moments.ts";
import { gapShareOf } from "../../src/statistics/recommendation/confidence.ts";
import { assessFollowed } from "../../src/statistics/threshold/followed-confidence.ts";
import { everyMs, RandomSource } from "./random-source.ts";

suite("structure", () => {
  test("nothing under 16 samples, provisional under min_data_points", () => {
    const random = new RandomSource(1);
    const values = random.series(200, () => random.normal());
    const of = (count: number, minDataPoints?: number) =>
      recommend(
        values.slice(0, count),
        everyMs(count),
        minDataPoints === undefined ? {} : { minDataPoints },
      );
    expect(of(0)).toBeNull();
    expect(of(15)).toBeNull();
    expect(of(16)!.provisional).toBe(true);
    expect(of(99)!.provisional).toBe(true);
    expect(of(100)!.provisional).toBe(false);
    expect(of(40, 20)!.provisional).toBe(false);
  });

  test("is finite, bounded and consistent for any finite values", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -5, max: 5 }).map(Number),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 16, maxLength: 300, size: "max" }), (list) => {
        const values = Float64Array.from(list);
        const found = recommend(values, everyMs(values.length))!;
        expect(found.confidence).toBeGreaterThanOrEqual(0);
        expect(found.confidence).toBeLessThanOrEqual(1);
        expect(STRATEGIES).toContain(found.strategy);
        expect(found.recommended_value).toBe(found.candidates[found.strategy]);
        for (const strategy of STRATEGIES)
          expect(found.candidates[strategy]).toSatisfy(Number.isFinite);
        for (const [name, number] of Object.entries(found.supporting_data)) {
          if (typeof number === "number") expect(number, name).toSatisfy(Number.isFinite);
        }
        expect(found.reasoning).not.toMatch(/NaN|Infinity|undefined/);
        expect(recommend(values, everyMs(values.length))).toEqual(found);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test("a constant recommends itself", () => {
    const found = recommend(new Float64Array(211).fill(42.5), everyMs(211))!;
    expect(found.recommended_value).toBe(42.5);
    expect(found.candidates).toEqual({ percentile: 42.5, sigma: 42.5, iqr: 42.5, adaptive: 42.5 });
  });

  test("reasoning is one sentence with numbers", () => {
    const random = new RandomSource(2);
    const found = recommend(
      random.series(1000, () => 50 + random.normal()),
      everyMs(1000),
    )!;
    expect(found.reasoning).toMatch(/^[A-Z].*1000 samples.*mean \d.*\.$/);
  });

  test("scales and shifts with the values", () => {
    const random = new RandomSource(3);
    const values = random.series(1000, () => random.normal());
    const base = recommend(values, everyMs(1000))!;
    const moved = recommend(
      values.map((x) => x * 64 + 1024),
      everyMs(1000),
    )!;
    expect(moved.strategy).toBe(base.strategy);
    for (const strategy of STRATEGIES) {
      expect((moved.candidates[strategy] - 1024) / 64).toBeCloseTo(base.candidates[strategy], 9);
    }
    expect(moved.confidence).toBeCloseTo(base.confidence, 9);
  });
});

suite("choice", () => {
  test("what is asked for is given", () => {
    const random = new RandomSource(4);
    const values = random.series(500, () => random.normal());
    for (const strategy of STRATEGIES) {
      const found = recommend(values, everyMs(500), { strategy })!;
      expect(found.strategy).toBe(strategy);
      expect(found.reasoning).toContain("was asked for");
    }
    expect(
      recommend(values, everyMs(500), { strategy: "adaptive", adaptiveValue: 9.5 })!
        .recommended_value,
    ).toBe(9.5);
  });

  test("mostly the percentile for normal, adaptive for drifting series", () => {
    const random = new RandomSource(5);
    const count = { percentile: 0, adaptive: 0 };
    for (let round = 0; round < 40; round++) {
      const normal = recommend(
        random.series(3000, () => random.normal()),
        everyMs(3000),
      )!;
      if (normal.strategy === "percentile") count.percentile++;
      const drifting = recommend(
        random.series(3000, (i) => i / 300 + random.normal()),
        everyMs(3000),
      )!;
      if (drifting.strategy === "adaptive") count.adaptive++;
      expect(drifting.supporting_data.trend_direction).toBe("increasing");
    }
    expect(count.percentile).toBeGreaterThan(28);
    expect(count.adaptive).toBeGreaterThan(28);
  });

  test("a lower exceedance rate gives a higher threshold of every strategy", () => {
    const random = new RandomSource(6);
    const values = random.series(5000, () => random.normal());
    const usual = recommend(values, everyMs(5000))!.candidates;
    const rare = recommend(values, everyMs(5000), { exceedanceRate: 0.01 })!.candidates;
    for (const strategy of STRATEGIES) expect(rare[strategy]).toBeGreaterThan(usual[strategy]);
    expect(rare.percentile).toBeCloseTo(2.33, 0);
  });
});

suite("the lower side", () => {
  test("mirrors the upper one for every strategy", () => {
    const random = new RandomSource(10);
    for (const exceedanceRate of [0.05, 0.01]) {
      const values = random.series(600, () => Math.exp(random.normal()));
      const upper = recommend(values, everyMs(600), { exceedanceRate })!;
      const mirrored = values.map((x) => -x);
      const lower = recommend(mirrored, everyMs(600), { exceedanceRate, side: "lower" })!;
      for (const strategy of STRATEGIES)
        expect(-lower.candidates[strategy]).toBeCloseTo(upper.candidates[strategy], 9);
      expect(lower.confidence).toBeCloseTo(upper.confidence, 9);
      expect(lower.reasoning).toContain("below the value");
      expect(lower.supporting_data.exceedance_rate).toBe(upper.supporting_data.exceedance_rate);
    }
  });

  test("is P5, mean − 2σ and Q1 − 1.5 · IQR", () => {
    const values = Float64Array.from({ length: 101 }, (_, i) => i);
    const { candidates, supporting_data } = recommend(values, everyMs(101), { side: "lower" })!;
    expect(candidates.percentile).toBe(5);
    expect(candidates.sigma).toBeCloseTo(50 - 2 * supporting_data.std_dev, 12);
    expect(candidates.iqr).toBe(25 - 1.5 * 50);
  });
});

test("samples beyond the bounds count as lying on them", () => {
  const random = new RandomSource(11);
  const calm = random.series(500, () => random.normal());
  const incident = calm.map((x, i) => (i >= 400 && i < 440 ? 1_000 + x : x));
  const plain = recommend(incident, everyMs(500))!;
  const bounded = recommend(incident, everyMs(500), { bounds: [-4, 4] })!;
  expect(plain.candidates.percentile).toBeGreaterThan(900);
  for (const strategy of STRATEGIES) expect(bounded.candidates[strategy]).toBeLessThan(5);
});

test("the shape stands in the supporting data", () => {
  const random = new RandomSource(12);
  let rejected = 0;
  for (let round = 0; round < 200; round++) {
    const shape = moments(random.series(500, () => random.normal()))!;
    if (normality(shape) < 0.05) rejected++;
  }
  expect(rejected).toBeGreaterThan(2);
  expect(rejected).toBeLessThan(22);
  const skewed = recommend(
    random.series(500, () => Math.exp(random.normal())),
    everyMs(500),
  )!;
  expect(skewed.supporting_data.normality).toBeLessThan(1e-6);
  expect(normality(moments(new Float64Array(5))!)).toBe(1);
});

suite("confidence", () => {
  test("falls on gaps", () => {
    const random = new RandomSource(13);
    const values = random.series(1_000, () => random.normal());
    const whole = everyMs(1_000);
    const torn = whole.map((time, i) => (i < 500 ? time : time + 1_000_000));
    const { supporting_data, confidence } = recommend(values, torn)!;
    expect(supporting_data.gap_share).toBeCloseTo(0.5, 2);
    expect(confidence).toBeLessThan(recommend(values, whole)!.confidence);
    expect(gapShareOf(whole)).toBe(0);
    expect(gapShareOf(whole.map((time) => time + 900 * random.uniform()))).toBe(0);
    expect(gapShareOf(new Float64Array(20))).toBe(0);
  });

  test("of what follows rises with independent samples alone: not by clusters, looseness, ties and gaps", () => {
    const calm = { learned: 1e5, dispersion: 0.7, looseness: 0.5, tieShare: 0, gapShare: 0 };
    const worse = [
      { learned: 100 },
      { dispersion: 7 },
      { looseness: 5 },
      { tieShare: 0.9 },
      { gapShare: 0.5 },
    ];
    for (const rate of [0.05, 0.01]) {
      const of = (count: number, known = {}) => assessFollowed(count, rate, { ...calm, ...known });
      expect(of(20 / rate)).toBeGreaterThan(0.85);
      expect(of(20 / rate)).toBeGreaterThan(of(4 / rate));
      for (const known of worse) expect(of(20 / rate, known)).toBeLessThan(of(20 / rate) - 0.01);
      // Ten times the samples in clusters of ten say what a tenth of them would.
      expect(of(200 / rate, { dispersion: 7 })).toBeLessThan(of(200 / rate));
    }
  });

  test("is that of what is in force: the same whatever value it starts from, unless that is to stay", () => {
    const random = new RandomSource(14);
    const values = random.series(2_000, () => random.normal());
    const said = (strategy: "auto" | "adaptive" | "iqr", dispersion = 1): number =>
      recommend(values, everyMs(2_000), { strategy, adaptiveValue: 1.6, dispersion })!.confidence;
    expect(said("auto")).toBe(said("adaptive"));
    expect(said("auto", 9)).toBeLessThan(said("auto") - 0.05);
    expect(said("iqr", 9)).toBe(said("iqr"));
  });

  test("is calibrated in the closed loop: expected calibration error at most 0.05, at most 0.07 with ties", () => {
    // Ten days of each: the study of calibration takes longer series, and more of them.
    const of = (kind: string) => casesOf(kind, syntheticSeries(kind, 5, 2_880));
    const continuous = Object.keys(CONTINUOUS).flatMap(of);
    expect(continuous.length).toBeGreaterThan(3_000);
    expect(calibrationError(continuous)).toBeLessThanOrEqual(0.05);
    const tied = Object.keys(TIED).flatMap(of);
    expect(calibrationError([...continuous, ...tied])).toBeLessThanOrEqual(0.07);
  });

  test("is low for few samples and rises with their number", () => {
    const random = new RandomSource(7);
    const mean = (count: number): number => {
      let sum = 0;
      for (let round = 0; round < 30; round++) {
        sum += recommend(
          random.series(count, () => random.normal()),
          everyMs(count),
        )!.confidence;
      }
      return sum / 30;
    };
    const means = [16, 60, 200, 1000, 5000].map(mean);
    expect(means[0]).toBeLessThan(0.35);
    expect(means[1]).toBeLessThan(0.5);
    expect(means[4]).toBeGreaterThan(0.9);
    expect(means).toEqual([...means].sort((a, b) => a - b));
  });

  test("is near none for a series that drifts away", () => {
    const random = new RandomSource(8);
    const values = random.series(5000, (i) => i / 100 + random.normal());
    expect(recommend(values, everyMs(5000))!.confidence).toBeLessThan(0.1);
  });

  test("says about as often as it happens that the promise is kept", () => {
    const random = new RandomSource(9);
    const kinds: (() => (i: number) => number)[] = [
      () => () => random.normal(),
      () => () => Math.exp(random.normal()),
      () => {
        let last = 0;
        return () => (last = 0.9 * last + random.normal());
      },
      () => {
        const period = 20 + 300 * random.uniform();
        return (i) => 2 * Math.sin(i / period) + random.normal();
      },
    ];
    let said = 0;
    let kept = 0;
    let rounds = 0;
    for (const count of [60, 200, 1000]) {
      for (let round = 0; round < 160; round++) {
        const values = random.series(2 * count, kinds[round % kinds.length]!());
        const found = recommend(values.slice(0, count), everyMs(count))!;
        const rate = values.slice(count).filter((x) => x > found.recommended_value).length / count;
        said += found.confidence;
        if (rate >= 0.025 - 1e-12 && rate <= 0.075 + 1e-12) kept++;
        rounds++;
      }
    }
    expect(Math.abs(said / rounds - kept / rounds)).toBeLessThan(0.1);
  });

  test("counts what is above", () => {
    expect(
      assessPromise(
        Float64Array.from({ length: 100 }, (_, i) => i),
        94,
        0.05,
      ).above,
    ).toBe(5);
  });
});

test("refuses bad input", () => {
  const good = new Float64Array(20);
  const setting = expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" });
  expect(() => recommend(good, everyMs(20), { exceedanceRate: 0.5 })).toThrow(setting);
  expect(() => recommend(good, everyMs(20), { strategy: "best" as never })).toThrow(setting);
  expect(() => recommend(good, everyMs(20), { minDataPoints: -1 })).toThrow(setting);
  expect(() => recommend(good, everyMs(20), { side: "left" as never })).toThrow(setting);
  expect(() => recommend(good, everyMs(20), { bounds: [2, 1] })).toThrow(setting);
  expect(() => recommend(good, everyMs(19))).toThrow(
    expect.objectContaining({ code: "MAPEK_STATS_LENGTH_MISMATCH" }),
  );
  const finite = expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" });
  expect(() => recommend(good.with(3, Number.NaN), everyMs(20))).toThrow(finite);
  expect(() => recommend(good, everyMs(20), { adaptiveValue: Number.POSITIVE_INFINITY })).toThrow(
    finite,
  );
});

test("the window tells how much its season explains, unless the caller knows or there is to be none", () => {
  const random = new RandomSource(31);
  const times = everyMs(1_152, 300_000);
  const values = random.series(
    1_152,
    (i) => 10 * Math.sin((2 * Math.PI * i) / 288) + random.normal(),
  );
  const seasonality = (options = {}): number | null =>
    recommend(values, times, options)!.supporting_data.seasonality;
  expect(seasonality()).toBeGreaterThan(0.5);
  expect(seasonality({ seasonality: 0.25 })).toBe(0.25);
  expect(seasonality({ seasonal: false })).toBe(0);
  const [day, dayTimes] = [values.subarray(0, 288), times.subarray(0, 288)];
  expect(recommend(day, dayTimes)!.supporting_data.seasonality).toBeNull();
});
