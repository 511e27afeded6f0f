import {
  type Request,
  type SeriesExport,
  seriesKey,
  type ThresholdSide,
} from "@mapek/core/contract";
import type { LearningStatistics } from "@mapek/core/learning";
import { budgetOf } from "./series/alarm-budget.ts";
import type { Series } from "./series/series.ts";
import { seriesOfSystem } from "./series/series-table.ts";
import type { LearnerState } from "./state.ts";

/** Number of newest samples in an export without `limit`. */
const MAX_EXPORTED = 10_000;

/** Answers the learner's request verbs from the state: an item per series, in order of keys. */
export function query(
  state: LearnerState,
  verb: string,
  system: string | undefined,
  request: Request,
): unknown[] {
  const found = select(state, system, request);
  switch (verb) {
    case "series":
      return found
        .filter(({ learner }) => request.anomalous !== true || learner.judge.open !== null)
        .map(summaryOf);
    case "statistics":
      return found.map(({ id, learner }) => ({
        ...id,
        statistics: learner.statistics() ?? null,
        trend: learner.trend(),
      }));
    case "recommendations":
      return found.map(({ id, learner }) => {
        const made = learner.recommendations();
        const of = (side: ThresholdSide) =>
          made.find((one) => one.side === side)?.recommendation ?? null;
        return { ...id, recommendation: of("upper"), recommendation_lower: of("lower") };
      });
    case "thresholds":
      return found.flatMap(({ id, learner }) =>
        learner.thresholds.map(({ side, threshold }) => ({
          ...id,
          side,
          ...threshold,
          threshold: learner.thresholdNow(side) ?? threshold.threshold,
          schedule: learner.scheduleOf(side) ?? null,
        })),
      );
    case "learning":
      return found.map((series) => ({ system: series.id.system, ...learningOf(series) }));
    case "export":
      return found.map((series) => exportOf(series, request));
    default:
      return [];
  }
}

function select(state: LearnerState, system: string | undefined, request: Request): Series[] {
  if (system !== undefined && request.metric !== undefined && request.labels !== undefined) {
    const series = state.series.get(seriesKey(system, request.metric, request.labels));
    return series === undefined ? [] : [series];
  }
  return seriesOfSystem(state, system).filter(
    ({ id, key }) =>
      (request.metric === undefined || id.metric === request.metric) &&
      (request.labels === undefined || seriesKey(id.system, id.metric, request.labels) === key),
  );
}

function summaryOf(series: Series) {
  const { id, learner, staleSince } = series;
  const upper = learner.thresholdNow("upper");
  const lower = learner.thresholdNow("lower");
  const { lastValue } = learner.judge;
  const last = learner.lastRecommendation;
  return {
    ...id,
    last_value: Number.isNaN(lastValue) ? null : lastValue,
    last_time: learner.window.newestTime ?? null,
    samples: learner.window.length,
    not_taught: learner.untaught,
    threshold: upper,
    threshold_lower: lower,
    /** Whether the newest value is above the upper threshold or below the lower one. */
    beyond: (upper !== null && lastValue > upper) || (lower !== null && lastValue < lower),
    pinned: learner.threshold("upper")?.pinned ?? false,
    recommendation: last?.recommended_value ?? null,
    confidence: last?.confidence ?? null,
    provisional: last?.provisional ?? null,
    trend: learner.trend().direction,
    /** With the id of the group of anomalies that opened together. */
    open_anomaly: openAnomaly(series),
    ...budgetOf(series),
    /** Usual interval between samples, ms; null before the second sample. */
    interval_ms: learner.judge.intervalMs || null,
    score: learner.judge.score,
    sensitivity: learner.judge.settings.sensitivity,
    frozen: learner.frozen,
    stale: staleSince !== undefined,
    last_change: learner.lastChange,
  };
}

function openAnomaly({ learner, group }: Series) {
  const { open } = learner.judge;
  return open === null || group === undefined ? open : { ...open, group };
}

function learningOf({ id, learner }: Series): LearningStatistics {
  const { counts, judge } = learner;
  return {
    metric: id.metric,
    labels: id.labels,
    points: counts.points,
    duplicates: counts.duplicates,
    late: counts.late,
    outside: counts.outside,
    not_taught: counts.untaught,
    excluded: counts.excluded,
    not_learned: counts.frozen,
    anomalies: judge.anomalies,
    anomaly_rate: judge.judged === 0 ? 0 : judge.anomalies / judge.judged,
    suppressed: judge.suppressed,
    sensitivity: judge.settings.sensitivity,
    frozen: learner.frozen,
    parameters: learner.settings,
    optimisations: learner.madeRecommendations,
  };
}

function exportOf(
  { id, learner }: Series,
  { from = 0, to = Number.POSITIVE_INFINITY, limit = MAX_EXPORTED }: Request,
): SeriesExport {
  const times = learner.window.copyTimes();
  const values = learner.window.copyValues();
  const timestamps: number[] = [];
  const kept: number[] = [];
  times.forEach((time, i) => {
    if (time < from || time > to) return;
    timestamps.push(time);
    kept.push(values[i] as number);
  });
  return {
    version: 1,
    metric: id.metric,
    labels: id.labels,
    timestamps: timestamps.slice(-limit),
    values: kept.slice(-limit),
  };
}
