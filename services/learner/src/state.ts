import { type LearnerSettings, learnerSettings } from "@mapek/core/contract";
import {
  type DecayingFactor,
  type ExcludedRange,
  MetricRules,
  UNMOVED,
} from "@mapek/core/learning";
import type { HasFolded } from "@mapek/runtime";
import { StaleChecks } from "./idle/stale-checks.ts";
import { OpenGroups } from "./series/open-groups.ts";
import type { Series } from "./series/series.ts";
import { SeriesTotals } from "./series/series-totals.ts";

/** Rules for every series of a system, future series included. */
export interface SystemRules {
  sensitivityFactor: DecayingFactor;
  frozen: boolean;
  excluded: readonly ExcludedRange[];
}

/** The series of one partition. */
export interface LearnerState {
  /** Undefined until the first settings message; until then series learn with the defaults. */
  configured: LearnerSettings | undefined;
  /** Settings by series, derived from `configured`. */
  rules: MetricRules;
  readonly series: Map<string, Series>;
  readonly systems: Map<string, SystemRules>;
  /** Series with an open anomaly, which a tick may close. */
  readonly open: Set<Series>;
  /** Groups of incidents that opened together. */
  readonly groups: OpenGroups;
  /** Planned staleness checks, and the stale series; both derived from `series`. */
  readonly checks: StaleChecks;
  readonly stale: Set<Series>;
  /** Action ids of the last commands, so that a repeated command is done once. */
  readonly done: Set<string>;
  /** Number of series by system, derived from `series`. */
  readonly seriesCounts: Map<string, number>;
  /** Derived from `series`. */
  readonly totals: SeriesTotals;
  /** Number of sweeps for idle series, and the time of the last one, ms. */
  sweep: number;
  sweptAt: number;
  /** Whether new series are refused because memory is short. */
  closed: boolean;
  /** Number of idle series forgotten. */
  expired: number;
  /** Set while the inputs after a checkpoint's beginning are replayed: see {@link isDone}. Not saved. */
  hasFolded: HasFolded | undefined;
  /** Number of refused new series since this state was created or restored. Not saved. */
  refused: number;
}

const DEFAULTS = learnerSettings.parse({});

export const initialState = (): LearnerState => ({
  configured: undefined,
  rules: new MetricRules(DEFAULTS),
  series: new Map(),
  systems: new Map(),
  open: new Set(),
  groups: new OpenGroups(),
  checks: new StaleChecks(),
  stale: new Set(),
  done: new Set(),
  seriesCounts: new Map(),
  totals: new SeriesTotals(),
  sweep: 0,
  sweptAt: 0,
  closed: false,
  expired: 0,
  hasFolded: undefined,
  refused: 0,
});

/**
 * Whether a series has folded the present input already: its part of the checkpoint was saved after that input.
 * Folding the input again would count it twice, so callers must skip the series.
 */
export const isDone = (state: LearnerState, key: string): boolean =>
  state.hasFolded?.(key) ?? false;

export const settingsOf = (state: LearnerState): LearnerSettings => state.configured ?? DEFAULTS;

/** Sets the settings of this state; existing series keep theirs until `applySettings`. */
export function configure(state: LearnerState, settings: LearnerSettings | undefined): void {
  state.configured = settings;
  state.rules = new MetricRules(settings ?? DEFAULTS);
}

const NO_RULES: SystemRules = { sensitivityFactor: UNMOVED, frozen: false, excluded: [] };

/** The rules of a system, for reading only: systems without rules share one object. */
export const rulesOf = (state: LearnerState, system: string): Readonly<SystemRules> =>
  state.systems.get(system) ?? NO_RULES;

/** The rules of a system, for changing; created where the system has none. */
export function ownRules(state: LearnerState, system: string): SystemRules {
  const known = state.systems.get(system);
  if (known !== undefined) return known;
  const made = { ...NO_RULES };
  state.systems.set(system, made);
  return made;
}
