import { setTimeout as delay } from "node:timers/promises";
import { LOOPS, type Loop } from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import { STUCK_MS } from "../support/wait-for.ts";
import { Random } from "./random.ts";

/** A sample as it was sent and acknowledged. */
export interface SentSample {
  readonly system: string;
  readonly metric: string;
  readonly timestamp: number;
  readonly value: number;
}

/** A signal as it was sent and acknowledged. */
export interface SentSignal {
  readonly system: string;
  readonly loop: Loop;
  readonly id: string;
  readonly timestamp: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the services have promised to keep. */
export interface Acknowledged {
  readonly samples: readonly SentSample[];
  readonly signals: readonly SentSignal[];
}

export interface FlowOptions {
  /** One a lane, in turn. */
  readonly connections: readonly NatsConnection[];
  readonly random: Random;
  /** Systems, one a lane; names that no other flow uses. */
  readonly systems: readonly string[];
  /** Of the first sample, ms. */
  readonly startAt: number;
  /** Milliseconds between two messages of a lane. */
  readonly pauseMs: number;
  /** Whether what was sent is sent again, and samples of a series leave in another order than that of their times. */
  readonly disorder?: boolean;
}

const METRICS = ["latency_ms", "load"] as const;
const SAMPLE_STEP_MS = 1_000;
const ATTEMPT_MS = 3_000;
const RETRY_MS = 100;
/** How long one message is tried before the run is given up. */
const DEADLINE_MS = STUCK_MS;
const MAY_PASS = new Set(["MAPEK_NOT_STORED", "MAPEK_OVERLOADED", "MAPEK_REQUEST_UNAVAILABLE"]);

/**
 * Samples, signals and reports of several systems, each sent until it is acknowledged. A lane sends one
 * message after the other, so that the order within a system is the flow's own.
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #samples: SentSample[] = [];
  readonly #signals: SentSignal[] = [];
  readonly #stop = new AbortController();
  #lanes: Promise<unknown> = Promise.resolve();
  /** Attempts beyond the first. */
  retries = 0;

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  get acknowledged(): Acknowledged {
    return { samples: this.#samples, signals: this.#signals };
  }

  start(): this {
    const { systems, random } = this.#options;
    // Each lane has numbers of its own: how fast the others are does not change what it sends.
    const lanes = systems.map(
      (system, i) => new Lane(system, new Random(random.int(1, 2 ** 31)), i),
    );
    this.#lanes = Promise.all(lanes.map((lane) => this.#run(lane)));
    this.#lanes.catch(() => {});
    return this;
  }

  /** Begins nothing more, and resolves once everything that was begun is acknowledged. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#lanes;
  }

  async #run(lane: Lane): Promise<void> {
    const { connections, pauseMs, startAt, disorder = false } = this.#options;
    const nc = connections[lane.index % connections.length] as NatsConnection;
    while (!this.#stop.signal.aborted) {
      const message = lane.next(startAt, disorder);
      await this.#send(nc, message.subject, JSON.stringify(message.body));
      if (message.samples !== undefined) this.#samples.push(...message.samples);
      if (message.signal !== undefined) this.#signals.push(message.signal);
      await delay(pauseMs);
    }
  }

  async #send(nc: NatsConnection, subject: string, bytes: string): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      let why: unknown;
      try {
        const answer = await nc.request(subject, bytes, { timeout: ATTEMPT_MS });
        const { rejected } = answer.json<{ rejected: { code: string }[] }>();
        if (rejected.length === 0) return;
        why = new Error(`${subject} was refused: ${JSON.stringify(rejected)} of ${bytes}`);
        if (!rejected.every(({ code }) => MAY_PASS.has(code))) throw why;
      } catch (error) {
        if (error === why || nc.isClosed()) throw error;
        why = error;
      }
      if (performance.now() > deadline) throw why;
      this.retries++;
      await delay(RETRY_MS);
    }
  }
}

interface Message {
  readonly subject: string;
  readonly body: unknown;
  readonly samples?: readonly SentSample[];
  readonly signal?: SentSignal;
}

/** What one system sends. */
class Lane {
  readonly index: number;
  readonly #system: string;
  readonly #random: Random;
  #sent: Message[] = [];
  /** Samples that were left out, and come with a later message. */
  #heldBack = new Map<string, SentSample[]>();
  #steps = new Map<string, number>();
  #count = 0;

  constructor(system: string, random: Random, index: number) {
    this.#system = system;
    this.#random = random;
    this.index = index;
  }

  next(startAt: number, disorder: boolean): Message {
    const again = disorder && this.#sent.length > 0 && this.#random.chance(0.2);
    if (again) return this.#random.pick(this.#sent.slice(-20));
    this.#count++;
    const kind = this.#random.next();
    const message =
      kind < 0.55
        ? this.#samples(startAt, disorder)
        : kind < 0.9
          ? this.#signal(startAt)
          : this.#performance(startAt);
    this.#sent.push(message);
    return message;
  }

  #samples(startAt: number, disorder: boolean): Message {
    const random = this.#random;
    const metric = random.pick(METRICS);
    const from = this.#steps.get(metric) ?? 0;
    const count = random.int(1, 6);
    this.#steps.set(metric, from + count);
    let rows: SentSample[] = Array.from({ length: count }, (_, i) => ({
      system: this.#system,
      metric,
      timestamp: startAt + (from + i) * SAMPLE_STEP_MS,
      value: random.chance(0.03) ? 1_000 + random.int(0, 99) : 50 + random.int(0, 999) / 100,
    }));
    if (disorder) {
      const held = this.#heldBack.get(metric) ?? [];
      const late = rows.length > 1 ? rows.splice(random.int(0, rows.length - 1), 1) : [];
      this.#heldBack.set(metric, late);
      rows = random.shuffled([...rows, ...held]);
    }
    return {
      subject: `mapek.metrics.${this.#system}.${metric}`,
      body: rows.map(({ value, timestamp }) => ({ value, timestamp })),
      samples: rows,
    };
  }

  #signal(startAt: number): Message {
    const system = this.#system;
    const loop = this.#random.pick(LOOPS);
    const body = this.#evidence(loop);
    const head = { id: `${system}-${this.#count}`, timestamp: startAt + this.#count * 500 };
    return {
      subject: `mapek.signals.${system}.${loop}`,
      body: { ...head, ...body },
      signal: { system, loop, ...head, body },
    };
  }

  #evidence(loop: Loop): Record<string, unknown> {
    const random = this.#random;
    switch (loop) {
      case "metrics_learning":
        return {
          parameter: random.pick(METRICS),
          threshold_value: random.int(40, 90),
          confidence: 0.9,
        };
      case "performance_adaptation":
        return { cpu_usage: random.int(5, 99), latency_ms: random.int(10, 900) };
      case "decision_quality":
        return {
          decision_id: `d${this.#count}`,
          predicted_outcome: 10,
          actual_outcome: random.int(1, 12),
        };
      case "anomaly_feedback":
        return { [random.pick(["true_positive", "false_positive"])]: 1, metric: METRICS[0] };
      case "resource_optimization":
        return { resource_type: "cpu", utilization: random.int(30, 99) / 100 };
    }
  }

  #performance(startAt: number): Message {
    const random = this.#random;
    return {
      subject: `mapek.performance.${this.#system}`,
      body: {
        timestamp: startAt + this.#count * 500,
        cpu_usage: random.int(5, 99),
        cycle_latency: random.int(1, 500) / 100,
        decision_quality: random.int(30, 100) / 100,
      },
    };
  }
}
