import { LOOPS, type Loop, parseSeriesKey, type Request, seriesKey } from "@mapek/core/contract";
import { effectivenessOf, harmOf } from "./judgement/effectiveness.ts";
import { type LabelRecord, precisionOf, recallOf } from "./loops/label-record.ts";
import { WHOLE_SYSTEM } from "./sources/source-limits.ts";
import { ACCURACY_MEMORY, type FeedbackState, isEnabled, meanOfNewest } from "./state.ts";

/** Number of series in an answer to a request without `limit`. */
const DEFAULT_LIMIT = 100;

/** Precision and recall of the alarms of a series, or of a whole system. */
interface LabelItem {
  precision: number | null;
  recall: number | null;
  /** Decayed number of labels behind both shares: older labels count less. */
  labels: number;
}

/** Answer of the `effectiveness` verb about one loop. */
export interface LoopItem extends Partial<LabelItem> {
  system: string;
  loop: Loop;
  enabled: boolean;
  signals: number;
  duplicates: number;
  actions: number;
  open: number;
  judged: number;
  helped: number;
  hurt: number;
  effectiveness: number | null;
  /** Share of the last 100 judged actions that hurt. */
  harm: number | null;
  damping: number;
  mean_accuracy?: number | null;
  /** The most recently labelled series, the newest at the end. */
  series?: (LabelItem & { series: string })[];
}

/** Answers the `effectiveness` verb: an item for each loop that is asked for. Changes nothing. */
export function query(state: FeedbackState, verb: string, request: Request): LoopItem[] {
  if (verb !== "effectiveness") return [];
  return LOOPS.filter((loop) => request.loop === undefined || request.loop === loop).map((loop) => {
    const { signals, duplicates, actions, damping, verdicts, book } = state.loops[loop];
    return {
      system: state.system,
      loop,
      enabled: isEnabled(state, loop),
      signals,
      duplicates,
      actions,
      open: book.size,
      judged: verdicts.judged,
      helped: verdicts.helped,
      hurt: verdicts.hurt,
      effectiveness: effectivenessOf(verdicts),
      harm: harmOf(verdicts),
      damping,
      ...measuresOf(state, loop, request),
    };
  });
}

function measuresOf(state: FeedbackState, loop: Loop, request: Request): Partial<LoopItem> {
  switch (loop) {
    case "anomaly_feedback":
      return {
        ...labelItem(state.labels.peek(WHOLE_SYSTEM)),
        series: seriesItems(state, request),
      };
    case "decision_quality":
      return { mean_accuracy: meanOfNewest(state.accuracies, ACCURACY_MEMORY) ?? null };
    default:
      return {};
  }
}

function labelItem(record: LabelRecord | undefined): LabelItem {
  if (record === undefined) return { precision: null, recall: null, labels: 0 };
  const labels = record.truePositives + record.falsePositives + record.falseNegatives;
  return { precision: precisionOf(record), recall: recallOf(record), labels };
}

function seriesItems(state: FeedbackState, request: Request) {
  const { metric, labels, limit = DEFAULT_LIMIT } = request;
  const isWanted = (key: string): boolean => {
    if (key === WHOLE_SYSTEM) return false;
    if (metric === undefined) return true;
    if (labels !== undefined) return key === seriesKey(state.system, metric, labels);
    return metricOf(key) === metric;
  };
  return state.labels
    .snapshot()
    .filter(([key]) => isWanted(key))
    .slice(-limit)
    .map(([series, record]) => ({ series, ...labelItem(record) }));
}

function metricOf(key: string): string | undefined {
  const parsed = parseSeriesKey(key);
  return parsed.ok ? parsed.value.metric : undefined;
}
