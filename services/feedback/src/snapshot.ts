import {
  decodeMsgpack,
  encodeMsgpack,
  type FeedbackSettings,
  type Loop,
} from "@mapek/core/contract";
import { BaselineForecast, type BaselineForecastSnapshot } from "@mapek/core/statistics";
import { ActionBook, type OpenAction } from "./actions/action-book.ts";
import { FeedbackError } from "./errors.ts";
import type { Verdicts } from "./judgement/effectiveness.ts";
import type { Evidence } from "./judgement/evidence.ts";
import { STREAM_MEMORY, type Stream } from "./judgement/stream.ts";
import type { LabelRecord } from "./loops/label-record.ts";
import { RecentMap } from "./recent-map.ts";
import { type Allowance, SOURCE_MEMORY, SUBJECT_MEMORY } from "./sources/source-limits.ts";
import {
  eachLoop,
  type FeedbackState,
  type KnownThreshold,
  RESOURCE_MEMORY,
  type ResourceState,
  SERIES_MEMORY,
  STATE_SCHEMA,
} from "./state.ts";

interface LoopSnapshot {
  signals: number;
  duplicates: number;
  actions: number;
  damping: number;
  verdicts: Verdicts;
  evidence: Evidence;
  streams: [string, Stream][];
  baseline: BaselineForecastSnapshot;
  open: OpenAction[];
}

interface Snapshot {
  schema: number;
  system: string;
  settings: FeedbackSettings;
  operatorLoops: FeedbackState["operatorLoops"];
  timeMs: number;
  learningRate: number;
  recommendations: number;
  signalIds: string[];
  loops: { [L in Loop]: LoopSnapshot };
  thresholds: [string, KnownThreshold][];
  accuracies: number[];
  labels: [string, LabelRecord][];
  resources: [string, ResourceState][];
  sources: [string, SourceSnapshot][];
  unproven: [string, Allowance][];
}

type SourceSnapshot = { signals: Allowance; influence: [string, Allowance][] };

/** The state as MessagePack: equal states give equal bytes. */
export function saveState(state: FeedbackState): Uint8Array {
  const snapshot: Snapshot = {
    schema: STATE_SCHEMA,
    system: state.system,
    settings: state.settings,
    operatorLoops: state.operatorLoops,
    timeMs: state.timeMs,
    learningRate: state.learningRate,
    recommendations: state.recommendations,
    signalIds: [...state.signalIds],
    loops: eachLoop((name) => {
      const { book, streams, ...plain } = state.loops[name];
      return {
        ...plain,
        streams: streams.byName.snapshot(),
        baseline: streams.baseline.snapshot(),
        open: book.snapshot(),
      };
    }),
    thresholds: state.thresholds.snapshot(),
    accuracies: state.accuracies,
    labels: state.labels.snapshot(),
    resources: state.resources.snapshot(),
    sources: state.sources
      .snapshot()
      .map(([name, { signals, influence }]) => [
        name,
        { signals, influence: influence.snapshot() },
      ]),
    unproven: state.unproven.snapshot(),
  };
  return encodeMsgpack(snapshot);
}

/**
 * The inverse of {@link saveState}.
 *
 * @throws {FeedbackError} MAPEK_FEEDBACK_STATE_MALFORMED, MAPEK_FEEDBACK_STATE_UNKNOWN_VERSION
 */
export function loadState(bytes: Uint8Array): FeedbackState {
  const saved = readSnapshot(bytes);
  const {
    schema: _,
    signalIds,
    loops,
    thresholds,
    labels,
    resources,
    sources,
    unproven,
    ...plain
  } = saved;
  return {
    ...plain,
    signalIds: new Set(signalIds),
    loops: eachLoop((name) => {
      const { open, streams, baseline, ...loop } = loops[name];
      return {
        ...loop,
        streams: {
          byName: new RecentMap(STREAM_MEMORY, streams),
          baseline: new BaselineForecast(baseline),
        },
        book: new ActionBook(open),
      };
    }),
    thresholds: new RecentMap(SERIES_MEMORY, thresholds),
    labels: new RecentMap(SERIES_MEMORY, labels),
    resources: new RecentMap(RESOURCE_MEMORY, resources),
    unproven: new RecentMap(SERIES_MEMORY, unproven),
    sources: new RecentMap(
      SOURCE_MEMORY,
      sources.map(([name, { signals, influence }]) => [
        name,
        { signals, influence: new RecentMap(SUBJECT_MEMORY, influence) },
      ]),
    ),
  };
}

function readSnapshot(bytes: Uint8Array): Snapshot {
  let body: unknown;
  try {
    body = decodeMsgpack(bytes);
  } catch (cause) {
    throw new FeedbackError("MAPEK_FEEDBACK_STATE_MALFORMED", "not MessagePack", { cause });
  }
  if (typeof body !== "object" || body === null || !("schema" in body))
    throw new FeedbackError("MAPEK_FEEDBACK_STATE_MALFORMED", "no schema number");
  if (body.schema !== STATE_SCHEMA)
    throw new FeedbackError(
      "MAPEK_FEEDBACK_STATE_UNKNOWN_VERSION",
      `saved with schema ${JSON.stringify(body.schema)}, this reader knows ${STATE_SCHEMA}`,
    );
  return body as Snapshot;
}
