import { appendBounded } from "@mapek/core/forget-oldest";
import {
  BaselineForecast,
  type BaselineForecastSnapshot,
  disturb,
  type Forecast,
  follow,
  noTrack,
  type ObjectiveTrack,
  standingOf,
} from "@mapek/core/statistics";
import { WINDOW_REPORTS } from "../performance-window.ts";

/** Number of commands whose outcome is awaited; one more gives up the oldest. */
const OUTCOME_LIMIT = 1_000;

export interface AwaitedOutcome {
  readonly actionId: string;
  readonly before: number;
  /** Forecast of the pressure without the command; null before there are enough examples for one. */
  readonly forecast: Forecast | null;
  /** Number of folded pressures at which the outcome is known. */
  readonly dueAt: number;
}

export interface OutcomesSnapshot {
  track: ObjectiveTrack;
  baseline: BaselineForecastSnapshot;
  count: number;
  awaited: AwaitedOutcome[];
}

/** An awaited outcome with `after`, the mean pressure of the 10 reports after the command. */
export interface DueOutcome extends Omit<AwaitedOutcome, "dueAt"> {
  readonly after: number;
}

/**
 * Measures what commands do to pressure: the mean of the 10 reports after a command, beside a forecast of that mean
 * without the command. The forecast is learned from spans of reports in which no command came.
 *
 * Cost: O(1) a report while nothing is due.
 */
export class Outcomes {
  private track = noTrack();
  private baseline = new BaselineForecast();
  private count = 0;
  private awaited: AwaitedOutcome[] = [];

  /** Awaits the mean pressure of the next 10 reports. */
  await(actionId: string, before: number): void {
    const standing = standingOf(this.track, WINDOW_REPORTS);
    const forecast = (standing && this.baseline.forecast(standing)) ?? null;
    disturb(this.track);
    const outcome = { actionId, before, forecast, dueAt: this.count + WINDOW_REPORTS };
    appendBounded(this.awaited, outcome, OUTCOME_LIMIT);
  }

  /** Folds a report's pressure. */
  update(pressure: number): void {
    follow(this.track, pressure, WINDOW_REPORTS, this.baseline);
    this.count++;
  }

  /** The last pressures, at most ten, oldest first. */
  recent(): number[] {
    return this.track.values.slice(-WINDOW_REPORTS);
  }

  /** The pressure that was folded last; NaN before the first. */
  newest(): number {
    return this.track.values.at(-1) ?? Number.NaN;
  }

  /** Removes and returns the oldest outcome that is due; undefined where none is. */
  takeDue(): DueOutcome | undefined {
    const first = this.awaited[0];
    if (first === undefined || first.dueAt > this.count) return undefined;
    this.awaited.shift();
    const { dueAt: _, ...outcome } = first;
    let sum = 0;
    for (const pressure of this.recent()) sum += pressure;
    return { ...outcome, after: sum / WINDOW_REPORTS };
  }

  snapshot(): OutcomesSnapshot {
    return {
      track: { ...this.track, values: [...this.track.values] },
      baseline: this.baseline.snapshot(),
      count: this.count,
      awaited: [...this.awaited],
    };
  }

  static restore({ track, baseline, count, awaited }: OutcomesSnapshot): Outcomes {
    const outcomes = new Outcomes();
    outcomes.track = { ...track, values: [...track.values] };
    outcomes.baseline = new BaselineForecast(baseline);
    outcomes.count = count;
    outcomes.awaited = [...awaited];
    return outcomes;
  }
}
