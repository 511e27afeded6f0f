import {
  type Change,
  type LearnerCommand,
  type Recommendation,
  seriesKey,
  type Threshold,
  thresholdKey,
} from "@mapek/core/contract";
import { describe, expect, test } from "vitest";
import { at, logged, Partition, type Row, setThreshold, toFeedback } from "./fixtures.ts";

const LATENCY = seriesKey("checkout", "latency");
const ID = { system: "checkout", metric: "latency", labels: {} };

/** Values around a level, five minutes apart: deviation about 2.6. */
const level = (base: number, count: number, from: number): Row[] =>
  Array.from({ length: count }, (_, i) => [LATENCY, 300 * (from + i), base + ((i * 7) % 9)]);

const lowerTo = (threshold: number): LearnerCommand =>
  ({ ...setThreshold(threshold), side: "lower" }) as LearnerCommand;

describe("a lower threshold", () => {
  const asked = { thresholds: "both" as const, optimization_interval: 60 };

  test("is recommended, put into force and told beside the upper one", () => {
    const partition = new Partition();
    partition.settings(asked);
    const made = logged<Recommendation>(partition.samples(level(50, 200, 0)), "recommendations");
    const last = made.slice(-2);
    expect(last.map(({ side }) => side)).toEqual([undefined, "lower"]);
    const [upper, lower] = last as [Recommendation, Recommendation];
    expect(lower.recommended_value).toBeLessThan(52);
    expect(upper.recommended_value).toBeGreaterThan(56);
    const outputs = partition.command("a.1", lowerTo(50));
    expect(logged<Threshold>(outputs, "thresholds")).toMatchObject([{ side: "lower" }]);
    expect(outputs.find(({ to }) => to === "latest")).toMatchObject({
      key: thresholdKey(ID, "lower"),
    });
    expect(toFeedback(outputs)).toMatchObject([{ applied: true, from: null, to: 50 }]);
    partition.command("a.2", setThreshold(60));
    partition.restart();
    expect(partition.ask("thresholds")).toMatchObject([
      { side: "upper", threshold: 60 },
      { side: "lower", threshold: 50 },
    ]);
    expect(partition.ask("series")).toMatchObject([{ threshold: 60, threshold_lower: 50 }]);
  });

  test("is pinned and unpinned by itself, and goes when it is no longer asked for", () => {
    const partition = new Partition();
    partition.settings(asked);
    partition.samples(level(50, 20, 0));
    partition.control({ command: "pin", metric: "latency", side: "lower", threshold: 40 });
    partition.command("a.1", setThreshold(60));
    const refused = partition.command("a.2", lowerTo(45));
    expect(toFeedback(refused)).toMatchObject([{ applied: false, from: 40 }]);
    expect(partition.settings({ thresholds: "upper" })).toEqual([]);
    partition.control({ command: "unpin", metric: "latency", side: "lower" });
    partition.settings(asked);
    expect(partition.settings({ thresholds: "upper" })).toEqual([
      { to: "latest", key: "checkout.latency.lower", message: null },
    ]);
    expect(partition.ask("thresholds")).toMatchObject([{ side: "upper" }]);
  });
});

test("a learned threshold stays within the bounds of its metric, one of an operator need not", () => {
  const partition = new Partition();
  partition.settings({ metrics: [{ match: "*/latency", minimum: 10, maximum: 55 }] });
  const made = logged<Recommendation>(partition.samples(level(50, 200, 0)), "recommendations");
  expect(made.at(-1)).toMatchObject({ recommended_value: 55 });
  expect(made.at(-1)?.reasoning).toContain("Held at the maximum of 55.");
  const outputs = partition.command("a.1", setThreshold(60));
  expect(logged<Threshold>(outputs, "thresholds")).toMatchObject([{ threshold: 55 }]);
  expect(toFeedback(outputs)).toMatchObject([{ to: 55 }]);
  partition.control({ command: "pin", metric: "latency", threshold: 70 });
  expect(partition.ask("thresholds")).toMatchObject([{ threshold: 70 }]);
});

describe("a level shift", () => {
  function shifted(minDataPoints: number) {
    const partition = new Partition();
    partition.settings({ min_data_points: minDataPoints, learning_window_seconds: 30 * 86_400 });
    partition.samples(level(50, 10 * 288, 0));
    partition.command("a.1", setThreshold(58), "checkout", 300 * 10 * 288);
    return { partition, outputs: partition.samples(level(100, 160, 10 * 288)) };
  }

  test("is told once, and learning begins anew at once", () => {
    const { partition, outputs } = shifted(150);
    const [change, ...others] = logged<Change>(outputs, "changes") as [Change, ...Change[]];
    expect(others).toEqual([]);
    expect(change).toMatchObject({ kind: "level_shift", system: "checkout", metric: "latency" });
    expect(Math.abs(change.since - at(300 * 10 * 288))).toBeLessThan(3_600_000);
    expect(change.timestamp - change.since).toBeLessThan(150 * 300_000);
    expect((change.after as number) - (change.before as number)).toBeCloseTo(50, 0);
    const made = logged<Recommendation>(outputs, "recommendations");
    const soon = made.find(({ timestamp }) => timestamp >= change.timestamp) as Recommendation;
    expect(soon.provisional).toBe(true);
    expect(soon.recommended_value).toBeGreaterThan(104);
    expect(soon.recommended_value).toBeLessThan(112);
    const real = made.find(
      ({ timestamp, provisional }) => !provisional && timestamp > change.timestamp,
    );
    expect(real?.supporting_data.data_points).toBeLessThanOrEqual(160);
    // The threshold from before the shift is none to move from.
    const told = toFeedback(outputs).filter((input) => input.kind === "recommendation");
    expect(told.at(-1)).toMatchObject({ in_force: null });
    expect(partition.ask("series")).toMatchObject([{ last_change: { kind: "level_shift" } }]);
    // One that was recommended before it, and comes late, neither.
    partition.command("late", setThreshold(59), "checkout", 300 * (10 * 288 + 160));
    expect(partition.ask("thresholds")).toMatchObject([{ threshold: 59 }]);
    const fresh = made.filter(({ provisional }) => !provisional).at(-1) as Recommendation;
    partition.command("a.2", setThreshold(fresh.recommended_value), "checkout", 300 * 3_041);
    partition.restart();
    const later = partition.samples(level(100, 60, 10 * 288 + 160));
    const next = toFeedback(later).filter((input) => input.kind === "recommendation");
    expect(next.at(-1)).toMatchObject({ in_force: fresh.recommended_value });
  });

  test("leaves a pinned threshold in force", () => {
    const partition = new Partition();
    partition.samples(level(50, 10 * 288, 0));
    partition.control({ command: "pin", metric: "latency", threshold: 70 });
    const outputs = partition.samples(level(100, 160, 10 * 288));
    const told = toFeedback(outputs).filter((input) => input.kind === "recommendation");
    expect(told.at(-1)).toMatchObject({ in_force: 70 });
    expect(partition.ask("thresholds")).toMatchObject([{ threshold: 70, pinned: true }]);
  });
});

test("an unpinned series learns on at once", () => {
  const partition = new Partition();
  partition.samples(level(50, 120, 0));
  partition.control({ command: "pin", metric: "latency", threshold: 70 });
  expect(toFeedback(partition.command("a.1", setThreshold(58)))).toMatchObject([
    { applied: false },
  ]);
  partition.control({ command: "unpin", metric: "latency" });
  expect(toFeedback(partition.command("a.2", setThreshold(58)))).toMatchObject([
    { applied: true, from: 70, to: 58 },
  ]);
});
