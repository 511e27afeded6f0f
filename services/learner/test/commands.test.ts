import { seriesKey, thresholdKey } from "@mapek/core/contract";
import { describe, expect, test } from "vitest";
import {
  at,
  burst,
  logged,
  Partition,
  type Row,
  scale,
  setThreshold,
  steady,
  toFeedback,
} from "./fixtures.ts";

const LATENCY = seriesKey("checkout", "latency");
const ERRORS = seriesKey("checkout", "errors");
const ELSEWHERE = seriesKey("search", "latency");

function taught(): Partition {
  const partition = new Partition();
  for (const key of [LATENCY, ERRORS, ELSEWHERE]) partition.samples(steady(key, 20));
  return partition;
}

const sensitivities = (partition: Partition) =>
  Object.fromEntries(
    [...partition.state.series.values()].map(({ key, learner }) => [
      key,
      Math.round(learner.judge.settings.sensitivity * 1e2) / 1e2,
    ]),
  );

describe("set_threshold", () => {
  test("puts it into force: in the log, as the latest, and confirmed", () => {
    const outputs = taught().command("a.1", setThreshold(12), "checkout", 30);
    const message = {
      version: 1,
      system: "checkout",
      metric: "latency",
      labels: {},
      threshold: 12,
      previous: null,
      strategy: "percentile",
      confidence: 0.8,
      reasoning: "a test",
      source: "recommendation",
      pinned: false,
      action_id: "a.1",
      // Of its newest sample: the command may be of another clock.
      timestamp: at(19),
    };
    expect(outputs).toEqual([
      { to: "log", family: "thresholds", tokens: ["checkout", "latency"], message },
      { to: "latest", key: "checkout.latency", message },
      {
        to: "feedback",
        key: "checkout",
        input: {
          version: 1,
          kind: "confirmation",
          time: at(30),
          system: "checkout",
          action_id: "a.1",
          applied: true,
          from: null,
          to: 12,
          reason: "a test",
        },
      },
    ]);
  });

  test("a labelled series has a key of its own in the bucket", () => {
    const partition = new Partition();
    const id = { system: "checkout", metric: "latency", labels: { host: "a" } };
    partition.samples(steady(seriesKey(id.system, id.metric, id.labels), 20));
    const outputs = partition.command("a.1", setThreshold(12, "latency", id.labels));
    expect(outputs.find(({ to }) => to === "latest")).toMatchObject({ key: thresholdKey(id) });
  });

  test("one that is to be the first is refused where there is one", () => {
    const partition = taught();
    const first = (value: number) => ({ ...setThreshold(value), only_first: true });
    expect(toFeedback(partition.command("a.1", first(12)))).toMatchObject([{ applied: true }]);
    expect(toFeedback(partition.command("a.2", first(15)))).toMatchObject([
      { applied: false, from: 12, to: 12, reason: "a threshold is in force already" },
    ]);
  });

  test("the second says what was before it", () => {
    const partition = taught();
    partition.command("a.1", setThreshold(12));
    const outputs = partition.command("a.2", setThreshold(15));
    expect(logged(outputs, "thresholds")).toMatchObject([{ threshold: 15, previous: 12 }]);
    expect(toFeedback(outputs)).toMatchObject([{ applied: true, from: 12, to: 15 }]);
  });

  test("a repeated one does nothing", () => {
    const partition = taught();
    partition.command("a.1", setThreshold(12));
    expect(partition.command("a.1", setThreshold(99))).toEqual([]);
    expect(partition.ask("thresholds")).toMatchObject([{ threshold: 12 }]);
    partition.restart();
    expect(partition.command("a.1", setThreshold(99))).toEqual([]);
  });

  test("the newest 10,000 are remembered", () => {
    const partition = taught();
    partition.command("a.0", setThreshold(0));
    for (let i = 1; i < 10_000; i++) partition.state.done.add(`a.${i}`);
    partition.command("a.10000", setThreshold(1));
    expect(partition.state.done.size).toBe(10_000);
    expect(partition.state.done.has("a.0")).toBe(false);
    expect(partition.command("a.1", setThreshold(1))).toEqual([]);
  });

  test.each([
    ["pinned", { command: "pin", metric: "latency", threshold: 5 } as const, 5],
    ["frozen", { command: "freeze", metric: "latency" } as const, null],
    ["frozen with its system", { command: "freeze" } as const, null],
  ])("a series that is %s refuses it", (why, control, inForce) => {
    const partition = taught();
    partition.control(control);
    const outputs = partition.command("a.1", setThreshold(12));
    expect(outputs).toHaveLength(1);
    expect(toFeedback(outputs)).toMatchObject([
      { kind: "confirmation", applied: false, from: inForce, to: inForce },
    ]);
    expect(JSON.stringify(outputs)).toContain(why.split(" ")[0]);
  });

  test("an unknown series refuses it", () => {
    const outputs = new Partition().command("a.1", setThreshold(12));
    expect(toFeedback(outputs)).toMatchObject([{ applied: false, reason: "no such series" }]);
  });

  test("its outcome is reported 100 samples later", () => {
    const partition = taught();
    partition.command("a.1", setThreshold(8));
    partition.command("a.2", setThreshold(0));
    const rows = steady(LATENCY, 200, 20);
    expect(
      toFeedback(partition.samples(rows.slice(0, 99))).filter(({ kind }) => kind === "outcome"),
    ).toEqual([]);
    expect(
      toFeedback(partition.samples(rows.slice(99))).filter(({ kind }) => kind === "outcome"),
    ).toMatchObject([
      { action_id: "a.2", objective: "exceedance_error", after: 0.95, time: at(119) },
    ]);
  });
});

