import { seriesExport, seriesKey, VERBS } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { at, burst, Partition, setThreshold, steady } from "./fixtures.ts";

const HOST_A = { host: "a" };

function taught(): Partition {
  const partition = new Partition();
  partition.samples([
    ...steady(seriesKey("checkout", "latency"), 120),
    ...steady(seriesKey("checkout", "latency", HOST_A), 20),
    ...steady(seriesKey("checkout", "errors"), 5),
    ...steady(seriesKey("search", "latency"), 16),
  ]);
  return partition;
}

test("series: one line each, in the order of their keys", () => {
  const partition = taught();
  partition.command("a.1", setThreshold(8));
  const items = partition.ask("series");
  expect(items.map(({ system, metric, labels }) => [system, metric, labels])).toEqual([
    ["checkout", "errors", {}],
    ["checkout", "latency", {}],
    ["checkout", "latency", HOST_A],
    ["search", "latency", {}],
  ]);
  expect(items[1]).toMatchObject({
    last_value: 6,
    last_time: at(119),
    samples: 120,
    threshold: 8,
    pinned: false,
    provisional: false,
    trend: "stable",
    open_anomaly: null,
    sensitivity: 1,
    frozen: false,
  });
  expect(items[0]).toMatchObject({ recommendation: null, confidence: null, provisional: null });
});

test("statistics, recommendations and thresholds", () => {
  const partition = taught();
  partition.command("a.1", setThreshold(8));
  expect(partition.ask("statistics", "checkout", { metric: "errors" })).toMatchObject([
    {
      metric: "errors",
      statistics: { data_points: 5, max_value: 8 },
      trend: { direction: "unknown" },
    },
  ]);
  expect(partition.ask("recommendations", "checkout")).toMatchObject([
    { metric: "errors", recommendation: null },
    { metric: "latency", recommendation: { provisional: false } },
    { labels: HOST_A, recommendation: { provisional: true } },
  ]);
  expect(partition.ask("thresholds")).toMatchObject([{ metric: "latency", threshold: 8 }]);
});

test("statistics asked for within 60 s of event time are the same ones", () => {
  const partition = taught();
  const read = () => partition.ask("statistics", "checkout", { metric: "errors" })[0]?.statistics;
  const before = read();
  partition.samples(steady(seriesKey("checkout", "errors"), 50, 5));
  expect(read()).toBe(before);
  partition.samples(steady(seriesKey("checkout", "errors"), 50, 55));
  expect(read()).toMatchObject({ data_points: 105 });
});

test("learning: what was learned from, and how", () => {
  const partition = taught();
  partition.samples(burst(seriesKey("checkout", "latency"), 1_000, 5, 120));
  expect(partition.ask("learning", "checkout", { metric: "latency", labels: {} })).toMatchObject([
    {
      system: "checkout",
      points: 1_125,
      duplicates: 0,
      anomalies: 1,
      anomaly_rate: 1 / 1_125,
      parameters: { min_data_points: 100, learning_window_seconds: 86_400 },
      optimisations: [{ provisional: true }, { provisional: false }],
    },
  ]);
});

test("system, metric and labels narrow", () => {
  const partition = taught();
  const count = (system?: string, request = {}) => partition.ask("series", system, request).length;
  expect(count()).toBe(4);
  expect(count("checkout")).toBe(3);
  expect(count("nowhere")).toBe(0);
  expect(count(undefined, { metric: "latency" })).toBe(3);
  expect(count("checkout", { metric: "latency" })).toBe(2);
  expect(count("checkout", { metric: "latency", labels: HOST_A })).toBe(1);
  expect(count("checkout", { metric: "latency", labels: {} })).toBe(1);
  expect(count("checkout", { labels: HOST_A })).toBe(1);
  expect(count(undefined, { labels: {} })).toBe(3);
  expect(count("checkout", { metric: "latency", labels: { host: "b" } })).toBe(0);
});

test("export: the window, narrowed by time, the newest where there is a limit", () => {
  const partition = taught();
  const read = (request: object) => {
    const [item] = partition.ask("export", "checkout", {
      metric: "latency",
      labels: {},
      ...request,
    });
    expect(seriesExport.check(item).ok).toBe(true);
    return (item as { timestamps: number[] }).timestamps;
  };
  expect(read({})).toHaveLength(120);
  expect(read({ from: at(10), to: at(12) })).toEqual([10, 11, 12].map(at));
  expect(read({ limit: 2 })).toEqual([118, 119].map(at));
  expect(read({ to: at(50), limit: 2 })).toEqual([49, 50].map(at));
  expect(read({ from: at(1_000) })).toEqual([]);
  expect(partition.ask("export")).toHaveLength(4);
});

/** Verbs that are answered from streams, not from states. */
const FROM_STREAMS: ReadonlySet<string> = new Set(["import", "durability", "events", "explain"]);

test("every verb of its states is answered, an unknown one with nothing", () => {
  const partition = taught();
  partition.command("a.1", setThreshold(8));
  for (const verb of VERBS.learner.filter((name) => !FROM_STREAMS.has(name)))
    expect(partition.ask(verb).length, verb).toBeGreaterThan(0);
  expect(partition.ask("nonsense")).toEqual([]);
});
