import { encodeMsgpack, encodeSampleBatch, learnerInput, seriesKey } from "@mapek/core/contract";
import { describe, expect, test } from "vitest";
import { saveState } from "../../../test/support/state-bytes.ts";
import { learnerLogic } from "../src/actor.ts";
import { at, batchOf, burst, logged, Partition, type Row, steady, toFeedback } from "./fixtures.ts";

const LATENCY = seriesKey("checkout", "latency");

describe("recommendations", () => {
  test("a provisional one is told to everybody, and not acted on", () => {
    const partition = new Partition();
    const outputs = partition.samples(steady(LATENCY, 16));
    expect(outputs).toHaveLength(1);
    expect(outputs[0]).toMatchObject({
      to: "log",
      family: "recommendations",
      tokens: ["checkout", "latency"],
      message: {
        system: "checkout",
        metric: "latency",
        labels: {},
        provisional: true,
        timestamp: at(15),
      },
    });
    expect(toFeedback(outputs)).toEqual([]);
  });

  test("a real one goes to the feedback service too, with what is in force", () => {
    const partition = new Partition();
    const outputs = partition.samples(steady(LATENCY, 100));
    const made = logged(outputs, "recommendations");
    expect(made.map(({ provisional }) => provisional)).toEqual([true, false]);
    expect(toFeedback(outputs)).toEqual([
      {
        version: 1,
        kind: "recommendation",
        time: at(99),
        system: "checkout",
        recommendation: made[1],
        in_force: null,
      },
    ]);
    expect(outputs.find(({ to }) => to === "feedback")).toMatchObject({ key: "checkout" });
  });

  test("a metric's own name stays, its subject token is safe", () => {
    const partition = new Partition();
    const key = seriesKey("checkout", "http.latency{p99}", { host: 'a"b' });
    const [output] = partition.samples(steady(key, 16));
    expect(output).toMatchObject({
      tokens: ["checkout", "http_latency_p99_"],
      message: { metric: "http.latency{p99}", labels: { host: 'a"b' } },
    });
  });
});

describe("many series at once", () => {
  test("500 in one batch: each learns by itself and gets its own recommendation", () => {
    const partition = new Partition();
    const keys = Array.from({ length: 500 }, (_, i) =>
      seriesKey(`system-${i % 5}`, `metric_${i % 50}`, { host: String(Math.floor(i / 50)) }),
    );
    expect(new Set(keys).size).toBe(500);
    const rows: Row[] = [];
    for (let second = 0; second < 100; second++)
      keys.forEach((key, i) => {
        rows.push([key, second, i * 1_000 + ((second * 37) % 100)]);
      });
    const outputs = partition.samples(rows);
    const real = logged<{
      system: string;
      metric: string;
      labels: Record<string, string>;
      recommended_value: number;
      provisional: boolean;
    }>(outputs, "recommendations").filter(({ provisional }) => !provisional);
    expect(real).toHaveLength(500);
    for (const { system, metric, labels, recommended_value } of real) {
      const i = keys.indexOf(seriesKey(system, metric, labels));
      expect(recommended_value).toBeGreaterThan(i * 1_000 + 50);
      expect(recommended_value).toBeLessThan(i * 1_000 + 150);
    }
    expect(toFeedback(outputs)).toHaveLength(500);
    expect(learnerLogic.gauges(partition.state)).toMatchObject({ series: 500, points: 50_000 });
    expect(partition.ask("series", "system-3")).toHaveLength(100);
  });

  test("one batch or many give the same outputs and the same state", () => {
    const rows = Array.from({ length: 300 }, (_, second) =>
      ["a", "b", "c"].map((name): Row => [seriesKey("s", name), second, (second * 7) % 11]),
    ).flat();
    const one = new Partition();
    const many = new Partition();
    const whole = one.samples(rows);
    const parts = rows.flatMap((row) => many.samples([row]));
    expect(parts).toEqual(whole);
    expect(saveState(learnerLogic, many.state)).toEqual(saveState(learnerLogic, one.state));
  });
});

