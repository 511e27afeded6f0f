import { WINDOW_REPORTS } from "./performance-window.ts";

/** Most commands whose outcome is awaited; beyond that the oldest are given up. */
const OUTCOME_LIMIT = 1_000;

export interface AwaitedOutcome {
  readonly actionId: string;
  readonly before: number;
  /** The count of measured pressures at which the outcome is known. */
  readonly dueAt: number;
}

export interface OutcomesSnapshot {
  pressures: number[];
  count: number;
  awaited: AwaitedOutcome[];
}

/**
 * The pressure of the last 10 reports, and the commands whose effect is seen in the 10 that follow them.
 *
 * Cost: O(1) a report while nothing is due.
 */
export class Outcomes {
  private readonly pressures = new Float64Array(WINDOW_REPORTS);
  private count = 0;
  private awaited: AwaitedOutcome[] = [];

  /** Awaits the mean pressure of the next 10 reports. */
  await(actionId: string, before: number): void {
    if (this.awaited.length === OUTCOME_LIMIT) this.awaited.shift();
    this.awaited.push({ actionId, before, dueAt: this.count + WINDOW_REPORTS });
  }

  /** Folds a report's pressure. */
  update(pressure: number): void {
    this.pressures[this.count % WINDOW_REPORTS] = pressure;
    this.count++;
  }

  /** The last pressures, at most ten, in no order. */
  recent(): number[] {
    return [...this.pressures.subarray(0, Math.min(this.count, WINDOW_REPORTS))];
  }

  /** The pressure that was folded last; NaN before the first. */
  newest(): number {
    if (this.count === 0) return Number.NaN;
    return this.pressures[(this.count - 1) % WINDOW_REPORTS] as number;
  }

  /** Takes the next outcome that is known now, with the mean pressure since its command. */
  takeDue(): { actionId: string; before: number; after: number } | undefined {
    const first = this.awaited[0];
    if (first === undefined || first.dueAt > this.count) return undefined;
    this.awaited.shift();
    let sum = 0;
    for (const pressure of this.pressures) sum += pressure;
    return { actionId: first.actionId, before: first.before, after: sum / WINDOW_REPORTS };
  }

  snapshot(): OutcomesSnapshot {
    return { pressures: [...this.pressures], count: this.count, awaited: [...this.awaited] };
  }

  static restore(snapshot: OutcomesSnapshot): Outcomes {
    const outcomes = new Outcomes();
    outcomes.pressures.set(snapshot.pressures);
    outcomes.count = snapshot.count;
    outcomes.awaited = [...snapshot.awaited];
    return outcomes;
  }
}
