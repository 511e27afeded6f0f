import { randomUUID } from "node:crypto";
import type { Parameters, ParameterValues } from "@mapek/core/contract";
import type { MapekClient } from "../client.ts";
import { ClientError } from "../errors.ts";
import type { Subscription } from "../outputs/subscription.ts";
import { systemTimers, type Timers } from "../timers.ts";
import { BoundedParallel } from "./bounded-parallel.ts";
import { accuracyOf, DecisionRecord } from "./decision-record.ts";
import { Knowledge } from "./knowledge.ts";
import { LoopPacer } from "./loop-pacer.ts";
import type { MapeLoopOptions, MapeLoopStats, MapeStep } from "./mape-loop-options.ts";

/** Parameters published, parameters in the bucket, thresholds in the bucket. */
const SUBSCRIPTIONS = 3;

/**
 * Runs `monitor`, `analyze`, `plan` and `execute` at the interval that the optimizer publishes, from start to start, with
 * at most `execution_parallelism` plans at the same time. New parameters in mode `apply` take effect at once, even during
 * a pause. The loop publishes the monitored metrics, gives `analyze` the thresholds in force with their values at the
 * newest observation, and reports its performance and the quality of its decisions.
 *
 * An error of any function is counted, reported and ends that step only: the loop goes on.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { connect, MapeLoop } from "@mapek/client";
 *
 * const client = await connect({ servers: process.env.NATS_URL });
 * const load = { value: 90 };
 * const done = Promise.withResolvers<void>();
 * const loop = new MapeLoop<number, string>(client, {
 *   system: "workers",
 *   monitor: async () => ({ load: load.value }),
 *   analyze: async ({ load = 0 }) => (load > 80 ? [load] : []),
 *   plan: async (problems) => problems.map(() => "add a worker"),
 *   execute: async () => {
 *     load.value = 40;
 *     done.resolve();
 *   },
 * });
 * await loop.start();
 * await done.promise;
 * assert.equal(load.value, 40);
 * await loop.stop();
 * await client.close();
 * ```
 */
