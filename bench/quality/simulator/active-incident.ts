import type { Disturbance } from "./physics.ts";
import type { Incident } from "./workload.ts";

/** Seconds without harm after which an incident that did harm is over: the system copes with what is left of it. */
const CALM_SECONDS = 120;

/** An incident that is going on: how much of it is left in each component. */
export class ActiveIncident {
  readonly incident: Incident;
  private readonly left: number[];
  private leftShare = 1;
  /** When it first did harm, and when it last did; −1 while it has not. */
  harmedFrom = -1;
  harmedUntil = -1;

  constructor(incident: Incident) {
    this.incident = incident;
    this.left = Array.from({ length: incident.components }, () => 1);
  }

  /** Components that still have something wrong, the worst first. */
  componentsByNeed(): number[] {
    return this.left
      .map((_, component) => component)
      .filter((component) => (this.left[component] as number) > 0.01)
      .sort((a, b) => (this.left[b] as number) - (this.left[a] as number) || a - b);
  }

  correct(component: number, share: number): void {
    this.left[component] = (this.left[component] as number) * (1 - share);
    this.leftShare = this.left.reduce((sum, part) => sum + part, 0) / this.left.length;
  }

  /** Notes whether requests are harmed at this second. @returns Whether it is over. */
  isOver(second: number, isHarmed: boolean): boolean {
    if (isHarmed) {
      if (this.harmedFrom < 0) this.harmedFrom = second;
      this.harmedUntil = second;
    }
    if (second >= this.incident.selfEndSecond) return !isHarmed;
    return this.harmedFrom >= 0 && second - this.harmedUntil >= CALM_SECONDS;
  }

  /** What it does now. */
  disturb(second: number, disturbance: Disturbance): void {
    const { kind, severity, startSecond, rampSeconds } = this.incident;
    if (second >= this.incident.selfEndSecond) return;
    const ramp = Math.min(1, (second - startSecond + 1) / rampSeconds);
    const now = severity * ramp * this.leftShare;
    switch (kind) {
      case "capacity loss":
        disturbance.loss = now;
        return;
      case "slow service":
        disturbance.inflation = now;
        return;
      case "flash crowd":
        disturbance.surge = now;
        return;
      case "leak":
        disturbance.leak = now;
    }
  }
}
