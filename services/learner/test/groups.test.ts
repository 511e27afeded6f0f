// A storm in the series of one system is one matter.
import { type Anomaly, seriesKey } from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectSameAfterRestore, snapshotPlans } from "../../../test/support/checkpointed.ts";
import { learnerLogic } from "../src/actor.ts";
import { at, Partition, type Row } from "./fixtures.ts";

/** Two days and more, a sample every five minutes: by then the series' hours are known. */
const STEP = 300;
const CALM = 650;
const BEGIN = CALM * STEP;
const HOSTS = ["a", "b", "c", "d", "e", "f"];
const keyOf = (host: string, system = "checkout") => seriesKey(system, "cpu", { host });

/** So many usual samples before `end`. */
const calm = (key: string, end = BEGIN, count = CALM, step = STEP): Row[] =>
  Array.from({ length: count }, (_, i) => [key, end - (count - i) * step, 1 + ((i * 7) % 9)]);
/** Five samples far from what is usual. */
const storm = (key: string, second: number, step = STEP): Row[] =>
  Array.from({ length: 5 }, (_, i) => [key, second + i * step, 5_000 + i]);
/** As many usual ones as end it. */
const calmAgain = (key: string, second: number, count = 30): Row[] =>
  calm(key, second + count * STEP, count);

const anomaliesOf = (outputs: readonly Output[]): Anomaly[] =>
  outputs.flatMap((output) =>
    output.to === "log" && output.family === "anomalies" ? [output.message] : [],
  );
const groupsOf = (outputs: readonly Output[]) =>
  anomaliesOf(outputs)
    .filter(({ phase }) => phase === "opened")
    .map(({ group }) => group);

test("what opens within ten minutes of another of its system belongs to it, one after the other", () => {
  const partition = new Partition();
  for (const host of HOSTS) partition.samples(calm(keyOf(host)));
  partition.samples(calm(keyOf("a", "search")));
  const opened = (host: string, second: number, system?: string) =>
    groupsOf(partition.samples(storm(keyOf(host, system), BEGIN + second)));
  expect(opened("a", 100)).toEqual([`checkout@${at(BEGIN + 100)}`]);
  expect(opened("b", 600)).toEqual([`checkout@${at(BEGIN + 100)}`]);
  expect(opened("a", 101, "search")).toEqual([`search@${at(BEGIN + 101)}`]);
  // Each may be ten minutes after the one before it; its samples may come late, too.
  expect(opened("c", 1_150)).toEqual([`checkout@${at(BEGIN + 100)}`]);
  expect(opened("d", 50)).toEqual([`checkout@${at(BEGIN + 100)}`]);
  expect(opened("e", 2_400)).toEqual([`checkout@${at(BEGIN + 2_400)}`]);
});

test("every phase says the group, the series verb too, and a later anomaly has its own", () => {
  const partition = new Partition();
  const key = keyOf("a");
  partition.samples(calm(key));
  const outputs = partition.samples(storm(key, BEGIN));
  const group = `checkout@${at(BEGIN)}`;
  expect(partition.ask("series", "checkout")[0]?.open_anomaly).toMatchObject({ group });
  partition.restart();
  expect(partition.ask("series", "checkout")[0]?.open_anomaly).toMatchObject({ group });
  outputs.push(...partition.samples(calmAgain(key, BEGIN + 5 * STEP, 288)));
  const told = anomaliesOf(outputs).filter(({ opened_at }) => opened_at === at(BEGIN));
  expect(told.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["opened", "closed"]));
  expect(new Set(told.map((one) => one.group))).toEqual(new Set([group]));
  expect(partition.ask("series", "checkout")[0]?.open_anomaly).toBeNull();
  const later = BEGIN + 293 * STEP;
  expect(groupsOf(partition.samples(storm(key, later)))).toEqual([`checkout@${at(later)}`]);
});

test("of a slow series what opens two of its intervals later still belongs to it", () => {
  const partition = new Partition();
  const HOUR = 3_600;
  const start = CALM * HOUR;
  for (const host of ["a", "b"]) partition.samples(calm(keyOf(host), start, CALM, HOUR));
  const opened = (host: string, second: number) =>
    groupsOf(partition.samples(storm(keyOf(host), second, HOUR)));
  expect(opened("a", start)).toEqual([`checkout@${at(start)}`]);
  expect(opened("b", start + 2 * HOUR)).toEqual([`checkout@${at(start)}`]);
});

test("what is imported in between does not divide a group", () => {
  const partition = new Partition();
  const far = 10 * BEGIN;
  for (const host of ["a", "b"]) partition.samples(calm(keyOf(host), far));
  partition.samples(calm(keyOf("old")), true);
  const group = `checkout@${at(far)}`;
  expect(groupsOf(partition.samples(storm(keyOf("a"), far)))).toEqual([group]);
  expect(groupsOf(partition.samples(storm(keyOf("old"), BEGIN), true))).toEqual([
    `checkout@${at(BEGIN)}`,
  ]);
  expect(groupsOf(partition.samples(storm(keyOf("b"), far + 60)))).toEqual([group]);
});

test("a checkpoint that was taken in the middle of a storm leads to the same groups", () => {
  let overlaps = 0;
  let opened = 0;
  const turn = fc.record({
    host: fc.constantFrom(...HOSTS.slice(0, 4)),
    kind: fc.constantFrom("storm", "storm", "storm", "wait"),
  });
  const hosts = HOSTS.slice(0, 4);
  const known = hosts.flatMap((host) => calm(keyOf(host)));
  fc.assert(
    fc.property(fc.array(turn, { minLength: 8, maxLength: 24 }), snapshotPlans, (turns, plan) => {
      const partition = new Partition();
      partition.samples(known);
      let second = BEGIN;
      for (const { host, kind } of turns) {
        second += kind === "wait" ? 7_200 : 400;
        opened += groupsOf(partition.samples(storm(keyOf(host), second))).length;
      }
      overlaps += expectSameAfterRestore(learnerLogic, partition.folded, plan);
    }),
    { numRuns: 40, seed: 13 },
  );
  expect(overlaps).toBeGreaterThan(50);
  expect(opened).toBeGreaterThan(120);
}, 60_000);

test("a system without series has no groups, and of one with many storms little is kept", () => {
  const partition = new Partition();
  partition.settings({ idle_series_seconds: 1, learning_window_seconds: 1, min_data_points: 16 });
  partition.samples(calm(keyOf("a")));
  let second = BEGIN;
  for (let i = 0; i < 20; i++, second += 300 * STEP) {
    partition.samples(storm(keyOf("a"), second));
    partition.samples(calmAgain(keyOf("a"), second + 5 * STEP, 295));
  }
  const groups = partition.state.groups.snapshot();
  expect(groups).toHaveLength(1);
  expect(groups[0]?.[1].length).toBeLessThanOrEqual(4);
  for (let i = 0; partition.state.series.size > 0 && i < 10_000; i++)
    partition.tick(second + i * 60);
  expect(partition.state.series.size).toBe(0);
  expect(partition.state.groups.snapshot()).toEqual([]);
});