export class MapeLoop<Problem = unknown, Plan = unknown> {
  readonly #client: MapekClient;
  readonly #options: MapeLoopOptions<Problem, Plan>;
  readonly #timers: Timers;
  readonly #knowledge: Knowledge;
  readonly #pacer: LoopPacer;
  readonly #execution: BoundedParallel;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #reports = new Set<Promise<void>>();
  readonly #errors: Record<MapeStep, number> = {
    monitor: 0,
    analyze: 0,
    plan: 0,
    execute: 0,
    report: 0,
    knowledge: 0,
  };
  /** Names of subscriptions whose first failure has been reported. */
  readonly #missing = new Set<string>();
  #subscribing: Promise<void> | undefined;
  #decisions: DecisionRecord;
  #cycles = 0;
  #executed = 0;
  #lastCycleSeconds: number | undefined;
  #isReporting = false;
  #isStopping = false;
  #running: Promise<void> | undefined;

  constructor(client: MapekClient, options: MapeLoopOptions<Problem, Plan>) {
    this.#client = client;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#knowledge = new Knowledge(options.system, options.labels ?? {}, options.initial ?? {});
    this.#pacer = new LoopPacer(this.#timers, () => this.parameters.monitoring_interval * 1_000);
    this.#execution = new BoundedParallel(() => this.parameters.execution_parallelism);
    this.#decisions = new DecisionRecord(this.#timers.now());
  }

  get parameters(): Readonly<ParameterValues> {
    return this.#knowledge.parameters;
  }

  get stats(): MapeLoopStats {
    return {
      cycles: this.#cycles,
      executed: this.#executed,
      lastCycleSeconds: this.#lastCycleSeconds,
      decisionQuality: this.#decisions.quality,
      errors: { ...this.#errors },
    };
  }

  /**
   * Subscribes to parameters and thresholds and begins the first cycle. Where their buckets do not exist yet, the loop
   * runs with its initial parameters and tries again each cycle.
   */
  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    this.#isStopping = false;
    this.#decisions = new DecisionRecord(this.#timers.now());
    await this.#subscribe();
    this.#running = this.#run();
  }

  /** Lets the running cycle finish, sends its reports, and ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#pacer.interrupt();
    await this.#running;
    this.#running = undefined;
    await Promise.all(this.#reports);
    const subscriptions = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
  }

  /** Makes the missing subscriptions: their buckets exist only once the services have run. */
  #subscribe(): Promise<void> {
    this.#subscribing ??= this.#subscribeMissing().finally(() => {
      this.#subscribing = undefined;
    });
    return this.#subscribing;
  }

  async #subscribeMissing(): Promise<void> {
    const { system } = this.#options;
    const client = this.#client;
    // The bucket gives parameters in order, earlier ones included; a message on the plain subject shows that the
    // bucket exists.
    await this.#keep("published", () =>
      client.onParameters({ system }, () => {
        if (!this.#isStopping) this.#track(this.#subscribe());
      }),
    );
    await this.#keep("parameters", () =>
      client.watchParameters((message) => this.#apply(message), { system }),
    );
    await this.#keep("thresholds", () =>
      client.watchThresholds((threshold) => this.#knowledge.learnThreshold(threshold), { system }),
    );
  }

  #apply(message: Parameters): void {
    if (!this.#knowledge.applyParameters(message)) return;
    this.#pacer.intervalChanged();
    this.#execution.limitChanged();
  }

  async #keep(name: string, subscribe: () => Subscription | Promise<Subscription>): Promise<void> {
    if (this.#subscriptions.has(name)) return;
    try {
      this.#subscriptions.set(name, await subscribe());
    } catch (error) {
      if (!this.#missing.has(name)) this.#fail("knowledge", error);
      this.#missing.add(name);
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      if (this.#subscriptions.size < SUBSCRIPTIONS) this.#track(this.#subscribe());
      this.#pacer.cycleStarts();
      const startedAt = this.#timers.now();
      await this.#cycle();
      this.#cycles++;
      this.#lastCycleSeconds = (this.#timers.now() - startedAt) / 1_000;
      this.#report();
      if (!this.#isStopping) await this.#pacer.pause();
    }
  }

  async #cycle(): Promise<void> {
    const { system, labels } = this.#options;
    const metrics = await this.#step("monitor", async () => {
      const found = await this.#options.monitor();
      const timestamp = this.#timers.now();
      for (const [metric, value] of Object.entries(found))
        this.#client.publish(system, metric, value, { labels, timestamp });
      this.#knowledge.remember({ timestamp, metrics: found });
      return found;
    });
    if (metrics === undefined) return;
    const problems = await this.#step("analyze", () =>
      this.#options.analyze(metrics, this.#knowledge.snapshot()),
    );
    if (problems === undefined || problems.length === 0) return;
    const plans = await this.#step("plan", () =>
      this.#options.plan(problems, this.#knowledge.snapshot()),
    );
    await this.#execution.each(plans ?? [], (plan) => this.#execute(plan));
  }

  async #execute(plan: Plan): Promise<void> {
    const outcome = await this.#step("execute", async () => {
      this.#decisions.decided(this.#timers.now());
      return (await this.#options.execute(plan, this.#knowledge.snapshot())) ?? {};
    });
    this.#executed++;
    const { predicted_outcome: predicted, actual_outcome: actual } = outcome ?? {};
    if (predicted === undefined || actual === undefined) return;
    this.#decisions.judged(accuracyOf(predicted, actual));
    this.#track(
      this.#client.signal.decisionQuality(this.#options.system, {
        decision_id: randomUUID(),
        predicted_outcome: predicted,
        actual_outcome: actual,
      }),
    );
  }

  /** Reports the last cycle, unless the report before it is still on its way. */
  #report(): void {
    if (this.#isReporting || this.#lastCycleSeconds === undefined) return;
    this.#isReporting = true;
    const quality = this.#decisions.quality;
    const spanMs = this.parameters.monitoring_interval * 1_000;
    const sent = this.#step("report", async () => {
      await this.#client.performance(this.#options.system, {
        ...this.#options.resources?.(),
        cycle_latency: Math.max(0, this.#lastCycleSeconds ?? 0),
        decisions_per_minute: this.#decisions.perMinute(this.#timers.now(), spanMs),
        ...(quality !== undefined && { decision_quality: quality }),
      });
    }).finally(() => {
      this.#isReporting = false;
    });
    this.#track(sent);
  }

  #track(work: Promise<unknown>): void {
    const done: Promise<void> = work
      .then(
        () => {},
        (error: unknown) => this.#fail("report", error),
      )
      .finally(() => this.#reports.delete(done));
    this.#reports.add(done);
  }

  async #step<T>(step: MapeStep, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#fail(step, error);
      return undefined;
    }
  }

  #fail(step: MapeStep, cause: unknown): void {
    this.#errors[step]++;
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new ClientError("MAPEK_CLIENT_LOOP_STEP_FAILED", `${step}: ${why}`, {
      cause,
      details: { step },
    });
    try {
      (this.#options.onError ?? ((it) => this.#client.report(it)))(error);
    } catch {
      // An error of the reporter itself has no other reporter.
    }
  }
}
