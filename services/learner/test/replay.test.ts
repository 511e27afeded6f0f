import { encodeMsgpack, type LearnerSettings, seriesKey } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectSameAfterRestore, snapshotPlans } from "../../../test/support/checkpointed.ts";
import { saveState } from "../../../test/support/state-bytes.ts";
import { learnerLogic } from "../src/actor.ts";
import { SeriesTotals } from "../src/series/series-totals.ts";
import { burst, Partition, scale, setThreshold, steady } from "./fixtures.ts";

const METRICS = ["zeta", "alpha", "mid"];
const metric = fc.constantFrom(...METRICS);
const system = fc.constantFrom("checkout", "search");

type Step = (partition: Partition, second: number) => unknown[];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ system, metric, count: fc.integer({ min: 1, max: 60 }) }).map(
      ({ system: of, metric: name, count }): Step =>
        (partition, second) =>
          partition.samples(steady(seriesKey(of, name), count, second)),
    ),
  },
  fc.record({ system, metric }).map(
    ({ system: of, metric: name }): Step =>
      (partition, second) =>
        partition.samples(burst(seriesKey(of, name, { host: "a" }), 60, 4, second)),
  ),
  fc.record({ id: fc.nat({ max: 5 }), metric, value: fc.integer({ min: 1, max: 9 }) }).map(
    ({ id, metric: name, value }): Step =>
      (partition, second) =>
        partition.command(`t.${id}`, setThreshold(value, name), "checkout", second),
  ),
  fc.record({ id: fc.nat(), metric: fc.option(metric), factor: fc.constantFrom(0.5, 1.25, 7) }).map(
    ({ id, metric: name, factor }): Step =>
      (partition, second) =>
        partition.command(`s.${id}`, scale(factor, name), "checkout", second),
  ),
  fc.record({ command: fc.constantFrom("freeze", "unfreeze"), metric: fc.option(metric) }).map(
    ({ command, metric: name }): Step =>
      (partition) =>
        partition.control({ command, ...(name !== null && { metric: name }) } as never),
  ),
  fc.record({ metric, threshold: fc.nat() }).map(
    ({ metric: name, threshold }): Step =>
      (partition, second) =>
        partition.control({ command: "pin", metric: name, threshold }, "checkout", second),
  ),
  fc
    .record(
      {
        sensitivity: fc.constantFrom(0.3, 1, 5),
        learning_window_seconds: fc.constantFrom(60, 86_400),
        idle_series_seconds: fc.constantFrom(1, 300, 172_800),
        max_series_of_system: fc.constantFrom(1, 3, 1_000),
        window_capacity: fc.integer({ min: 16, max: 100 }),
        optimization_interval: fc.integer({ min: 1, max: 100 }),
      },
      { requiredKeys: [] },
    )
    .map(
      (changes): Step =>
        (partition) =>
          partition.settings(changes as Partial<LearnerSettings>),
    ),
  fc.constant<Step>((partition, second) => partition.tick(second)),
  fc.boolean().map(
    (open): Step =>
      (partition, second) =>
        partition.admission(open, second),
  ),
);

test("totals are the sums over the series, whatever came", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const partition = new Partition();
      steps.forEach((take, i) => {
        take(partition, i * 40);
        const { totals, series } = partition.state;
        const counted = new SeriesTotals();
        for (const one of series.values()) counted.put(one);
        expect(totals).toEqual(counted);
      });
    }),
    { numRuns: 200, seed: 8 },
  );
});

test("totals are right where a series fails in the middle of a batch", () => {
  const partition = new Partition();
  const keys = ["a", "b"].map((name) => seriesKey("shop", name));
  const rows = (second: number) => keys.map((key): [string, number, number] => [key, second, 1]);
  partition.samples(rows(0));
  const failing = partition.state.series.get(keys[1] as string)?.learner as {
    receiveSample: unknown;
  };
  failing.receiveSample = () => {
    throw new Error("planted");
  };
  expect(() => partition.samples(rows(1))).toThrow("planted");
  expect(partition.state.totals.points).toBe(3);
});

test("a restored partition has the same bytes and goes on with the same outputs", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat({ max: 24 }), { maxLength: 3 }),
      (steps, stops) => {
        const lasting = new Partition();
        const restarting = new Partition();
        steps.forEach((take, i) => {
          const expected = encodeMsgpack(take(lasting, 50 * i));
          expect(encodeMsgpack(take(restarting, 50 * i))).toEqual(expected);
          lasting.ask("statistics");
          if (stops.includes(i)) restarting.restart();
        });
        expect(saveState(learnerLogic, restarting.state)).toEqual(
          saveState(learnerLogic, lasting.state),
        );
        expect(restarting.state.open.size).toBe(lasting.state.open.size);
        expect(learnerLogic.dueAt(restarting.state)).toBe(learnerLogic.dueAt(lasting.state));
      },
    ),
    { numRuns: 60 },
  );
});

test("a checkpoint that was taken while inputs flowed leads to the same state and outputs", () => {
  let overlaps = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), snapshotPlans, (steps, plan) => {
      const partition = new Partition();
      for (const [i, take] of steps.entries()) take(partition, 50 * i);
      overlaps += expectSameAfterRestore(learnerLogic, partition.folded, plan);
    }),
    { numRuns: 150 },
  );
  expect(overlaps).toBeGreaterThan(20);
});

describe("saved state", () => {
  test("an empty one", () => {
    const partition = new Partition();
    const bytes = saveState(learnerLogic, partition.state);
    partition.restart();
    expect(saveState(learnerLogic, partition.state)).toEqual(bytes);
    expect(learnerLogic.settings(partition.state)).toBeUndefined();
  });

  test("keeps the settings that it has", () => {
    const partition = new Partition();
    partition.settings({ min_data_points: 33 });
    const settings = learnerLogic.settings(partition.state);
    partition.restart();
    expect(learnerLogic.settings(partition.state)).toEqual(settings);
    expect(settings).toMatchObject({ min_data_points: 33 });
  });

  test("does not depend on the order in which series came", () => {
    const [one, other] = [new Partition(), new Partition()];
    for (const name of ["a", "b"]) one.samples(steady(seriesKey("s", name), 20));
    for (const name of ["b", "a"]) other.samples(steady(seriesKey("s", name), 20));
    expect(saveState(learnerLogic, other.state)).toEqual(saveState(learnerLogic, one.state));
  });
});
