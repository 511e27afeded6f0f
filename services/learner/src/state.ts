import { type ExcludedRange, SeriesLearner } from "@mapek/core/learning";
import {
  type LearnerSettings,
  learnerSettings,
  type MessageError,
  parseSeriesKey,
  type SeriesId,
} from "@mapek/core/messages";

/** One series and what learns it. Its id is read off the key when asked for, so that it is not kept twice. */
export class Series {
  readonly key: string;
  readonly learner: SeriesLearner;

  /** @param key One that `parseSeriesKey` accepts. */
  constructor(key: string, learner: SeriesLearner) {
    this.key = key;
    this.learner = learner;
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
  sensitivityFactor: number;
  frozen: boolean;
  excluded: readonly ExcludedRange[];
}

/** The series of one partition. */
export interface LearnerState {
  /** Undefined until the first settings message; until then series learn with the defaults. */
  configured: LearnerSettings | undefined;
  readonly series: Map<string, Series>;
  readonly systems: Map<string, SystemRules>;
  /** Series with an open anomaly: the only ones that wait for time to pass. */
  readonly open: Set<Series>;
  /** Ids of the commands done last, so that a repeated one is done once. */
  readonly done: Set<string>;
}

export const initialState = (): LearnerState => ({
  configured: undefined,
  series: new Map(),
  systems: new Map(),
  open: new Set(),
  done: new Set(),
});

const DEFAULTS = learnerSettings.parse({});

export const settingsOf = (state: LearnerState): LearnerSettings => state.configured ?? DEFAULTS;

const NO_RULES: SystemRules = { sensitivityFactor: 1, frozen: false, excluded: [] };

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

/** The series of a key, made under its system's rules where it is new; the error of a key that `seriesKey` did not make. */
export function seriesOf(state: LearnerState, key: string): Series | MessageError {
  const known = state.series.get(key);
  if (known !== undefined) return known;
  const id = parseSeriesKey(key);
  if (!id.ok) return id.error;
  const learner = new SeriesLearner(settingsOf(state));
  const rules = rulesOf(state, id.value.system);
  learner.frozen = rules.frozen;
  learner.excluded = rules.excluded;
  learner.applySensitivity(rules.sensitivityFactor);
  const made = new Series(key, learner);
  state.series.set(key, made);
  return made;
}
