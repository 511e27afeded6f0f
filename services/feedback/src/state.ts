import { type FeedbackSettings, feedbackSettings, LOOPS, type Loop } from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { ActionBook } from "./actions/action-book.ts";
import { noVerdicts, type Verdicts } from "./judgement/effectiveness.ts";
import { type Evidence, noEvidence } from "./judgement/evidence.ts";
import { noStreams, type Streams } from "./judgement/stream.ts";
import type { LabelRecord } from "./loops/label-record.ts";
import { RecentMap } from "./recent-map.ts";
import { type Allowance, SOURCE_MEMORY, type SourceState } from "./sources/source-limits.ts";

/** Schema number of the saved state. A state with another number is refused: there are no migrations, the stream is folded again. */
export const STATE_SCHEMA = 2;

/** Number of series whose threshold in force and whose labels are remembered. */
export const SERIES_MEMORY = 10_000;
/** Number of resource types that are remembered. */
export const RESOURCE_MEMORY = 1_000;
/** Number of decisions whose accuracy is remembered. */
export const ACCURACY_MEMORY = 100;

/** One loop of a system. */
interface LoopState {
  /** Number of signals stored; `duplicates` counts the repeated ones. */
  signals: number;
  duplicates: number;
  /** Number of actions begun, and the number in the newest action's id. */
  actions: number;
  /** Share of a full step that the loop makes, 0.1–1: smaller after actions that hurt. */
  damping: number;
  readonly verdicts: Verdicts;
  readonly evidence: Evidence;
  readonly streams: Streams;
  readonly book: ActionBook;
}

/** The threshold in force of a series. */
export interface KnownThreshold {
  value: number;
  /** Interquartile range of the series' window, > 0; null while not known. */
  scale: number | null;
  /** Usual deviation of the series, > 0; null while not known, absent in states saved before version 0.2. */
  spread?: number | null;
  /** Id of the action that moved the threshold last; absent before the first. */
  movedBy?: string | undefined;
  /** Whether a signal set the threshold where none was in force: the next recommendation replaces it. */
  tentative: boolean;
}

/** Recent utilization of a resource. */
export interface ResourceState {
  /** Event time, ms, since which utilization is below 0.6 or the last step up was made; null while it is not below. */
  lowSinceMs: number | null;
  /** Consecutive signals above 0.8 since the last step. */
  highCount: number;
}

/** The feedback service's state of one system. Bounded by the limits above and 1,000 open actions a loop. */
export interface FeedbackState {
  readonly system: string;
  settings: FeedbackSettings;
  /** Loops that an operator enabled or disabled, in force until the loop's value in the settings changes. */
  operatorLoops: { [L in Loop]?: boolean };
  /** Largest event time of all inputs, ms, so that time never runs backwards. */
  timeMs: number;
  /** The system's learning rate, 0.05–1, as the optimizer published it last. */
  learningRate: number;
  /** Number of recommendations seen, and the number in the newest one's signal id. */
  recommendations: number;
  readonly signalIds: Set<string>;
  readonly loops: { readonly [L in Loop]: LoopState };
  /** Thresholds in force by series key. */
  readonly thresholds: RecentMap<KnownThreshold>;
  /** Accuracies of the last decisions, oldest first. */
  readonly accuracies: number[];
  /** By series key, `""` for the whole system. */
  readonly labels: RecentMap<LabelRecord>;
  readonly resources: RecentMap<ResourceState>;
  /** Allowances left to each source of signals. */
  readonly sources: RecentMap<SourceState>;
  readonly unproven: RecentMap<Allowance>;
}

/** The state and the outputs so far of folding one input. */
export interface Turn {
  readonly state: FeedbackState;
  readonly outputs: Output[];
}

const DEFAULT_SETTINGS: FeedbackSettings = feedbackSettings.parse({});
/** Learning rate before the optimizer's first parameters: that of the healthy state. */
const DEFAULT_LEARNING_RATE = 0.1;

export function createState(system: string): FeedbackState {
  return {
    system,
    settings: DEFAULT_SETTINGS,
    operatorLoops: {},
    timeMs: 0,
    learningRate: DEFAULT_LEARNING_RATE,
    recommendations: 0,
    signalIds: new Set(),
    loops: eachLoop(() => ({
      signals: 0,
      duplicates: 0,
      actions: 0,
      damping: 1,
      verdicts: noVerdicts(),
      evidence: noEvidence(),
      streams: noStreams(),
      book: new ActionBook(),
    })),
    thresholds: new RecentMap(SERIES_MEMORY),
    accuracies: [],
    labels: new RecentMap(SERIES_MEMORY),
    resources: new RecentMap(RESOURCE_MEMORY),
    sources: new RecentMap(SOURCE_MEMORY),
    unproven: new RecentMap(SERIES_MEMORY),
  };
}

export function eachLoop<Value>(make: (loop: Loop) => Value): { [L in Loop]: Value } {
  return Object.fromEntries(LOOPS.map((loop) => [loop, make(loop)])) as { [L in Loop]: Value };
}

/** Whether a loop acts on its signals: as an operator set it, else as the settings say, else yes. */
export const isEnabled = (state: FeedbackState, loop: Loop): boolean =>
  state.operatorLoops[loop] ?? state.settings.loops[loop] ?? true;

/** Mean of the newest `count` values; undefined of an empty list. */
export function meanOfNewest(values: readonly number[], count: number): number | undefined {
  const start = Math.max(0, values.length - count);
  if (start === values.length) return undefined;
  let sum = 0;
  for (let i = start; i < values.length; i++) sum += values[i] as number;
  return sum / (values.length - start);
}