describe("anomalies", () => {
  test("are told when they open and close, under one id that names the series", () => {
    const partition = new Partition();
    const opened = logged(partition.samples(burst(LATENCY, 1_000, 10)), "anomalies");
    const closed = logged(partition.samples(steady(LATENCY, 60, 1_010)), "anomalies");
    expect(opened[0]).toMatchObject({ phase: "opened", direction: "above", threshold: null });
    expect(closed.map(({ phase }) => phase)).toEqual(["closed"]);
    const ids = new Set([...opened, ...closed].map(({ anomaly_id }) => anomaly_id));
    expect([...ids]).toEqual([`${LATENCY}@${opened[0]?.opened_at}`]);
    // The range that was expected of the peak, not the one that the anomaly has widened since.
    expect(closed[0]?.expected_high).toBeLessThan(Number(closed[0]?.peak_value));
    expect(partition.state.open.size).toBe(0);
  });

  test("a tick closes what has gone silent, when it is due and only once", () => {
    const partition = new Partition();
    const OTHER = seriesKey("checkout", "errors");
    expect(learnerLogic.dueAt(partition.state)).toBeUndefined();
    partition.settings({ stale_after_seconds: 1e6 });
    partition.samples(burst(LATENCY, 1_000, 5));
    partition.samples(burst(OTHER, 1_000, 5, 30));
    partition.tick(1_004);
    const dueAt = at(1_004) + 60_000;
    expect(learnerLogic.dueAt(partition.state)).toBe(dueAt);
    expect(partition.tick(1_063)).toEqual([]);
    const first = logged(partition.tick(1_064), "anomalies");
    expect(first).toMatchObject([{ phase: "closed", metric: "latency", timestamp: dueAt }]);
    expect(learnerLogic.dueAt(partition.state)).toBe(dueAt + 30_000);
    expect(logged(partition.tick(5_000), "anomalies")).toMatchObject([{ metric: "errors" }]);
    // What is left is the next look for idle series.
    expect(learnerLogic.dueAt(partition.state)).toBe(at(5_450));
    expect(partition.tick(6_000)).toEqual([]);
  });

  test("several that end at the same time are told in the order of their keys, restored or not", () => {
    const lasting = new Partition();
    const restored = new Partition();
    for (const partition of [lasting, restored])
      for (const name of ["zeta", "alpha", "mid"])
        partition.samples(burst(seriesKey("checkout", name), 1_000, 5));
    restored.restart();
    const told = lasting.tick(2_000);
    expect(logged(told, "anomalies").map(({ metric }) => metric)).toEqual(["alpha", "mid", "zeta"]);
    expect(restored.tick(2_000)).toEqual(told);
  });
});

describe("what is refused", () => {
  const garbage: [string, string, Uint8Array][] = [
    ["MAPEK_MESSAGE_MALFORMED", "samples", Uint8Array.of(0xc1, 1, 2)],
    ["MAPEK_MESSAGE_INVALID", "samples", encodeMsgpack({ no: "array" })],
    ["MAPEK_MESSAGE_UNKNOWN_VERSION", "samples", encodeMsgpack([9])],
    ["MAPEK_MESSAGE_INVALID", "samples", encodeMsgpack([1, false, ["a/b"], "x", "y", "z"])],
    ["MAPEK_SAMPLE_NOT_FINITE", "samples", encodeSampleBatch(batchOf([[LATENCY, 0, Number.NaN]]))],
    [
      "MAPEK_SAMPLE_NOT_FINITE",
      "samples",
      encodeSampleBatch(batchOf([[LATENCY, Number.POSITIVE_INFINITY, 1]])),
    ],
    ["MAPEK_MESSAGE_INVALID", "in.learner", encodeMsgpack({ version: 1, kind: "nonsense" })],
    ["MAPEK_MESSAGE_UNKNOWN_VERSION", "in.learner", encodeMsgpack({ version: 2, kind: "tick" })],
    ["MAPEK_MESSAGE_MALFORMED", "in.learner", new Uint8Array()],
  ];

  test.each(garbage)("%s: %s %j", (code, kind, bytes) => {
    const decoded = learnerLogic.decode(`mapek-kb.${kind}.0`, bytes);
    expect(decoded.ok ? undefined : decoded.error.code).toBe(code);
  });

  test("a good input is decoded as it was", () => {
    const input = { version: 1, kind: "tick", time: 5 } as const;
    const decoded = learnerLogic.decode("mapek-kb.in.learner.0", learnerInput.encodeMsgpack(input));
    expect(decoded).toEqual({ ok: true, value: input });
  });

  test("a bad key costs its own samples only, and is told with its code", () => {
    const partition = new Partition();
    const rows = steady(LATENCY, 20).flatMap((row): Row[] => [row, ["no system", row[1], 1]]);
    const outputs = partition.samples(rows);
    expect(logged(outputs, "rejected")).toMatchObject([
      { service: "learner", code: "MAPEK_SUBJECT_INVALID", timestamp: at(0) },
    ]);
    expect(logged(outputs, "recommendations")).toHaveLength(1);
    expect([...partition.state.series.keys()]).toEqual([LATENCY]);
  });

  test("late, repeated and too old samples are counted", () => {
    const partition = new Partition();
    partition.settings({ max_late_seconds: 60, learning_window_seconds: 100, min_data_points: 16 });
    partition.samples(steady(LATENCY, 90, 1_000));
    partition.samples([
      [LATENCY, 1_089, 1],
      [LATENCY, 1_020, 1],
      [LATENCY, 1_085, 1],
    ]);
    partition.samples([[LATENCY, 0, 1]], true);
    partition.samples([[LATENCY, 990, 1]], true);
    expect(partition.ask("learning")[0]).toMatchObject({
      points: 91,
      duplicates: 2,
      late: 1,
      outside: 1,
    });
    expect(learnerLogic.gauges(partition.state)).toMatchObject({ points: 91, dropped: 4 });
  });
});
