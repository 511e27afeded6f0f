import { describe, expect, test } from "vitest";
import { analyze } from "../../src/learning/index.ts";
import { feed, learnerWith, noise, ofType, START, withBurst } from "./fixtures.ts";

const every = (count: number, ms: number): number[] =>
  Array.from({ length: count }, (_, i) => START + i * ms);

describe("incidents", () => {
  const upper = (learner: ReturnType<typeof learnerWith>) =>
    learner.recommendations()[0]?.recommendation;

  test("are not learned from, however high they are", () => {
    const [calm, burst, higher] = [0, 500, 5_000].map((height) => {
      const learner = learnerWith({ strategy: "percentile", exceedance_rate: 0.01 });
      const values = withBurst(1_000, height === 0 ? 0 : 20, 300).map((value, i) =>
        i >= 1_000 && i < 1_020 && height > 0 ? value - 500 + height : value,
      );
      feed(learner, values);
      return learner;
    });
    const values = [calm, burst, higher].map(
      (learner) => upper(learner as never)?.recommended_value as number,
    );
    expect(values[1]).toBeLessThan((values[0] as number) * 1.05);
    expect(values[2]).toBeCloseTo(values[1] as number, 1);
    // The window has them all the same.
    expect(burst?.window.length).toBe(1_320);
    expect(burst?.statistics()?.max_value).toBeGreaterThan(500);
  });

  test("that are more than a quarter of the window are the new normal", () => {
    const learner = learnerWith({ window_capacity: 400, strategy: "percentile" });
    feed(learner, withBurst(1_000, 390, 0));
    expect(upper(learner)?.recommended_value).toBeGreaterThan(500);
  });
});

test("analyze tells level shifts, and its recommendation rests on what came since", () => {
  const values = noise(4_000).map((value, i) => (i < 3_600 ? value : value + 100));
  const { changes, recommendation } = analyze(every(4_000, 300_000), values);
  expect(changes).toMatchObject([{ kind: "level_shift" }]);
  const [change] = changes;
  expect(change?.after).toBeCloseTo(150, -1);
  expect(change?.before).toBeCloseTo(50, -1);
  expect((change?.found_at as number) - START).toBeLessThan(3_750 * 300_000);
  expect(recommendation?.recommended_value).toBeGreaterThan(150);
  expect(recommendation?.recommended_value).toBeLessThan(170);
  expect(recommendation?.supporting_data.data_points).toBeLessThan(420);
});

test("the recommendation that a level shift makes due is of the new level, its time rounded or not", () => {
  const learner = learnerWith({ min_data_points: 16 });
  const isOutdated = () => learner.snapshot().sides[0]?.outdated;
  const inForce = (threshold: number) => ({
    threshold,
    strategy: "percentile",
    confidence: 0.9,
    reasoning: "a test",
    source: "recommendation" as const,
    pinned: false,
    action_id: null,
    timestamp: START,
  });
  const values = noise(4_000).map((value, i) => (i < 3_600 ? value : value + 100));
  let foundAt = 0;
  for (const [i, value] of values.entries()) {
    const events = learner.receiveSample(START + i * 60_000 + 0.75, value);
    if (i === 1_000) learner.setThreshold("upper", inForce(60));
    if (ofType(events, "change").length === 0) continue;
    expect(isOutdated()).toBe(true);
    foundAt = learner.lastChange?.found_at ?? 0;
    const [made] = ofType(events, "recommendation");
    expect(made?.time).toBe(foundAt);
    expect(learner.lastRecommendation?.time).toBe(foundAt - 0.75);
    const { recommended_value } = made?.recommendation ?? { recommended_value: Number.NaN };
    learner.setThreshold("upper", inForce(recommended_value - 1));
    expect(isOutdated()).toBe(true);
    learner.setThreshold("upper", inForce(recommended_value));
    expect(isOutdated()).toBe(false);
  }
  expect(foundAt).toBeGreaterThan(START + 3_600 * 60_000);
});

test("a lower threshold promises its rate below", () => {
  const learner = learnerWith({
    thresholds: "both",
    exceedance_rate: 0.05,
    strategy: "percentile",
  });
  const events = ofType(feed(learner, noise(2_000)), "recommendation");
  expect(new Set(events.map(({ side }) => side))).toEqual(new Set(["upper", "lower"]));
  const [upper, lower] = learner.recommendations();
  expect(upper?.recommendation.recommended_value).toBeCloseTo(50 + 5 * 1.645, 0);
  expect(lower?.recommendation.recommended_value).toBeCloseTo(50 - 5 * 1.645, 0);
  expect(learner.madeRecommendations.slice(-2).map(({ side }) => side)).toEqual(["upper", "lower"]);
});
