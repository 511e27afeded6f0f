import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import { AnomalyDetector, type AnomalyDetectorSnapshot } from "../../src/stats/index.ts";
import { RandomSource } from "./random-source.ts";

const QUARTER_MS = 900_000;
/** A whole hour. */
const HOUR = 1_760_000_400_000;

/** What a detector has of its season. */
const stageOf = ({ season }: AnomalyDetectorSnapshot) => {
  const { first_times, first_quarter } = season;
  return {
    times: first_times !== null,
    first: first_quarter !== null,
    season: season.season !== null,
  };
};

suite("a fast series", () => {
  test("has in its first quarter of an hour the mean of its points as the hour's, with which the season goes on", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 100, max: 10_000 }),
        fc.integer({ min: 0, max: QUARTER_MS / 2 }),
        (seed, step, into) => {
          const random = new RandomSource(seed);
          const detector = new AnomalyDetector();
          let sum = 0;
          let time = HOUR + into;
          for (let i = 0; time < HOUR + QUARTER_MS; i++) {
            const value = 50 + random.uniform();
            detector.update(time, value);
            if (i >= 24) {
              expect(detector.expected).toBeCloseTo(sum / i, 9);
              expect(stageOf(detector.snapshot())).toEqual({
                times: false,
                first: true,
                season: false,
              });
            }
            sum += value;
            time += step;
          }
          const { count } = detector;
          detector.update(time, 50);
          expect(detector.expected).toBeCloseTo(sum / count, 3);
          expect(stageOf(detector.snapshot())).toEqual({
            times: false,
            first: false,
            season: true,
          });
        },
      ),
      { numRuns: 40, seed: 3 },
    );
  });

  test("continues bit for bit from a snapshot in each stage", () => {
    const random = new RandomSource(4);
    const values = random.series(1_500, (i) => random.normal() + (i % 300 === 290 ? 9 : 0));
    for (const cut of [0, 1, 24, 25, 26, 300, 899, 900, 901, 1_300]) {
      const one = new AnomalyDetector();
      const feed = (detector: AnomalyDetector, i: number) => [
        detector.update(HOUR + i * 1_000, values[i]!),
        detector.evidence,
        detector.expected,
      ];
      for (let i = 0; i < cut; i++) feed(one, i);
      const two = AnomalyDetector.restore(structuredClone(one.snapshot()));
      for (let i = cut; i < values.length; i++) expect(feed(two, i)).toEqual(feed(one, i));
      expect(two.snapshot()).toEqual(one.snapshot());
    }
  });

  test("that jumps in time, or begins shortly before a quarter of an hour ends, has a season after it", () => {
    for (const [begin, jump] of [
      [HOUR + QUARTER_MS - 5_000, 0],
      [HOUR, 7 * 86_400_000],
      [HOUR, -86_400_000],
    ] as const) {
      const random = new RandomSource(5);
      const detector = new AnomalyDetector();
      for (let i = 0; i < 2_000; i++) {
        detector.update(begin + i * 1_000 + (i >= 100 ? jump : 0), random.normal());
        expect(Number.isFinite(detector.evidence) && Number.isFinite(detector.expected)).toBe(true);
      }
      expect(stageOf(detector.snapshot()).season).toBe(true);
    }
  });
});

test("of a slow series the season begins with the 25th point", () => {
  const detector = new AnomalyDetector();
  for (let i = 0; i < 24; i++) detector.update(HOUR + i * 60_000, i % 5);
  expect(stageOf(detector.snapshot())).toEqual({ times: true, first: false, season: false });
  detector.update(HOUR + 24 * 60_000, 3);
  expect(stageOf(detector.snapshot())).toEqual({ times: false, first: false, season: true });
});

test("damaged stages are refused", () => {
  const detector = new AnomalyDetector();
  for (let i = 0; i < 40; i++) detector.update(HOUR + i * 1_000, i % 7);
  const good = detector.snapshot();
  const { first_quarter } = good.season;
  const damaged = expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" });
  for (const season of [
    { ...good.season, seasonal: false },
    { ...good.season, first_times: new Float64Array(24) },
    { ...good.season, first_quarter: null, first_times: new Float64Array(3) },
    { ...good.season, first_quarter: { ...first_quarter!, quarter: 0.5 } },
    { ...good.season, first_quarter: { ...first_quarter!, mean: Number.NaN } },
  ])
    expect(() => AnomalyDetector.restore({ ...good, season })).toThrow(damaged);
  expect(AnomalyDetector.restore(good).snapshot()).toEqual(good);
});
