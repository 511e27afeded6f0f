import {
  type DecayingFactor,
  type ExcludedRange,
  MetricRules,
  SeriesLearner,
  UNMOVED,
} from "@mapek/core/learning";
import {
  type LearnerSettings,
  learnerSettings,
  MessageError,
  ownText,
  parseSeriesKey,
  type SeriesId,
} from "@mapek/core/messages";
import { OpenGroups } from "./open-groups.ts";
import { SeriesTotals } from "./series-totals.ts";
import { StaleChecks } from "./stale-checks.ts";

const FORGOTTEN = -1;

/** One series and what learns it. Its id is read off the key when asked for, so that it is not kept twice. */
export class Series {
  readonly key: string;
  readonly learner: SeriesLearner;
  /** Number of sweeps when it last received a sample; −1 once it is forgotten. */
  seen: number;
  /** Event time of its newest sample that was no history, ms. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** When it is looked at whether it is stale, and when it was; undefined while it is not to be, or never was. */
  checkAt: number | undefined;
  checkedAt: number | undefined;
  heardSinceCheck = false;
  /** Since when nothing has come, once that was told. */
  staleSince: number | undefined;
  /** Group of the open anomaly, or of the last one. */
  group: string | undefined;
  /** The series that came after this one in the last batch: see `seriesAfter`. */
  next: Series | undefined;

  /** @param key One that `parseSeriesKey` accepts. */
  constructor(key: string, learner: SeriesLearner, seen: number) {
    this.key = ownText(key);
    this.learner = learner;
    this.seen = seen;
  }

  get isForgotten(): boolean {
    return this.seen === FORGOTTEN;
  }

  /** Cost: about 1 µs. @throws {MessageError} where the key is none. */
  get id(): SeriesId {
    const id = parseSeriesKey(this.key);
    if (!id.ok) throw id.error;
    return id.value;
  }

  /** The system's name alone. */
  get system(): string {
    return this.key.slice(0, this.key.indexOf("/"));
  }
}

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
  refused: 0,
});

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

/** The series of a system, in order of their keys. */
export function seriesOfSystem(state: LearnerState, system: string | undefined): Series[] {
  const found = [...state.series.values()].filter(
    (series) => system === undefined || series.system === system,
  );
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * The series of a key, made under its system's rules where it is new. The error of a key that `seriesKey`
 * did not make, or MAPEK_SERIES_LIMIT or MAPEK_OVERLOADED where there may be no more series.
 */
export function seriesOf(state: LearnerState, key: string): Series | MessageError {
  const known = state.series.get(key);
  if (known !== undefined) return known;
  const id = parseSeriesKey(key);
  if (!id.ok) return id.error;
  const refusal = refusalOf(state, key, id.value.system);
  if (refusal !== undefined) return refusal;
  const learner = new SeriesLearner(state.rules.settingsOf(id.value));
  const rules = rulesOf(state, id.value.system);
  learner.frozen = rules.frozen;
  learner.excluded = rules.excluded;
  learner.applySensitivity(rules.sensitivityFactor);
  const made = new Series(key, learner, state.sweep);
  addSeries(state, made);
  return made;
}

/**
 * The series of a key as `seriesOf` finds it. Batches bring the same series in the same order most times, so the one
 * that came after `before` last time is tried first: to compare a key waits less for memory than a look-up among very many.
 */
export function seriesAfter(
  state: LearnerState,
  before: Series | undefined,
  key: string,
): Series | MessageError {
  const guess = before?.next;
  if (guess !== undefined && guess.key === key && !guess.isForgotten) return guess;
  const found = seriesOf(state, key);
  if (before !== undefined && found instanceof Series) before.next = found;
  return found;
}

function refusalOf(state: LearnerState, key: string, system: string): MessageError | undefined {
  const { max_series_of_system: limit } = settingsOf(state);
  const count = state.seriesCounts.get(system) ?? 0;
  let refusal: MessageError | undefined;
  if (limit !== undefined && count >= limit)
    refusal = new MessageError(
      "MAPEK_SERIES_LIMIT",
      `system ${system} has ${count} series in this partition, its limit; ${key} is not learned`,
    );
  else if (state.closed)
    refusal = new MessageError("MAPEK_OVERLOADED", `memory is short: ${key} is not learned yet`);
  if (refusal !== undefined) state.refused++;
  return refusal;
}

export function addSeries(state: LearnerState, series: Series): void {
  const { system } = series;
  state.series.set(series.key, series);
  state.totals.put(series);
  state.checks.put(series);
  if (series.staleSince !== undefined) state.stale.add(series);
  state.seriesCounts.set(system, (state.seriesCounts.get(system) ?? 0) + 1);
}

export function forgetSeries(state: LearnerState, series: Series): void {
  const { key, system } = series;
  series.seen = FORGOTTEN;
  series.next = undefined;
  state.totals.takeOut(series);
  state.checks.remove(series);
  state.stale.delete(series);
  state.series.delete(key);
  const left = (state.seriesCounts.get(system) ?? 0) - 1;
  if (left > 0) state.seriesCounts.set(system, left);
  else state.seriesCounts.delete(system);
}
