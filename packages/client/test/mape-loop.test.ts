import { decodeSamples, encodeJson, type ParameterValues } from "@mapek/core/contract";
import type { Msg } from "@nats-io/transport-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type LoopKnowledge,
  type MapekClient,
  MapeLoop,
  type MapeLoopOptions,
  type Threshold,
  type Timers,
  thresholdAt,
} from "../src/index.ts";
import { type House, makeStreams, openHouse, until } from "./house.ts";
import { aThreshold, someParameters } from "./messages.ts";

/** Time that moves when the test says so. */
class ManualTimers implements Timers {
  #now = 1_760_000_000_000;
  #timers = new Set<{ at: number; callback: () => void }>();
  now = () => this.#now;
  after = (ms: number, callback: () => void) => {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };
  get pending(): number {
    return this.#timers.size;
  }
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers])
      if (timer.at <= this.#now) {
        this.#timers.delete(timer);
        timer.callback();
      }
  }
}

let house: House;
let client: MapekClient;
let timers: ManualTimers;
let received: Msg[] = [];
let system = "";
let count = 0;

beforeAll(async () => {
  house = await openHouse();
  client = await house.client();
  for (const subject of ["mapek.metrics.>", "mapek.performance.*", "mapek.signals.>"])
    house.services.subscribe(subject, {
      callback: (_, message) => {
        received.push(message);
        if (message.reply) message.respond(encodeJson({ accepted: 1, rejected: [] }));
      },
    });
  await house.services.flush();
});
beforeEach(() => {
  system = `loop-${++count}`;
  timers = new ManualTimers();
  received = [];
  house.reported.length = 0;
});
afterAll(() => house[Symbol.asyncDispose]());

type Loop = MapeLoop<string, number>;
const loopOf = (
  changes: Partial<MapeLoopOptions<string, number>>,
  initial: Partial<ParameterValues> = {},
): Loop =>
  new MapeLoop(client, {
    system,
    monitor: async () => ({ latency_ms: 12 }),
    analyze: async () => [],
    plan: async () => [],
    execute: async () => {},
    timers,
    initial,
    ...changes,
  });

const bodiesOn = (subject: string) =>
  received.filter((message) => message.subject === subject).map((message) => message.json());
const codesOf = () =>
  house.reported.map((error) => (error as unknown as { details: { step: string } }).details.step);

