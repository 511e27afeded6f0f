import { describe, expect, test } from "vitest";
import type { RecommendationMade } from "../../src/learning/index.ts";
import { RecommendationHistory } from "../../src/learning/recommendations/recommendation-history.ts";
import { SIDES, STRATEGIES } from "../../src/statistics/index.ts";

const START = 1_760_000_000_000;
const HOUR = 3_600_000;
const YEAR = 365.25 * 24 * HOUR;

/** Every strategy, side, and kind of value in turn. */
const made = (i: number, time = START + i * HOUR): RecommendationMade => ({
  time,
  side: SIDES[i % 2]!,
  recommended_value: [Math.PI * i, -i, 1e300 / (i + 1), 5e-324, 0][i % 5]!,
  confidence: ((i * 37) % 1_001) / 1_000,
  strategy: STRATEGIES[(i >> 1) % STRATEGIES.length]!,
  provisional: i % 3 === 0,
});

const historyOf = (all: readonly RecommendationMade[]): RecommendationHistory => {
  const history = new RecommendationHistory();
  for (const one of all) history.add(one);
  return history;
};

const many = (count: number): RecommendationMade[] =>
  Array.from({ length: count }, (_, i) => made(i));

describe("the history of recommendations", () => {
  test("is empty at first", () => {
    const history = new RecommendationHistory();
    expect(history.toArray()).toEqual([]);
    expect(history.last).toBeUndefined();
  });

  test("gives back what it took, the newest 100 of 250, after each of them", () => {
    const all = many(250);
    const history = new RecommendationHistory();
    for (const [i, one] of all.entries()) {
      history.add(one);
      expect(history.toArray()).toEqual(all.slice(Math.max(0, i - 99), i + 1));
      expect(history.last).toEqual(one);
    }
  });

  test("keeps each strategy, side and provisional apart, and each confidence of three digits", () => {
    const history = new RecommendationHistory();
    let time = START;
    for (const strategy of STRATEGIES)
      for (const side of SIDES)
        for (const provisional of [true, false]) {
          const one = { ...made(1, time++), strategy, side, provisional };
          history.add(one);
          expect(history.last).toEqual(one);
        }
    for (let thousandths = 0; thousandths <= 1_000; thousandths++) {
      history.add({ ...made(1, time++), confidence: thousandths / 1_000 });
      expect(history.last?.confidence).toBe(thousandths / 1_000);
    }
  });

  test("rounds times with microseconds down to milliseconds, before 1970 too", () => {
    const kept = (times: readonly number[]) =>
      historyOf(times.map((time, i) => made(i, time)))
        .toArray()
        .map(({ time }) => time);
    expect(kept([-1_500.25, -0.5, 0.999])).toEqual([-1_501, -1, 0]);
    expect(kept([START + 0.001, START + 0.999, START + 12.987])).toEqual([
      START,
      START,
      START + 12,
    ]);
  });

  test("lets go of what is older than 8.7 years before the newest", () => {
    const history = historyOf(many(30));
    const later = START + 10 * HOUR + 2 ** 38;
    history.add(made(30, later));
    const kept = [...many(30).slice(11), made(30, later)];
    expect(history.toArray()).toEqual(kept);
    const next = Array.from({ length: 90 }, (_, i) => made(31 + i, later + i * HOUR));
    for (const one of next) history.add(one);
    expect(history.toArray()).toEqual([...kept, ...next].filter(({ time }) => time >= later));
    history.add(made(200, later + 9 * YEAR));
    expect(history.toArray()).toEqual([made(200, later + 9 * YEAR)]);
    history.add(made(201, later + 9 * YEAR + 1));
    expect(history.toArray()).toHaveLength(2);
  });

  test("continues the same where it was taken up from what it gave", () => {
    const before = historyOf(many(70));
    const restored = historyOf(before.toArray());
    for (let i = 70; i < 400; i++) {
      const one = made(i, START + i * 0.05 * YEAR);
      before.add(one);
      restored.add(one);
      expect(restored.toArray()).toEqual(before.toArray());
    }
  });

  test.each([
    ["a strategy that is none", { strategy: "guess" }],
    ["a confidence above 1", { confidence: 1.5 }],
    ["a confidence that is no number", { confidence: Number.NaN }],
    ["a time before the newest", { time: START - 1 }],
    ["a time that is no number", { time: Number.NaN }],
  ])("refuses %s, with nothing added", (_name, damage) => {
    const history = historyOf(many(1));
    expect(() => history.add({ ...made(1), ...damage })).toThrowError(
      expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" }),
    );
    expect(history.toArray()).toEqual(many(1));
  });
});
