import type { LearnerSettings } from "@mapek/core/contract";
import type { Config, ServiceContext } from "@mapek/runtime";
import type { LearnerState } from "../state.ts";

/** Standard deviations by which a partition may exceed its mean share of series. */
const DEVIATIONS = 4;
const SPARE = 16;

/**
 * The settings of the learner's actors: the configured ones, and the number of series of one system that a
 * partition may have. Monitors enforce `max_series_per_system` too, but each sees only its share of the messages
 * and starts from zero after a restart.
 *
 * Keys hash to partitions as if at random: of `n` series a partition has n/p on average with a standard
 * deviation of √(n/p); four of them are exceeded once in 30,000, and some spare serves small limits.
 */
export function settingsFor({ self_learning, ingest, streams }: Config): LearnerSettings {
  const mean = ingest.max_series_per_system / streams.partitions;
  const max_series_of_system = Math.ceil(mean) + Math.ceil(DEVIATIONS * Math.sqrt(mean)) + SPARE;
  return { ...self_learning, max_series_of_system };
}

/**
 * The input that tells a partition whether it may learn new series, owed whenever this process's memory state
 * changes. The reducer must not read memory itself, or a replay would take other decisions.
 */
export const owedAdmission =
  ({ memory }: Pick<ServiceContext, "memory">) =>
  ({ closed }: LearnerState): object | undefined =>
    closed === memory.short ? undefined : { kind: "admission", new_series: !memory.short };
