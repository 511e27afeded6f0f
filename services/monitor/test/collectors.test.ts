import { performance as clock } from "node:perf_hooks";
import { encodeJson, type Mode, type Parameters, performance } from "@mapek/core/contract";
import { loadConfig } from "@mapek/runtime";
import { expect, test } from "vitest";
import { CollectorLoop, configuredLoop } from "../src/collectors/collector-loop.ts";
import { type MachineMetrics, readMachine } from "../src/collectors/machine.ts";
import { type House, openHouse, until } from "./house.ts";

test("this machine shows finite figures of CPU, memory, load and disk", async () => {
  await readMachine();
  const figures = await readMachine();
  for (const name of ["cpu_usage", "memory_usage", "load_1m", "disk_usage"])
    expect(figures[name], name).toSatisfy(Number.isFinite);
  for (const name of ["cpu_usage", "memory_usage", "disk_usage"]) {
    expect(figures[name]).toBeGreaterThanOrEqual(0);
    expect(figures[name]).toBeLessThanOrEqual(100);
  }
  expect(Object.values(figures).every(Number.isFinite)).toBe(true);
});

const parametersOf = (monitoring_interval: number, mode: Mode): Parameters => ({
  version: 1,
  system: "local",
  monitoring_interval,
  analysis_depth: 100,
  planning_lookahead: 300,
  execution_parallelism: 4,
  knowledge_retention: 604_800,
  learning_rate: 0.1,
  state: "healthy",
  mode,
  changed: ["monitoring_interval"],
  reason: "a test",
  timestamp: Date.now(),
});

/** Stores parameters as the optimizer does; the bucket is a view of them. */
const publish = async (house: House, parameters: Parameters): Promise<void> => {
  await house.js.publish(
    house.subjects.log("parameters", parameters.system),
    encodeJson(parameters),
  );
};

function loopOf(house: House, initialIntervalSeconds: number) {
  /** Each with the end of the look on a clock that knows parts of a millisecond. */
  const looks: { metrics: MachineMetrics; endedAt: number }[] = [];
  const intervals: number[] = [];
  const log = {
    info: ({ monitoring_interval }: { monitoring_interval: number }) =>
      intervals.push(monitoring_interval),
    warn: () => {},
  };
  const loop = new CollectorLoop({
    nc: house.nc,
    subjects: house.subjects,
    system: "local",
    initialIntervalSeconds,
    log: log as never,
    onMetrics: (metrics) => looks.push({ metrics, endedAt: clock.now() }),
  });
  return { loop, looks, intervals };
}

test("the loop follows the interval that is published to be applied, and no other", async () => {
  await using house = await openHouse();
  const { loop, looks, intervals } = loopOf(house, 3_600);
  const reports: unknown[] = [];
  house.nc.subscribe("mapek.performance.local", {
    callback: (_, message) => {
      reports.push(performance.decode(message.data));
    },
  });
  await loop.start();
  await until("a first look", () => looks.length === 1);
  await publish(house, parametersOf(0.1, "shadow"));
  await publish(house, { ...parametersOf(0.1, "apply"), system: "another" });
  await publish(house, parametersOf(1_800, "apply"));
  await until("the interval is taken", () => intervals.length > 0);
  // In the order of the log: the shadow one came before and was passed over.
  expect(intervals).toEqual([1_800]);
  expect(looks).toHaveLength(1);

  await publish(house, parametersOf(0.15, "apply"));
  await until("it looks often", () => looks.length >= 5);
  expect(intervals).toEqual([1_800, 0.15]);
  const [, ...often] = looks;
  // The start of a look is what the interval is about. A timer may be 2 ms early.
  const starts = often.map(
    ({ endedAt, metrics }) => endedAt - (metrics.cycle_latency ?? 0) * 1_000,
  );
  for (let i = 1; i < starts.length; i++)
    expect((starts[i] ?? 0) - (starts[i - 1] ?? 0)).toBeGreaterThanOrEqual(148);

  await publish(house, parametersOf(0.001, "shadow"));
  await publish(house, parametersOf(900, "apply"));
  await until("it takes the last", () => intervals.length === 3);
  expect(intervals).toEqual([1_800, 0.15, 900]);
  loop.stop();

  expect(looks[0]?.metrics).toMatchObject({
    cpu_usage: expect.any(Number),
    load_1m: expect.any(Number),
    cycle_latency: expect.any(Number),
  });
  await until("it reports its own performance", () => reports.length >= 5);
  expect(reports[0]).toMatchObject({
    ok: true,
    value: {
      cpu_usage: expect.any(Number),
      memory_usage: expect.any(Number),
      cycle_latency: expect.any(Number),
      timestamp: expect.any(Number),
    },
  });
});

test("parameters that were published before it started hold from the start", async () => {
  await using house = await openHouse();
  await publish(house, parametersOf(0.1, "apply"));
  const { loop, looks } = loopOf(house, 3_600);
  await loop.start();
  await until("it looks often", () => looks.length >= 3);
  loop.stop();
});

test("there is none where collectors are off", () => {
  const options = { nc: undefined, subjects: undefined, log: undefined, onMetrics: () => {} };
  expect(configuredLoop(loadConfig(), options as never)).toBeUndefined();
  const config = loadConfig({ flags: { "collectors.enabled": true } });
  expect(configuredLoop(config, options as never)).toBeInstanceOf(CollectorLoop);
});
