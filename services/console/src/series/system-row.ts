import type { Parameters, SystemState, Transition } from "@mapek/core/messages";

/** Figures of the series of one system. */
export interface SeriesCounts {
  series: number;
  open: number;
  stale: number;
}

/** One system, as the page of systems shows it. */
export interface SystemRow extends SeriesCounts {
  readonly system: string;
  /** Null where nobody reports its performance: then it has series only. */
  readonly state: SystemState | null;
  /** When its state began, ms; null where it has had no other. */
  readonly since: number | null;
  readonly parameters: Parameters | null;
  readonly transition: Transition | null;
}
