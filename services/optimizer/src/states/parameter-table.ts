import type { OptimizerSettings, StateRow, SystemState } from "@mapek/core/contract";

/** Base values at which a profile's interval and parallelism apply unscaled: 60 s and 4. */
const PROFILE_INTERVAL_SECONDS = 60;
const PROFILE_PARALLELISM = 4;

/**
 * The parameters of a state: the profile's row with the monitoring interval scaled by
 * `base_monitoring_interval` and the parallelism by `base_parallelism`. Depth, lookahead and
 * learning rate are taken from the profile unchanged.
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
