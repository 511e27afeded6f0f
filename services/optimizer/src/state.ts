import {
  type Mode,
  type OptimizerSettings,
  type OutcomeOfChange,
  optimizerSettings,
  type Parameters,
  type StateRow,
  type SystemState,
  type Transition,
} from "@mapek/core/messages";
import type { Answer } from "./answers.ts";
import { PerformanceWindow } from "./performance-window.ts";
import { tableRow } from "./states/parameter-table.ts";
import { type Adaptation, initialAdaptation } from "./tuning/adaptation-state.ts";
import { type AdaptationBounds, adaptationBounds } from "./tuning/bounds.ts";
import { Outcomes } from "./tuning/outcomes.ts";

/** Number of the saved form; a new one needs a migration from each older. */
export const STATE_SCHEMA = 3;

/** All that the optimizer knows of one system. Bounded: 500 transitions, 100 judged changes, 1,000 answers, 1,000 outcomes. */
export interface OptimizerState {
  readonly system: string;
  settings: OptimizerSettings;
  /** Set by an operator; stands until the configured mode changes. */
  operatorMode: Mode | null;
  state: SystemState;
  /** Held by an operator; null while the measures decide. */
  forced: SystemState | null;
  /** Event time: the largest of all messages, so that it never runs backwards. */
  timeMs: number;
  /** When the state was entered; null until the first evaluation, which waits for no dwell. */
  enteredAtMs: number | null;
  /** Since when decision quality has held while recovering. */
  qualityHeldSinceMs: number | null;
  readonly window: PerformanceWindow;
  readonly adaptation: Adaptation;
  /** Multiplies the row's learning rate. */
  learningRateFactor: number;
  /** Added to the parallelism of every state. */
  parallelismDelta: number;
  readonly history: Transition[];
  transitionCount: number;
  /** What came of the last 100 changes, oldest first. */
  readonly changes: OutcomeOfChange[];
  published: Parameters | null;
  /** The last 1,000 commands by action id, with what was answered. */
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

/** Derives the row and its bounds again; after every change of settings or state. */
export function deriveRow(state: OptimizerState): void {
  state.row = tableRow(state.settings, state.state);
  state.bounds = adaptationBounds(state.row, state.settings);
}

export const modeOf = (state: OptimizerState): Mode => state.operatorMode ?? state.settings.mode;
