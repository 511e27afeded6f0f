import { expect, test } from "vitest";
import { SeriesLearner, type SeriesSnapshot } from "../../src/learning/index.ts";
import { bytesOf, feed, learnerWith, noise, SECOND, START, withBurst } from "./fixtures.ts";

/** The same state as a learner of schema 7 saved it. */
function ofSchemaSeven(snapshot: SeriesSnapshot): SeriesSnapshot {
  const { rule, ...judge } = structuredClone(snapshot.judge);
  if (rule === null || rule.told === null) throw new Error("nothing was told");
  const { missed: _, ...told } = rule.told;
  return { ...snapshot, schema: 7, judge: { ...judge, rule: told } } as unknown as SeriesSnapshot;
}

test("state of schema 7 goes on with its incidents, and with no near misses", () => {
  const learner = learnerWith();
  const events = feed(learner, withBurst(1_000, 20, 200));
  const opened = events.flatMap((event) =>
    event.type === "anomaly" && event.phase === "opened" ? [event.incident.opened_at] : [],
  );
  expect(opened).toHaveLength(1);
  const restored = SeriesLearner.restore(ofSchemaSeven(learner.snapshot()), learner.settings);
  expect(restored.snapshot().judge.rule).toEqual({
    told: learner.snapshot().judge.rule?.told,
    near_misses: [],
  });
  const now = START + 1_300 * SECOND;
  expect(restored.judge.label(now, "false_negative", 1, now)).toBe("nothing_unusual");
  expect(restored.judge.label(opened[0] as number, "false_positive", 1, now)).toBe("learned");
});

test("state of schema 7 in which nothing was told yet is that of today", () => {
  const learner = learnerWith();
  feed(learner, noise(300));
  const snapshot = learner.snapshot();
  const old = { ...snapshot, schema: 7, judge: { ...snapshot.judge, rule: null } };
  const restored = SeriesLearner.restore(old as unknown as SeriesSnapshot, learner.settings);
  expect(restored.snapshot().judge.rule).toBeNull();
  expect(bytesOf(restored).byteLength).toBeLessThanOrEqual(bytesOf(learner).byteLength);
});
