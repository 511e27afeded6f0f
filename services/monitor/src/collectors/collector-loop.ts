import {
  parameters as parametersMessage,
  performance as performanceMessage,
  type Subjects,
} from "@mapek/core/contract";
import { BUCKETS, type Config, type Logger } from "@mapek/runtime";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { type MachineMetrics, readMachine } from "./machine.ts";

export interface CollectorLoopOptions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly system: string;
  /** Seconds between two cycles until the optimizer publishes an interval. */
  readonly initialIntervalSeconds: number;
  readonly log: Logger;
  /** Called with the figures of one cycle. */
  readonly onMetrics: (metrics: MachineMetrics, time: number) => void;
}

const MIN_INTERVAL_MS = 100;

/**
 * Reads this machine's figures at the monitoring interval that the optimizer publishes, hands them on
 * as samples and reports the loop's own performance to the optimizer.
 */
export class CollectorLoop {
  readonly #options: CollectorLoopOptions;
  #intervalMs: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #stopWatch: (() => void) | undefined;

  constructor(options: CollectorLoopOptions) {
    this.#options = options;
    this.#intervalMs = options.initialIntervalSeconds * 1_000;
  }

  async start(): Promise<void> {
    const bucket = await new Kvm(this.#options.nc).open(BUCKETS.parameters);
    const watch = await bucket.watch({ key: this.#options.system });
    this.#stopWatch = () => watch.stop();
    void (async () => {
      for await (const entry of watch)
        if (entry.operation === "PUT") this.#onParameters(entry.value);
    })();
    void this.#cycle();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stopWatch?.();
  }

  #onParameters(bytes: Uint8Array): void {
    const decoded = parametersMessage.decode(bytes);
    if (!decoded.ok || decoded.value.mode !== "apply") return;
    const intervalMs = Math.max(MIN_INTERVAL_MS, decoded.value.monitoring_interval * 1_000);
    if (intervalMs === this.#intervalMs) return;
    this.#options.log.info(
      { system: this.#options.system, monitoring_interval: intervalMs / 1_000 },
      "interval changed",
    );
    this.#intervalMs = intervalMs;
    if (this.#timer !== undefined) this.#schedule();
  }

  async #cycle(): Promise<void> {
    this.#timer = undefined;
    this.#startedAt = performance.now();
    try {
      const metrics = await readMachine();
      const cycleLatency = (performance.now() - this.#startedAt) / 1_000;
      if (this.#stopped) return;
      this.#options.onMetrics({ ...metrics, cycle_latency: cycleLatency }, Date.now());
      this.#report(metrics, cycleLatency);
    } catch (error) {
      this.#options.log.warn({ err: error }, "a look at this machine failed");
    }
    if (!this.#stopped) this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const wait = Math.max(0, this.#intervalMs - (performance.now() - this.#startedAt));
    this.#timer = setTimeout(() => void this.#cycle(), wait);
  }

  #report(metrics: MachineMetrics, cycleLatency: number): void {
    const { cpu_usage, memory_usage } = metrics;
    const { nc, subjects, system } = this.#options;
    const report = {
      timestamp: Date.now(),
      cycle_latency: cycleLatency,
      ...(cpu_usage !== undefined && { cpu_usage }),
      ...(memory_usage !== undefined && { memory_usage }),
    };
    nc.publish(subjects.performance(system), performanceMessage.encode(report));
  }
}

/** The collector loop of this machine as configured; undefined where collectors are off. */
export function configuredLoop(
  config: Config,
  options: Omit<CollectorLoopOptions, "system" | "initialIntervalSeconds">,
): CollectorLoop | undefined {
  if (!config.collectors.enabled) return undefined;
  return new CollectorLoop({
    ...options,
    system: config.collectors.system,
    initialIntervalSeconds: config.dynamic_optimizer.base_monitoring_interval,
  });
}
