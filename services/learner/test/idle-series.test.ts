import { type Rejected, seriesKey, thresholdKey } from "@mapek/core/contract";
import type { MemoryWatch } from "@mapek/runtime";
import { loadConfig } from "@mapek/runtime";
import { describe, expect, test, vi } from "vitest";
import { learnerLogic } from "../src/actor.ts";
import { owedAdmission, settingsFor } from "../src/series/series-limit.ts";
import { at, burst, logged, Partition, setThreshold, steady } from "./fixtures.ts";

const IDLE = { idle_series_seconds: 640, learning_window_seconds: 640 };
/** Seconds from one sweep to the next, and until all series were looked at. */
const SWEEP = 10;
const ROUND = 8 * SWEEP;
const names = (partition: Partition) => [...partition.state.series.keys()].sort();

/** Ticks when one is due, as the host does, from one second to another. */
function run(partition: Partition, from: number, to: number) {
  const outputs = [];
  for (let second = from; second <= to; second++)
    if ((learnerLogic.dueAt(partition.state) ?? Infinity) <= at(second))
      outputs.push(...partition.tick(second));
  return outputs;
}

function partitionWith(...keys: string[]): Partition {
  const partition = new Partition();
  partition.settings(IDLE);
  partition.tick(0);
  for (const key of keys) partition.samples(steady(key, 20));
  return partition;
}

describe("a series to which nothing comes", () => {
  test("is forgotten after the idle time, not before; a busy one stays", () => {
    const [idle, busy] = [seriesKey("shop", "idle"), seriesKey("shop", "busy")];
    const partition = partitionWith(idle, busy);
    for (let second = 0; second < 640; second += SWEEP) {
      partition.samples(steady(busy, 1, 100 + second));
      run(partition, second, second + SWEEP - 1);
      expect(names(partition)).toEqual([busy, idle]);
    }
    for (let second = 640; second < 640 + 2 * ROUND; second += SWEEP) {
      partition.samples(steady(busy, 1, 100 + second));
      run(partition, second, second + SWEEP - 1);
    }
    expect(names(partition)).toEqual([busy]);
    expect(learnerLogic.gauges(partition.state)).toMatchObject({ series: 1, expired: 1 });
  });

  test("is learned anew when it comes back between those that it used to come between", () => {
    const keys = ["a", "idle", "z"].map((name) => seriesKey("shop", name));
    const partition = partitionWith();
    const rows = (of: string[], second: number) =>
      partition.samples(of.map((key) => [key, second, second % 9]));
    for (let second = 0; second < 40; second++) rows(keys, second);
    const busy = keys.filter((key) => !key.endsWith("idle"));
    const end = 640 + 2 * ROUND;
    for (let second = 40; second < end; second++) {
      if (second % 10 === 0) rows(busy, second);
      run(partition, second, second);
    }
    expect(names(partition)).toEqual([...busy].sort());
    for (let second = end; second < end + 3; second++) rows(keys, second);
    const points = keys.map((key) => partition.state.series.get(key)?.learner.points);
    expect(points).toEqual([40 + (end - 40) / 10 + 3, 3, 40 + (end - 40) / 10 + 3]);
  });

  test("takes its threshold out of the newest ones", () => {
    const id = { system: "checkout", metric: "latency", labels: {} };
    const partition = partitionWith(seriesKey("checkout", "latency"), seriesKey("checkout", "b"));
    partition.command("t.1", setThreshold(5));
    const outputs = run(partition, 0, 640 + 2 * ROUND);
    expect(outputs.filter(({ to }) => to === "latest")).toEqual([
      { to: "latest", key: thresholdKey(id), message: null },
    ]);
    expect(names(partition)).toEqual([]);
    expect(learnerLogic.dueAt(partition.state)).toBeUndefined();
  });

  test("comes back as a new one", () => {
    const key = seriesKey("shop", "a");
    const partition = partitionWith(key);
    run(partition, 0, 640 + 2 * ROUND);
    partition.samples(steady(key, 3, 2_000));
    expect(partition.ask("series", "shop")).toMatchObject([{ samples: 3, last_value: 6 }]);
  });

  test.each([
    ["is pinned", (p: Partition) => p.control({ command: "pin", metric: "a", threshold: 1 })],
    ["is frozen", (p: Partition) => p.control({ command: "freeze", metric: "a" })],
  ])("stays where it %s", (_, prepare) => {
    const partition = partitionWith(seriesKey("checkout", "a"), seriesKey("checkout", "b"));
    prepare(partition);
    run(partition, 0, 640 + 2 * ROUND);
    expect(names(partition)).toEqual([seriesKey("checkout", "a")]);
  });

  test("stays while its anomaly is open, which a tick closes", () => {
    const key = seriesKey("shop", "a");
    const partition = partitionWith();
    // Its times are far ahead of the ticks, so that it does not count as silent.
    partition.samples(burst(key, 1_000, 5, 10_000));
    expect(partition.state.open.size).toBe(1);
    run(partition, 0, 640 + 2 * ROUND);
    expect(names(partition)).toEqual([key]);
    const closed = run(partition, 11_064, 11_064 + ROUND);
    expect(logged(closed, "anomalies")).toMatchObject([{ phase: "closed" }]);
    expect(names(partition)).toEqual([]);
  });

  test("does not get older while the learner is not running", () => {
    const partition = partitionWith(seriesKey("shop", "a"));
    run(partition, 0, 100);
    partition.restart();
    run(partition, 100_000, 100_300);
    expect(names(partition)).toHaveLength(1);
  });

  test("lives as long as its learning window, where that is longer", () => {
    const partition = new Partition();
    partition.settings({ idle_series_seconds: 1, learning_window_seconds: 640 });
    partition.samples(steady(seriesKey("shop", "a"), 20));
    run(partition, 0, 600);
    expect(names(partition)).toHaveLength(1);
  });
});

