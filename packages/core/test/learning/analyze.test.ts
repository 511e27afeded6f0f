import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPERATIONAL, operationalSeries } from "../../../../test/support/operational-series.ts";
import { analyze } from "../../src/learning/index.ts";
import { readExpected, readSamples } from "../statistics/vectors.ts";
import { noise, START, withBurst } from "./fixtures.ts";

const everySecond = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => START + i * 1_000);

const cases = Object.entries(readExpected());

describe("the vectors", () => {
  test("are there", () => expect(cases.length).toBeGreaterThanOrEqual(14));

  test.each(cases)("%s: statistics, candidates and trend are those expected", (name, expected) => {
    const rows = readSamples(name);
    const analysis = analyze(
      rows.map(([time]) => time),
      rows.map(([, value]) => value),
      { window_capacity: expected.window },
    );
    const close = (actual: number | undefined, wanted: number, what: string): void => {
      const off = Math.abs((actual ?? Number.NaN) - wanted);
      expect(off, `${what}: ${actual}, expected ${wanted}`).toBeLessThanOrEqual(
        1e-9 * Math.abs(wanted),
      );
    };
    for (const [field, actual] of Object.entries(analysis.statistics ?? {}))
      close(actual, expected[field as "mean"], field);
    const { candidates, recommendation } = analysis;
    close(candidates?.percentile, expected.threshold_percentile, "percentile");
    close(candidates?.sigma, expected.threshold_sigma, "sigma");
    close(candidates?.iqr, expected.threshold_iqr, "iqr");
    expect(recommendation === null).toBe(expected.data_points < 16);
    if (recommendation !== null)
      expect(recommendation.provisional).toBe(expected.data_points < 100);
    if (expected.trend !== null) expect(analysis.trend.direction).toBe(expected.trend);
    expect(analysis.scores).toHaveLength(rows.length);
  });
});

describe("scores", () => {
  test.each(OPERATIONAL)("%s: one a row, in [0,1], none depends on later rows", (name) => {
    const series = operationalSeries(name);
    const [times, values] = [[...series.times], [...series.values]];
    const whole = analyze(times, values).scores;
    expect(whole).toHaveLength(values.length);
    expect(whole.every((score) => score >= 0 && score <= 1)).toBe(true);
    for (const rows of [1, 31, 700, Math.floor(values.length / 2), values.length - 1]) {
      const prefix = analyze(times.slice(0, rows), values.slice(0, rows)).scores;
      expect(prefix).toEqual(whole.slice(0, rows));
      const otherEnd = values.map((value, i) => (i < rows ? value : 1e6 - 3 * value));
      expect(analyze(times, otherEnd).scores.slice(0, rows)).toEqual(prefix);
    }
  });

  test("random series, with rows out of order, repeated and missing", () => {
    const row = fc.record({
      time: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(1, 2)),
      value: fc.oneof(
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.constantFrom(Number.NaN, 1e12),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 40, maxLength: 300 }),
        fc.array(row, { maxLength: 100 }),
        (rows, others) => {
          const columns = (table: typeof rows) =>
            [
              table.map(({ time }) => START + time * 1_000),
              table.map(({ value }) => value),
            ] as const;
          const scores = analyze(...columns(rows)).scores;
          const longer = analyze(...columns([...rows, ...others])).scores;
          expect(longer.slice(0, rows.length)).toEqual(scores);
          expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
          rows.forEach(({ value }, i) => {
            if (Number.isNaN(value)) expect(scores[i]).toBe(0);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("do not depend on window, strategy, sensitivity or min_data_points", () => {
    const values = withBurst(500, 10, 100);
    const times = everySecond(values.length);
    const { scores } = analyze(times, values);
    expect(
      analyze(times, values, {
        strategy: "iqr",
        sensitivity: 5,
        min_data_points: 16,
        window_capacity: 1_000,
      }).scores,
    ).toEqual(scores);
  });

  test("a duplicate and a row from the past are not judged", () => {
    const values = [...noise(200), 9_999, 9_999];
    const times = [...everySecond(200), START, START + 100_500];
    const { scores, statistics } = analyze(times, values);
    expect([scores[200], scores[201]]).toEqual([0, 0]);
    expect(statistics?.data_points).toBe(201);
  });
});

describe("what it says of a series", () => {
  test("one burst is one anomaly, with exactly these fields", () => {
    const values = withBurst(1_000, 20, 200);
    const { anomalies } = analyze(everySecond(values.length), values);
    expect(anomalies).toHaveLength(1);
    expect(Object.keys(anomalies[0] ?? {}).sort()).toEqual([
      "closed_at",
      "direction",
      "ending",
      "expected",
      "expected_high",
      "expected_low",
      "families",
      "opened_at",
      "peak_at",
      "peak_score",
      "peak_value",
      "surprises",
    ]);
    const [anomaly] = anomalies;
    expect(anomaly?.closed_at).toBeGreaterThanOrEqual(anomaly?.peak_at ?? 0);
    expect(anomaly?.peak_value).toBeGreaterThan(500);
  });

  test("one that is still open at the end has no end, and its highest point so far", () => {
    const values = withBurst(1_000, 8, 0);
    const { anomalies, scores } = analyze(everySecond(values.length), values);
    expect(anomalies).toHaveLength(1);
    expect(anomalies[0]?.closed_at).toBeNull();
    expect(anomalies[0]?.peak_score).toBe(Math.max(...scores));
  });

  test("a higher sensitivity finds no fewer", () => {
    const { times, values } = operationalSeries("mentions: counts with a heavy tail");
    const found = (sensitivity: number) =>
      analyze([...times], [...values], { sensitivity }).anomalies.length;
    expect(found(10)).toBeGreaterThan(found(0.5));
  });

  test.each(["percentile", "sigma", "iqr", "adaptive"] as const)("%s on request", (strategy) => {
    const values = noise(300);
    const { recommendation, candidates } = analyze(everySecond(300), values, { strategy });
    expect(recommendation?.strategy).toBe(strategy);
    expect(recommendation?.recommended_value).toBe(candidates?.[strategy]);
    expect(recommendation?.confidence).toBeGreaterThanOrEqual(0);
    expect(recommendation?.confidence).toBeLessThanOrEqual(1);
  });

  test.each([
    [0, null],
    [1, null],
    [15, null],
    [16, true],
    [99, true],
    [100, false],
  ])("%i rows: provisional is %s", (count, provisional) => {
    const { recommendation, statistics } = analyze(everySecond(count), noise(count));
    expect(recommendation?.provisional ?? null).toBe(provisional);
    expect(statistics?.data_points ?? 0).toBe(count);
  });

  test("no rows, and rows without values", () => {
    const empty = analyze([], []);
    expect(empty).toMatchObject({ statistics: null, candidates: null, recommendation: null });
    expect(empty.trend.direction).toBe("unknown");
    expect(analyze(everySecond(3), [Number.NaN, Number.NaN, Number.NaN])).toMatchObject({
      statistics: null,
      anomalies: [],
      scores: new Float64Array(3),
    });
  });

  test("rows in any order give the statistics of the rows in order", () => {
    const values = noise(400);
    const times = everySecond(400);
    const order = times.map((_, i) => (i * 271) % 400);
    const shuffled = analyze(
      order.map((i) => times[i] as number),
      order.map((i) => values[i] as number),
    );
    const ordered = analyze(times, values);
    expect(shuffled.statistics).toEqual(ordered.statistics);
    expect(shuffled.trend).toEqual(ordered.trend);
  });
});
