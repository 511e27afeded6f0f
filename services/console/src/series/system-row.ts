import type { Parameters, SystemState, Transition } from "@mapek/core/contract";

/** Figures of the series of one system. */
export interface SeriesCounts {
  series: number;
  open: number;
  stale: number;
}

/** One system, as the page of systems shows it. */
export interface SystemRow extends SeriesCounts {
  readonly system: string;
  /** Null for a system without performance reports, which has series only. */
  readonly state: SystemState | null;
  /** Event time, ms, at which the state was entered; null before the first transition. */
  readonly since: number | null;
  readonly parameters: Parameters | null;
  readonly transition: Transition | null;
}