describe("MapeLoop", () => {
  it("runs the four in order and reports what it did", async () => {
    const calls: unknown[] = [];
    const loop = loopOf({
      monitor: async () => {
        timers.advance(500);
        return { latency_ms: 300, errors: 2 };
      },
      analyze: async (metrics, knowledge) => {
        calls.push(metrics, knowledge.history.length);
        return ["slow"];
      },
      plan: async (problems) => {
        calls.push(problems);
        return [1, 2];
      },
      execute: async (plan) => {
        calls.push(plan);
        return { predicted_outcome: 10, actual_outcome: plan === 1 ? 10 : 20 };
      },
      resources: () => ({ cpu_usage: 12 }),
    });
    await loop.start();
    await until("a cycle", () => loop.stats.cycles === 1);
    await loop.stop();
    await client.flush();
    expect(calls).toEqual([{ latency_ms: 300, errors: 2 }, 1, ["slow"], 1, 2]);
    expect(loop.stats).toMatchObject({ executed: 2, decisionQuality: 0.75, lastCycleSeconds: 0.5 });
    await until("samples", () =>
      received.some(({ subject }) => subject === `mapek.metrics.${system}._`),
    );
    const batch = received.find(({ subject }) => subject === `mapek.metrics.${system}._`);
    const decoded = decodeSamples(batch?.data ?? new Uint8Array(), "application/msgpack");
    expect(decoded).toMatchObject({
      value: { columns: { series: ["latency_ms", "errors"] } },
    });
    expect(bodiesOn(`mapek.performance.${system}`)).toMatchObject([
      { cycle_latency: 0.5, decisions_per_minute: 120, decision_quality: 0.75, cpu_usage: 12 },
    ]);
    expect(bodiesOn(`mapek.signals.${system}.decision_quality`)).toMatchObject([
      { predicted_outcome: 10, actual_outcome: 10 },
      { predicted_outcome: 10, actual_outcome: 20 },
    ]);
  });

  it("runs at its interval, start to start", async () => {
    const loop = loopOf({}, { monitoring_interval: 30 });
    await loop.start();
    await until("the first pause", () => timers.pending === 1);
    timers.advance(29_999);
    await flushTurns();
    expect(loop.stats.cycles).toBe(1);
    timers.advance(1);
    await until("the second cycle", () => loop.stats.cycles === 2);
    await loop.stop();
  });

  it("takes a changed interval at once, amid its pause, in mode apply only", async () => {
    const loop = loopOf({}, { monitoring_interval: 1_000 });
    await loop.start();
    await until("the first pause", () => timers.pending === 1);
    timers.advance(20_000);
    const faster = someParameters({ system, monitoring_interval: 10 });
    await house.commit("parameters", { ...faster, mode: "shadow" } as typeof faster);
    await until("it is in the bucket", async () => (await client.parameters(system)) !== undefined);
    await client.connection.flush();
    expect(loop.parameters.monitoring_interval).toBe(1_000);
    await house.commit("parameters", faster);
    await until("new interval", () => loop.parameters.monitoring_interval === 10);
    timers.advance(0);
    await until("the second cycle", () => loop.stats.cycles === 2);
    await loop.stop();
  });

  it("starts with the parameters and thresholds that are there, and follows them", async () => {
    await house.commit("parameters", someParameters({ system, analysis_depth: 3 }));
    await house.commit(
      "thresholds",
      aThreshold({ system, threshold: 100 }),
      aThreshold({ system, threshold: 5, labels: { host: "elsewhere" } }),
    );
    const known: LoopKnowledge[] = [];
    const loop = loopOf({
      analyze: async (_, knowledge) => {
        known.push(knowledge);
        return [];
      },
    });
    await loop.start();
    const cycle = async () => {
      const { cycles } = loop.stats;
      timers.advance(60_000);
      await until("a cycle", () => loop.stats.cycles > cycles);
    };
    await until("its parameters", () => loop.parameters.analysis_depth === 3);
    await until("its threshold", async () => {
      await cycle();
      return known.at(-1)?.thresholds.latency_ms?.threshold === 100;
    });
    await house.commit("thresholds", aThreshold({ system, threshold: 120 }));
    await until("the new one", async () => {
      await cycle();
      return known.at(-1)?.thresholds.latency_ms?.threshold === 120;
    });
    for (let i = 0; i < 4; i++) await cycle();
    expect(known.at(-1)?.history).toHaveLength(3);
    const times = known.at(-1)?.history.map(({ timestamp }) => timestamp) ?? [];
    expect(times).toEqual([...times].sort());
    await loop.stop();
  });

  it("hands out the value of a threshold that holds when it looks, not when it was sent", async () => {
    const hour = 3_600_000;
    const sent = timers.now();
    const schedule = [-1, 0, 1, 2].map((h) => [sent + h * hour, 100 + 40 * h] as const);
    await house.commit(
      "thresholds",
      aThreshold({ system, threshold: 100, timestamp: sent, schedule }),
      aThreshold({ system, metric: "constant", threshold: 7, timestamp: sent }),
    );
    let known: LoopKnowledge | undefined;
    const loop = loopOf({
      analyze: async (_, knowledge) => {
        known = knowledge;
        return [];
      },
    });
    await loop.start();
    const cycle = async (ms: number) => {
      const { cycles } = loop.stats;
      timers.advance(ms);
      await until("a cycle", () => loop.stats.cycles > cycles);
    };
    await until("both thresholds", async () => {
      await cycle(60_000);
      return known?.thresholds.latency_ms !== undefined && known.thresholds.constant !== undefined;
    });
    await cycle(sent + 1.5 * hour - timers.now());
    expect(known?.thresholds.latency_ms).toMatchObject({ threshold: 160, timestamp: sent });
    expect(thresholdAt(known?.thresholds.latency_ms as Threshold, sent + hour / 2)).toBe(120);
    expect(known?.thresholds.constant?.threshold).toBe(7);
    await loop.stop();
  });

  it("executes at most execution_parallelism plans at the same time, as it changes", async () => {
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const loop = loopOf(
      {
        analyze: async () => ["busy"],
        plan: async () => [1, 2, 3, 4, 5, 6, 7],
        execute: async () => {
          running++;
          most = Math.max(most, running);
          await new Promise<void>((end) => ends.push(end));
          running--;
        },
      },
      { execution_parallelism: 2 },
    );
    await loop.start();
    await until("two plans", () => ends.length === 2);
    await flushTurns();
    expect(running).toBe(2);
    await house.commit("parameters", someParameters({ system, execution_parallelism: 4 }));
    await until("four plans", () => ends.length === 4);
    const stopping = loop.stop();
    const drain = setInterval(() => ends.shift()?.(), 1);
    await stopping;
    clearInterval(drain);
    expect(most).toBe(4);
    expect(loop.stats.executed).toBe(7);
    expect(loop.stats.cycles).toBe(1);
  });

  it.each(["monitor", "analyze", "plan", "execute"] as const)(
    "contains an error of %s, counts it and goes on",
    async (step) => {
      let failures = 0;
      const failing = async () => {
        failures++;
        throw new Error("broken");
      };
      const loop = loopOf({
        analyze: async () => ["problem"],
        plan: async () => [1, 2],
        [step]: failing,
      });
      await loop.start();
      await until("the first pause", () => timers.pending === 1);
      timers.advance(60_000);
      await until("two cycles", () => loop.stats.cycles === 2);
      await loop.stop();
      expect(loop.stats.errors[step]).toBe(failures);
      expect(failures).toBe(step === "execute" ? 4 : 2);
      expect(codesOf()).toEqual(Array.from({ length: failures }, () => step));
    },
  );

  it("counts a value that is not finite as an error of monitor", async () => {
    const loop = loopOf({ monitor: async () => ({ latency_ms: Number.NaN }) });
    await loop.start();
    await until("a cycle", () => loop.stats.cycles === 1);
    await loop.stop();
    expect(loop.stats.errors.monitor).toBe(1);
    expect(house.reported[0]).toMatchObject({
      code: "MAPEK_CLIENT_LOOP_STEP_FAILED",
      cause: { code: "MAPEK_SAMPLE_NOT_FINITE" },
    });
  });

  it("survives an error reporter that throws", async () => {
    const loop = loopOf({
      monitor: () => Promise.reject(new Error("broken")),
      onError: () => {
        throw new Error("also broken");
      },
    });
    await loop.start();
    await until("a cycle", () => loop.stats.cycles === 1);
    await loop.stop();
    expect(loop.stats.errors.monitor).toBe(1);
  });

  it("runs before the services do, and finds their parameters later", async () => {
    await using young = await openHouse({ withStreams: false });
    const alone = await young.client({ deadlineMs: 50 });
    const loop = new MapeLoop(alone, {
      system: "checkout",
      monitor: async () => ({ m: 1 }),
      analyze: async () => [],
      plan: async () => [],
      execute: async () => {},
      timers,
    });
    await loop.start();
    await until("a cycle", () => loop.stats.cycles === 1);
    expect(loop.stats.errors.knowledge).toBe(2);
    await makeStreams(young.services);
    await young.commit("parameters", someParameters({ monitoring_interval: 5 }));
    await until("its parameters", () => loop.parameters.monitoring_interval === 5);
    await loop.stop();
    expect(loop.stats.errors).toMatchObject({ knowledge: 2, report: 2 - 1 });
  });
});

/** Lets everything that is ready run. */
async function flushTurns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
