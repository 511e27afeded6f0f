import type { SeriesState } from "@mapek/client";
import type {
  Action,
  Anomaly,
  Explanation,
  Labels,
  OutputEvent,
  Threshold,
  ThresholdSide,
} from "@mapek/core/contract";
import { unitOf } from "../format.ts";
import type { Output } from "../live.ts";
import { type Band, type Known, newestOfAnomalies, promiseBand } from "./series-figures.ts";
import type { RecommendationBody } from "./threshold-reasons.ts";
import { decisionsOf, handedOutAt, presentAt } from "./thresholds.ts";

export interface SeriesName {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
}

/** Answer of `/api/series/one`. */
export interface Details {
  readonly state: SeriesState;
  readonly statistics: {
    readonly statistics: Readonly<Record<string, number>> | null;
    readonly trend: { readonly direction: string; readonly slope_per_hour: number };
  } | null;
  readonly recommendation: {
    readonly recommendation: RecommendationBody | null;
    readonly recommendation_lower: RecommendationBody | null;
  } | null;
  readonly thresholds: readonly Threshold[];
  readonly learning: {
    readonly points: number;
    readonly anomalies: number;
    readonly suppressed: Readonly<Record<string, number>>;
    readonly parameters: { readonly exceedance_rate: number };
  } | null;
  readonly explanations: { readonly upper: Explanation | null; readonly lower: Explanation | null };
  readonly history: readonly OutputEvent[];
  readonly actions: readonly Action[];
}

export interface Samples {
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
}

/** Number of samples kept: as many as the learner's window holds by default. */
const MOST_SAMPLES = 10_000;
const MOST_HISTORY = 2_000;
/** Default of the promised exceedance rate. */
const DEFAULT_RATE = 0.05;

/** The page's data about a series: read once, then kept up to date by live events. */
export class SeriesModel {
  readonly id: SeriesName;
  details: Details | undefined;
  state: SeriesState | undefined;
  readonly times: number[] = [];
  readonly values: number[] = [];
  actions: Action[] = [];
  /** Increases with every change of data that the chart shows. */
  revision = 0;
  #history: Output[] = [];

  constructor(id: SeriesName) {
    this.id = id;
  }

  take(details: Details): void {
    this.details = details;
    this.state = details.state;
    this.actions = [...details.actions];
    this.#history = details.history.map(({ family, message }) => ({ family, message }));
    this.revision++;
  }

  takeAll({ timestamps, values }: Samples): void {
    this.times.splice(0, this.times.length, ...timestamps);
    this.values.splice(0, this.values.length, ...values);
    this.revision++;
  }

  /** Adds the samples that are newer than the newest known one. */
  add({ timestamps, values }: Samples): void {
    const newest = this.times.at(-1) ?? Number.NEGATIVE_INFINITY;
    timestamps.forEach((when, i) => {
      if (when <= newest) return;
      this.times.push(when);
      this.values.push(values[i] ?? Number.NaN);
    });
    const surplus = Math.max(0, this.times.length - MOST_SAMPLES);
    this.times.splice(0, surplus);
    this.values.splice(0, surplus);
    this.revision++;
  }

  hear(output: Output): void {
    if (output.family === "actions") this.actions.push(output.message as unknown as Action);
    else this.#history = [...this.#history, output].slice(-MOST_HISTORY);
    this.revision++;
  }

  /** Outputs of a family, oldest first. */
  of<T>(family: string): T[] {
    return this.#history
      .filter((one) => one.family === family)
      .map(({ message }) => message as unknown as T);
  }

  /** The known anomalies, the newest first. */
  anomalies(): Anomaly[] {
    return newestOfAnomalies(this.of<Anomaly>("anomalies"));
  }

  /** The threshold in force: `threshold` is its value at the newest sample that the learner had. */
  inForce(side: ThresholdSide): Threshold | undefined {
    return this.details?.thresholds.find((one) => (one.side ?? "upper") === side);
  }

  /** The messages about a side's threshold, oldest first; only the one in force where no other is stored any more. */
  messages(side: ThresholdSide): Threshold[] {
    const found = this.of<Threshold>("thresholds").filter((one) => (one.side ?? "upper") === side);
    const now = this.inForce(side);
    return found.length === 0 && now !== undefined ? [now] : found;
  }

  /** The last decision about a side's threshold; messages that only redraw the same threshold do not count. */
  decision(side: ThresholdSide): Threshold | undefined {
    return decisionsOf(this.messages(side)).at(-1);
  }

  /** Promised exceedance rate, 0–1. */
  get rate(): number {
    return this.details?.learning?.parameters.exceedance_rate ?? DEFAULT_RATE;
  }

  /** The band of the promise of a side; undefined for a pinned threshold, which promises nothing. */
  band(side: ThresholdSide): Band | undefined {
    if (this.inForce(side)?.pinned !== false) return undefined;
    const messages = this.messages(side);
    const present = messages.at(-1);
    if (present === undefined) return undefined;
    const above = handedOutAt(messages, this.times).map(
      (threshold, i) =>
        (this.values[i] ?? Number.NaN) - (threshold ?? presentAt(present, this.times[i] ?? 0)),
    );
    return promiseBand(above, this.rate, side);
  }

  known(): Known {
    const of = (side: ThresholdSide) => ({ messages: this.messages(side), band: this.band(side) });
    return {
      times: this.times,
      values: this.values,
      upper: of("upper"),
      lower: of("lower"),
      anomalies: this.anomalies(),
      unit: unitOf(this.id.metric),
    };
  }
}
