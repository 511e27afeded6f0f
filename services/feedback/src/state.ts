import { type FeedbackSettings, feedbackSettings, LOOPS, type Loop } from "@mapek/core/messages";
import type { Output } from "@mapek/runtime";
import { ActionBook } from "./actions/action-book.ts";
import { noVerdicts, type Verdicts } from "./judgement/effectiveness.ts";
import { type Evidence, noEvidence } from "./judgement/evidence.ts";
import { noStreams, type Streams } from "./judgement/stream.ts";
import type { LabelRecord } from "./loops/label-record.ts";
import { RecentMap } from "./recent-map.ts";
import { type Allowance, SOURCE_MEMORY, type SourceState } from "./sources/source-limits.ts";

/** Number of the saved form; a new one needs a migration from each older. */
export const STATE_SCHEMA = 2;

/** Most series whose threshold in force and whose labels are remembered. */
export const SERIES_MEMORY = 10_000;
/** Most kinds of resource that are remembered. */
export const RESOURCE_MEMORY = 1_000;
/** How many accuracies of decisions are remembered. */
export const ACCURACY_MEMORY = 100;

/** One loop of a system. */
interface LoopState {
  /** Signals stored, repeated ones not among them. */
  signals: number;
  duplicates: number;
  /** Actions begun; the newest one's number. */
  actions: number;
  /** What is left of its step after actions that hurt, 0.1–1. */
  damping: number;
  readonly verdicts: Verdicts;
  readonly evidence: Evidence;
  readonly streams: Streams;
  readonly book: ActionBook;
}

/** The threshold in force of a series. */
export interface KnownThreshold {
  value: number;
  /** Interquartile range of its window, > 0; null while it is not known. */
  scale: number | null;
  /** Usual deviation of the series, > 0; null or, from before version 0.2, not there while it is not known. */
  spread?: number | null;
  /** The action that moved it last; not there while none did. */
  movedBy?: string | undefined;
  /** Whether a signal has set it where none was in force: the next recommendation replaces it. */
  tentative: boolean;
}

/** What is known of a resource. */
export interface ResourceState {
  /** Since when utilization has been low; null while it is not. */
  lowSinceMs: number | null;
  /** High signals in a row. */
  highCount: number;
}

/** All that the feedback service knows of one system. Bounded by the limits above and 1,000 open actions a loop. */
export interface FeedbackState {
  readonly system: string;
  settings: FeedbackSettings;
  /** Set by an operator; stands until the configured value of that loop changes. */
  operatorLoops: { [L in Loop]?: boolean };
  /** Event time: the largest of all messages, so that it never runs backwards. */
  timeMs: number;
  /** The system's learning rate, as the optimizer published it last. */
  learningRate: number;
  /** Recommendations seen; the newest one's number. */
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
  /** What sources of signals have used of what they may. */
  readonly sources: RecentMap<SourceState>;
  readonly unproven: RecentMap<Allowance>;
}

/** The work on one input. */
export interface Turn {
  readonly state: FeedbackState;
  readonly outputs: Output[];
}

const DEFAULT_SETTINGS: FeedbackSettings = feedbackSettings.parse({});
/** What holds until the optimizer has spoken: the healthy state's rate. */
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

/** Whether a loop acts on its signals: an operator's word, then the settings', then yes. */
export const isEnabled = (state: FeedbackState, loop: Loop): boolean =>
  state.operatorLoops[loop] ?? state.settings.loops[loop] ?? true;

/** Mean of the newest `count` values; undefined of none. */
export function meanOfNewest(values: readonly number[], count: number): number | undefined {
  const start = Math.max(0, values.length - count);
  if (start === values.length) return undefined;
  let sum = 0;
  for (let i = start; i < values.length; i++) sum += values[i] as number;
  return sum / (values.length - start);
}
