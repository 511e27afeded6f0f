import {
  type DecayingFactor,
  type ExcludedRange,
  MetricRules,
  UNMOVED,
} from "@mapek/core/learning";
import { type LearnerSettings, learnerSettings } from "@mapek/core/messages";
import type { HasFolded } from "@mapek/runtime";
import { StaleChecks } from "./idle/stale-checks.ts";
import { OpenGroups } from "./series/open-groups.ts";
import type { Series } from "./series/series.ts";
import { SeriesTotals } from "./series/series-totals.ts";

/** What holds for every series of a system, those to come included. */
export interface SystemRules {
  sensitivityFactor: DecayingFactor;
  frozen: boolean;
  excluded: readonly ExcludedRange[];
}

/** The series of one partition. */
export interface LearnerState {
  /** Undefined until the first settings message; until then series learn with the defaults. */
  configured: LearnerSettings | undefined;
  /** What each series goes by; follows from `configured`. */
  rules: MetricRules;
  readonly series: Map<string, Series>;
  readonly systems: Map<string, SystemRules>;
  /** Series with an open anomaly: the only ones that wait for time to pass. */
  readonly open: Set<Series>;
  /** Which incidents began together. */
  readonly groups: OpenGroups;
  /** When which series is checked for silence, and those that are silent; they follow from `series`. */
  readonly checks: StaleChecks;
  readonly stale: Set<Series>;
  /** Ids of the commands done last, so that a repeated one is done once. */
  readonly done: Set<string>;
  /** Series of each system; follows from `series`. */
  readonly seriesCounts: Map<string, number>;
  /** Follow from `series`. */
  readonly totals: SeriesTotals;
  /** Sweeps for idle series so far, and the time of the last, ms. */
  sweep: number;
  sweptAt: number;
  /** Whether memory is so short that no new series may be learned. */
  closed: boolean;
  /** Series that were forgotten because nothing came. */
  expired: number;
  /** Given while a checkpoint is replayed: see `isDone`. Not saved. */
  hasFolded: HasFolded | undefined;
  /** Times that a new series was refused, since this state was made or restored: not saved. */
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

/** Whether a series has folded the input at hand already: it was saved later than the checkpoint began, and is left as it is. */
export const isDone = (state: LearnerState, key: string): boolean =>
  state.hasFolded?.(key) ?? false;

export const settingsOf = (state: LearnerState): LearnerSettings => state.configured ?? DEFAULTS;

/** Settings for this state from now on; those that its series have are not touched. */
export function configure(state: LearnerState, settings: LearnerSettings | undefined): void {
  state.configured = settings;
  state.rules = new MetricRules(settings ?? DEFAULTS);
}

const NO_RULES: SystemRules = { sensitivityFactor: UNMOVED, frozen: false, excluded: [] };

/** The rules of a system, to read. */
export const rulesOf = (state: LearnerState, system: string): Readonly<SystemRules> =>
  state.systems.get(system) ?? NO_RULES;

/** The rules of a system, to change. */
export function ownRules(state: LearnerState, system: string): SystemRules {
  const known = state.systems.get(system);
  if (known !== undefined) return known;
  const made = { ...NO_RULES };
  state.systems.set(system, made);
  return made;
}