describe("scale_sensitivity", () => {
  test("of one series", () => {
    const partition = taught();
    const outputs = partition.command("a.1", scale(2));
    expect(toFeedback(outputs)).toMatchObject([
      { kind: "confirmation", applied: true, from: 1, to: 2 },
    ]);
    expect(sensitivities(partition)).toEqual({ [LATENCY]: 2, [ERRORS]: 1, [ELSEWHERE]: 1 });
    expect(partition.command("a.1", scale(2))).toEqual([]);
    expect(sensitivities(partition)[LATENCY]).toBe(2);
  });

  test("of a whole system, the series to come included, and once", () => {
    const partition = taught();
    partition.command("a.1", scale(2));
    expect(partition.command("a.1.system", scale(0.5, null))).toEqual([]);
    expect(partition.command("a.1.system", scale(0.5, null))).toEqual([]);
    partition.samples(steady(seriesKey("checkout", "later"), 1));
    expect(sensitivities(partition)).toEqual({
      [LATENCY]: 1,
      [ERRORS]: 0.5,
      [ELSEWHERE]: 1,
      [seriesKey("checkout", "later")]: 0.5,
    });
  });

  test("stays within 0.1 and 10, and does not wind up beyond", () => {
    const partition = taught();
    for (let i = 0; i < 50; i++) partition.command(`down.${i}`, scale(0.5));
    for (let i = 0; i < 50; i++) partition.command(`up.${i}`, scale(2, null));
    expect(sensitivities(partition)).toEqual({ [LATENCY]: 1, [ERRORS]: 10, [ELSEWHERE]: 1 });
    expect(toFeedback(partition.command("back", scale(0.5)))).toMatchObject([{ from: 1, to: 0.5 }]);
  });

  test("an unknown series refuses it", () => {
    const outputs = taught().command("a.1", scale(2, "nothing"));
    expect(toFeedback(outputs)).toMatchObject([{ applied: false, from: null, to: null }]);
  });
});

