import type { Performance } from "@mapek/core/contract";
import type { ActiveIncident } from "./active-incident.ts";
import { type Host, LINES, type Physics } from "./physics.ts";
import type { Policy } from "./policies.ts";

/** A correction that a false alarm leads to: it costs what others cost. */
const NO_COMPONENT = -1;

interface Correction {
  readonly endsAt: number;
  /** The component that it works on; undefined where there was nothing to correct. */
  readonly incident: ActiveIncident | undefined;
  readonly component: number;
  /** What it takes of what is left there, 0–1. */
  readonly share: number;
}

/** What a look saw. */
export interface Look {
  readonly problem: boolean;
}

/** A problem that was seen is over when everything is below this share of its line. */
const RESOLVE_SHARE = 0.85;

/**
 * A MAPE-K loop on the host that it manages: monitors and analyses at the interval, on `analysis_depth` samples, plans one
 * correction for each component that is wrong, and executes at most `execution_parallelism` of them at the same time. A
 * correction takes `learning_rate` of what the analysis believes to be wrong from one component.
 */
export class Loop {
  nextLook = 0;
  cpuSeconds = 0;
  private readonly host: Host;
  private readonly policy: Policy;
  private readonly physics: Physics;
  private running: Correction[] = [];
  private queue: Omit<Correction, "endsAt">[] = [];
  private isAlarmed = false;
  private actsAt = Number.POSITIVE_INFINITY;
  private planned: Omit<Correction, "endsAt">[] = [];
  private lookWork = 0;
  private utilizationSum = 0;
  private utilizationCount = 0;
  private decisions = 0;
  private accuracySum = 0;
  private accuracy = 1;
  private lastLook = 0;

  constructor(host: Host, policy: Policy, physics: Physics) {
    this.host = host;
    this.policy = policy;
    this.physics = physics;
  }

  /**
   * One second of it.
   *
   * @param noise Standard normal, of the response time that a look sees; @param noise2 of the utilization.
   * @returns What was seen, if this was a look.
   */
  step(second: number, noise: number, noise2: number, incident?: ActiveIncident): Look | undefined {
    this.utilizationSum += this.host.utilization;
    this.utilizationCount++;
    if (this.running.length > 0) this.finish(second);
    if (second >= this.actsAt) {
      this.actsAt = Number.POSITIVE_INFINITY;
      this.queue = this.planned;
      this.start(second);
    }
    if (second < this.nextLook) return undefined;
    return this.look(second, noise, noise2, incident);
  }

  private look(second: number, noise: number, noise2: number, incident?: ActiveIncident): Look {
    const { host, physics, policy } = this;
    const depth = policy.parameters.analysis_depth;
    const root = Math.sqrt(depth);
    const response = host.responseFactor() * (1 + (physics.sampleCv * noise) / root);
    const utilization = host.utilizationLately + (physics.utilizationSd * noise2) / root;
    const share = this.isAlarmed ? RESOLVE_SHARE : 1;
    const problem =
      response > LINES.responseFactor * share ||
      utilization > LINES.utilization * share ||
      host.memoryPercent > LINES.memoryPercent * share;
    this.isAlarmed = problem;
    const work = physics.lookSeconds + physics.sampleSeconds * depth;
    const latency = work * host.slowdown();
    this.lookWork += work;
    this.planned = problem ? this.plan(incident, (physics.sampleCv * noise) / root) : [];
    this.actsAt = second + latency;
    this.report(second, latency);
    this.nextLook = second + Math.max(policy.parameters.monitoring_interval, latency);
    return { problem };
  }

  private plan(incident: ActiveIncident | undefined, error: number): Omit<Correction, "endsAt">[] {
    this.accuracy = Math.max(0, 1 - Math.abs(error));
    const share = Math.min(1, this.policy.parameters.learning_rate * Math.max(0, 1 + error));
    const components = incident?.componentsByNeed() ?? [];
    if (components.length === 0) return [{ incident: undefined, component: NO_COMPONENT, share }];
    return components.map((component) => ({ incident, component, share }));
  }
  private start(second: number): void {
    const limit = this.policy.parameters.execution_parallelism;
    while (this.running.length < limit && this.queue.length > 0) {
      const next = this.queue.shift() as Omit<Correction, "endsAt">;
      if (this.running.some((it) => it.component === next.component)) continue;
      const { correctionSeconds, correctionCpuSeconds } = this.physics;
      this.running.push({
        ...next,
        endsAt:
          second +
          correctionSeconds -
          correctionCpuSeconds +
          correctionCpuSeconds * this.host.slowdown(),
      });
    }
  }

  private finish(second: number): void {
    const ended = this.running.filter((correction) => correction.endsAt <= second);
    if (ended.length === 0) return;
    this.running = this.running.filter((correction) => correction.endsAt > second);
    for (const { incident, component, share } of ended) {
      this.decisions++;
      this.accuracySum += this.accuracy;
      incident?.correct(component, share);
    }
    this.start(second);
  }

  private report(second: number, latency: number): void {
    const minutes = Math.max(1, second - this.lastLook) / 60;
    const report: Performance = {
      cpu_usage: (100 * this.utilizationSum) / Math.max(1, this.utilizationCount),
      memory_usage: this.host.memoryPercent,
      cycle_latency: latency,
      decisions_per_minute: this.decisions / minutes,
      ...(this.decisions > 0 && { decision_quality: this.accuracySum / this.decisions }),
    };
    this.utilizationSum = 0;
    this.utilizationCount = 0;
    this.decisions = 0;
    this.accuracySum = 0;
    this.lastLook = second;
    this.policy.report(report, second);
  }

  /** CPU seconds that it needs in the next second: a look uses one core, a correction its own share of one. */
  takeWork(): number {
    const look = Math.min(1, this.lookWork);
    this.lookWork -= look;
    const { correctionCpuSeconds, correctionSeconds } = this.physics;
    const work = look + (this.running.length * correctionCpuSeconds) / correctionSeconds;
    this.cpuSeconds += work;
    return work;
  }
}