test("a sweep goes over the series twice at most, and forgets a thousand of them at most", () => {
  const partition = new Partition();
  partition.settings(IDLE);
  for (let from = 0; from < 62_500; from += 2_500)
    partition.samples(
      Array.from({ length: 2_500 }, (_, i) => [seriesKey("shop", `m${from + i}`), 0, 1] as const),
    );
  const passes = vi.spyOn(partition.state.series, "values");
  const forgotten: number[] = [];
  let second = 0;
  while (partition.state.series.size > 0 && second < 2_000) {
    const count = partition.state.series.size;
    passes.mockClear();
    partition.tick(second);
    forgotten.push(count - partition.state.series.size);
    expect(passes.mock.calls.length).toBeLessThanOrEqual(2);
    second = Math.ceil(((learnerLogic.dueAt(partition.state) ?? 0) - at(0)) / 1_000);
  }
  expect(partition.state.expired).toBe(62_500);
  expect(Math.max(...forgotten)).toBe(1_000);
});

describe("series beyond the limit of a system", () => {
  const LIMIT = 5;
  function flooded() {
    const partition = new Partition();
    partition.settings({ ...IDLE, max_series_of_system: LIMIT });
    const keys = Array.from({ length: 40 }, (_, i) => seriesKey("flood", `m${i}`));
    const rows = [...keys, seriesKey("calm", "a")].flatMap((key) => [
      [key, 0, 1] as const,
      [key, 1, 1] as const,
    ]);
    return { partition, outputs: partition.samples(rows) };
  }

  test("are not learned, and said so: ten letters a batch; other systems are not touched", () => {
    const { partition, outputs } = flooded();
    expect(partition.state.series.size).toBe(LIMIT + 1);
    const letters = logged<Rejected>(outputs, "rejected");
    expect(letters).toHaveLength(10);
    expect(letters[0]).toMatchObject({
      code: "MAPEK_SERIES_LIMIT",
      reason: expect.stringContaining("system flood has 5 series"),
      payload: Buffer.from("flood/m5").toString("base64"),
    });
    expect(learnerLogic.gauges(partition.state)).toMatchObject({ refused: 35 });
    expect(partition.ask("series", "calm")).toMatchObject([{ samples: 2 }]);
  });

  test("are not pinned by an operator either, and that is said too", () => {
    const { partition } = flooded();
    const refused = partition.control({ command: "pin", metric: "m20", threshold: 1 }, "flood");
    expect(logged<Rejected>(refused, "rejected")).toMatchObject([{ code: "MAPEK_SERIES_LIMIT" }]);
    expect(
      logged(
        partition.control({ command: "pin", metric: "m0", threshold: 1 }, "flood"),
        "thresholds",
      ),
    ).toHaveLength(1);
  });

  test("find room again once others are idle", () => {
    const { partition } = flooded();
    run(partition, 0, 640 + 2 * ROUND);
    expect(logged(partition.samples(steady("flood/new", 2, 2_000)), "rejected")).toEqual([]);
    expect(names(partition)).toEqual(["flood/new"]);
  });

  test("the limit of a partition follows from that of the system", () => {
    const config = loadConfig({
      flags: { "ingest.max_series_per_system": 10_000, "streams.partitions": 16 },
    });
    expect(settingsFor(config).max_series_of_system).toBe(625 + 100 + 16);
  });
});

describe("memory that is short", () => {
  test("closes a partition to new series by an input, and opens it again", () => {
    const partition = partitionWith(seriesKey("shop", "known"));
    const memory = { short: true } as MemoryWatch;
    const owed = owedAdmission({ memory });
    expect(owed(partition.state)).toEqual({ kind: "admission", new_series: false });
    partition.admission(false);
    expect(owed(partition.state)).toBeUndefined();
    const letters = logged<Rejected>(partition.samples(steady("shop/new", 3, 50)), "rejected");
    expect(letters).toMatchObject([{ code: "MAPEK_OVERLOADED" }]);
    partition.samples(steady("shop/known", 3, 50));
    partition.restart();
    expect(partition.ask("series")).toMatchObject([{ samples: 23 }]);
    expect(owedAdmission({ memory: { short: false } as MemoryWatch })(partition.state)).toEqual({
      kind: "admission",
      new_series: true,
    });
    partition.admission(true);
    partition.samples(steady("shop/new", 3, 60));
    expect(names(partition)).toEqual(["shop/known", "shop/new"]);
  });
});
