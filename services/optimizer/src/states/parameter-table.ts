import type { OptimizerSettings, StateRow, SystemState } from "@mapek/core/messages";

/** The base values for which a profile is written. */
const PROFILE_INTERVAL_SECONDS = 60;
const PROFILE_PARALLELISM = 4;

/**
 * What a state asks of the control loop: the profile's row, its monitoring interval scaled by the
 * base interval and its parallelism by the base parallelism. Depth, lookahead and learning rate
 * are the profile's own.
 *
 * @returns Interval > 0; parallelism a whole number >= 1.
 */
export function tableRow(settings: OptimizerSettings, state: SystemState): StateRow {
  const row = settings.profile[state];
  const intervalSeconds =
    (row.monitoring_interval * settings.base_monitoring_interval) / PROFILE_INTERVAL_SECONDS;
  const parallelism = (row.execution_parallelism * settings.base_parallelism) / PROFILE_PARALLELISM;
  return {
    monitoring_interval: Math.max(intervalSeconds, Number.MIN_VALUE),
    analysis_depth: row.analysis_depth,
    planning_lookahead: row.planning_lookahead,
    execution_parallelism: Math.max(1, Math.round(parallelism)),
    learning_rate: row.learning_rate,
  };
}