describe("operators", () => {
  test("pin and unpin a threshold", () => {
    const partition = taught();
    partition.command("a.1", setThreshold(12));
    const pinned = partition.control(
      { command: "pin", metric: "latency", threshold: 20, reason: "peak season" },
      "checkout",
      40,
    );
    expect(logged(pinned, "thresholds")).toMatchObject([
      {
        threshold: 20,
        previous: 12,
        strategy: "manual",
        source: "operator",
        pinned: true,
        reasoning: "peak season",
        timestamp: at(40),
      },
    ]);
    expect(pinned.map(({ to }) => to)).toEqual(["log", "latest"]);
    const unpin = { command: "unpin", metric: "latency" } as const;
    expect(logged(partition.control(unpin), "thresholds")).toMatchObject([
      { threshold: 20, pinned: false },
    ]);
    expect(partition.control(unpin)).toEqual([]);
    expect(toFeedback(partition.command("a.2", setThreshold(13)))).toMatchObject([
      { applied: true, from: 20, to: 13 },
    ]);
  });

  test("pin a series before its first sample", () => {
    const partition = new Partition();
    partition.control({ command: "pin", metric: "new", labels: { host: "a" }, threshold: 1 });
    expect(partition.ask("thresholds")).toMatchObject([{ labels: { host: "a" }, threshold: 1 }]);
    expect(partition.ask("series")).toMatchObject([{ last_value: null, samples: 0 }]);
  });

  test("freeze one series, and a whole system with the series to come", () => {
    const partition = taught();
    partition.control({ command: "freeze", metric: "latency" });
    partition.samples([...steady(LATENCY, 10, 20), ...steady(ERRORS, 10, 20)]);
    expect(partition.state.series.get(LATENCY)?.learner.window.length).toBe(20);
    expect(partition.state.series.get(ERRORS)?.learner.window.length).toBe(30);
    partition.control({ command: "freeze" });
    partition.samples([...steady(seriesKey("checkout", "later"), 5), ...steady(ELSEWHERE, 5, 20)]);
    const lengths = partition
      .ask("series")
      .map(({ metric, samples, frozen }) => [metric, samples, frozen]);
    expect(lengths).toEqual([
      ["errors", 30, true],
      ["latency", 20, true],
      ["later", 0, true],
      ["latency", 25, false],
    ]);
    partition.control({ command: "unfreeze" });
    partition.samples(steady(LATENCY, 5, 40));
    expect(partition.state.series.get(LATENCY)?.learner.window.length).toBe(25);
  });

  test("exclude a stretch for one series, and for a system with the series to come", () => {
    const later = seriesKey("checkout", "later");
    const partition = taught();
    partition.control({ command: "exclude", metric: "latency", from: at(20), to: at(24) });
    partition.control({ command: "exclude", from: at(30), to: at(34) });
    partition.samples([LATENCY, ERRORS, later].flatMap((key) => steady(key, 20, 20)));
    expect(
      [LATENCY, ERRORS, later].map(
        (key) => partition.state.series.get(key)?.learner.counts.excluded,
      ),
    ).toEqual([10, 5, 5]);
  });

  test("an excluded burst is no anomaly", () => {
    const partition = new Partition();
    partition.control({ command: "exclude", from: at(1_000), to: at(1_009) });
    const outputs = partition.samples([
      ...burst(LATENCY, 1_000, 10),
      ...steady(LATENCY, 50, 1_010),
    ]);
    expect(logged(outputs, "anomalies")).toEqual([]);
  });

  test("set the sensitivity of one series, and of a system with the series to come", () => {
    const partition = taught();
    partition.settings({ sensitivity: 2 });
    partition.control({ command: "set_sensitivity", metric: "latency", sensitivity: 5 });
    expect(sensitivities(partition)).toEqual({ [LATENCY]: 5, [ERRORS]: 2, [ELSEWHERE]: 2 });
    partition.control({ command: "set_sensitivity", sensitivity: 0.1 });
    partition.samples(steady(seriesKey("checkout", "later"), 1));
    expect(sensitivities(partition)).toEqual({
      [LATENCY]: 0.1,
      [ERRORS]: 0.1,
      [ELSEWHERE]: 2,
      [seriesKey("checkout", "later")]: 0.1,
    });
    // From there a step is a step.
    partition.command("a.1", scale(2, null));
    expect(sensitivities(partition)[ERRORS]).toBe(0.2);
  });
});

describe("settings", () => {
  test("reach the series that are there and those to come", () => {
    const partition = taught();
    expect(partition.settings({ min_data_points: 30, optimization_interval: 5 })).toEqual([]);
    const outputs = partition.samples([
      ...steady(LATENCY, 20, 20),
      ...steady(seriesKey("checkout", "later"), 30),
    ]);
    const real = logged(outputs, "recommendations").filter(({ provisional }) => !provisional);
    expect(real.map(({ metric, timestamp }) => [metric, timestamp])).toEqual([
      ["latency", at(29)],
      ["latency", at(34)],
      ["latency", at(39)],
      ["later", at(29)],
    ]);
  });

  test("sensitivity follows them, and keeps what feedback has moved", () => {
    const partition = taught();
    partition.command("a.1", scale(2));
    partition.command("a.2", scale(3, null));
    partition.settings({ sensitivity: 0.5 });
    expect(sensitivities(partition)).toEqual({ [LATENCY]: 3, [ERRORS]: 1.5, [ELSEWHERE]: 0.5 });
  });

  test("a smaller window lets the oldest go", () => {
    const partition = taught();
    partition.settings({ window_capacity: 16 });
    expect(partition.ask("series").map(({ samples }) => samples)).toEqual([16, 16, 16]);
  });
});

test("a threshold for a series that goes quiet is kept", () => {
  const partition = taught();
  partition.command("a.1", setThreshold(12));
  const rows: Row[] = [[LATENCY, 500_000, 3]];
  partition.samples(rows);
  expect(partition.ask("thresholds")).toMatchObject([{ threshold: 12 }]);
});
