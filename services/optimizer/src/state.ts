import {
  type Mode,
  type OptimizerSettings,
  type OutcomeOfChange,
  optimizerSettings,
  type Parameters,
  type StateRow,
  type SystemState,
  type Transition,
} from "@mapek/core/contract";
import type { Answer } from "./answers.ts";
import { PerformanceWindow } from "./performance-window.ts";
import { tableRow } from "./states/parameter-table.ts";
import { type Adaptation, initialAdaptation } from "./tuning/adaptation-state.ts";
import { type AdaptationBounds, adaptationBounds } from "./tuning/bounds.ts";
import { Outcomes } from "./tuning/outcomes.ts";

/** Schema number of the saved state. A state with another number is refused: there are no migrations, the stream is folded again. */
export const STATE_SCHEMA = 3;

/** The optimizer's state of one system. Bounded: 500 transitions, 100 judged changes, 1,000 answers, 1,000 outcomes. */
export interface OptimizerState {
  readonly system: string;
  settings: OptimizerSettings;
  /** Mode that an operator set, in force until `settings.mode` changes; null: the settings' mode applies. */
  operatorMode: Mode | null;
  state: SystemState;
  /** State that an operator forced; null while the means decide. */
  forced: SystemState | null;
  /** Largest event time of all inputs, ms, so that time never runs backwards. */
  timeMs: number;
  /** Event time, ms, at which the state was entered; null before the first evaluation, which waits for no dwell. */
  enteredAtMs: number | null;
  /** Event time, ms, since which mean decision quality is above 0.85 while recovering; null where it is not. */
  qualityHeldSinceMs: number | null;
  readonly window: PerformanceWindow;
  readonly adaptation: Adaptation;
  /** Multiplies the row's learning rate. */
  learningRateFactor: number;
  /** Added to the parallelism of every state. */
  parallelismDelta: number;
  readonly history: Transition[];
  transitionCount: number;
  /** Judgements of the last 100 changes, oldest first. */
  readonly changes: OutcomeOfChange[];
  published: Parameters | null;
  /** Answers to the last 1,000 commands, by action id. */
  readonly answers: Map<string, Answer>;
  readonly outcomes: Outcomes;
  /** Derived from settings and state: the row in force and the bounds around it. */
  row: StateRow;
  bounds: AdaptationBounds;
}

const DEFAULT_SETTINGS: OptimizerSettings = optimizerSettings.parse({});

export function createState(system: string): OptimizerState {
  const row = tableRow(DEFAULT_SETTINGS, "healthy");
  return {
    system,
    settings: DEFAULT_SETTINGS,
    operatorMode: null,
    state: "healthy",
    forced: null,
    timeMs: 0,
    enteredAtMs: null,
    qualityHeldSinceMs: null,
    window: new PerformanceWindow(),
    adaptation: initialAdaptation(),
    learningRateFactor: 1,
    parallelismDelta: 0,
    history: [],
    transitionCount: 0,
    changes: [],
    published: null,
    answers: new Map(),
    outcomes: new Outcomes(),
    row,
    bounds: adaptationBounds(row, DEFAULT_SETTINGS),
  };
}

/** Derives `row` and `bounds` again. Every change of settings or state must call this, or the old row stays in force. */
export function deriveRow(state: OptimizerState): void {
  state.row = tableRow(state.settings, state.state);
  state.bounds = adaptationBounds(state.row, state.settings);
}

export const modeOf = (state: OptimizerState): Mode => state.operatorMode ?? state.settings.mode;
