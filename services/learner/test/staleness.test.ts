import { type Change, seriesKey } from "@mapek/core/contract";
import { describe, expect, test } from "vitest";
import { saveState } from "../../../test/support/state-bytes.ts";
import { learnerLogic } from "../src/actor.ts";
import { at, logged, Partition, steady } from "./fixtures.ts";

const LATENCY = seriesKey("checkout", "latency");
const ERRORS = seriesKey("checkout", "errors");

/** Ticks when one is due, up to a second; what was told of changes. */
function run(partition: Partition, until: number, since = 0): Change[] {
  const changes: Change[] = [];
  for (;;) {
    const due = learnerLogic.dueAt(partition.state);
    if (due === undefined || due > at(until)) return changes;
    changes.push(
      ...logged<Change>(
        partition.tick(Math.max(since, Math.ceil((due - at(0)) / 1_000))),
        "changes",
      ),
    );
  }
}

/** A partition that knows what the time is. */
function started(): Partition {
  const partition = new Partition();
  partition.tick(0);
  return partition;
}

describe("a series to which nothing comes", () => {
  test("is told as stale once, after 300 s; and as resumed when it is back", () => {
    const partition = started();
    partition.samples(steady(LATENCY, 60, 1));
    expect(run(partition, 300)).toEqual([]);
    const [stale, ...others] = run(partition, 3_000);
    expect(others).toEqual([]);
    expect(stale).toMatchObject({ kind: "stale", metric: "latency", since: at(60), before: null });
    expect((stale as Change).timestamp).toBeLessThanOrEqual(at(360 + 60));
    expect(partition.ask("series", "checkout")).toMatchObject([{ stale: true }]);
    expect(learnerLogic.gauges(partition.state)).toMatchObject({ stale: 1 });
    const back = logged<Change>(partition.samples(steady(LATENCY, 2, 3_100)), "changes");
    expect(back).toMatchObject([{ kind: "resumed", since: at(60), timestamp: at(3_100) }]);
    expect(partition.ask("series", "checkout")).toMatchObject([{ stale: false }]);
    // The gap has made the usual interval longer.
    expect(run(partition, 8_000)).toMatchObject([{ kind: "stale", since: at(3_101) }]);
  });

  test("may be silent for ten of its intervals, or for as long as its metric is allowed", () => {
    const slow = started();
    for (let i = 0; i < 10; i++) slow.samples([[LATENCY, 600 * i + 1, i]]);
    expect(run(slow, 5_400 + 5_900)).toEqual([]);
    expect(run(slow, 5_400 + 6_200)).toMatchObject([{ kind: "stale", since: at(5_401) }]);
    const own = started();
    own.settings({ metrics: [{ match: "*/latency", stale_after_seconds: 10 }] });
    own.samples([...steady(LATENCY, 60, 1), ...steady(ERRORS, 60, 1)]);
    expect(run(own, 75)).toMatchObject([{ kind: "stale", metric: "latency" }]);
  });

  test("that is filled up with old samples is not stale while they come", () => {
    const partition = new Partition();
    const old = -1_000_000;
    for (let batch = 0; batch < 20; batch++) {
      partition.samples(steady(LATENCY, 10, old + 10 * batch));
      expect(run(partition, 60 * batch, 60 * batch)).toEqual([]);
    }
    expect(run(partition, 60 * 20 + 700, 60 * 20)).toMatchObject([
      { kind: "stale", since: at(old + 199) },
    ]);
  });

  test("is nothing new after two samples, nor where only history came", () => {
    const partition = new Partition();
    partition.samples(steady(LATENCY, 2));
    partition.samples(steady(ERRORS, 50), true);
    expect(run(partition, 3_000)).toEqual([]);
  });

  test("is told in order of the keys, and the same after a restart", () => {
    const lasting = started();
    const restarting = started();
    for (const partition of [lasting, restarting])
      partition.samples([...steady(LATENCY, 20, 1), ...steady(ERRORS, 20, 1)]);
    restarting.restart();
    expect(learnerLogic.dueAt(restarting.state)).toBe(learnerLogic.dueAt(lasting.state));
    const told = run(lasting, 1_000);
    expect(told.map(({ metric }) => metric)).toEqual(["errors", "latency"]);
    expect(run(restarting, 1_000)).toEqual(told);
    restarting.restart();
    expect(saveState(learnerLogic, restarting.state)).toEqual(
      saveState(learnerLogic, lasting.state),
    );
  });
});
