import type { LearnerSettings } from "@mapek/core/messages";
import type { Config, ServiceContext } from "@mapek/runtime";
import type { LearnerState } from "../state.ts";

/** Standard deviations that a partition may be above its mean share. */
const DEVIATIONS = 4;
const SPARE = 16;

/**
 * The settings of the learner's actors: those configured, and how many series of one system a partition
 * may have. Monitors keep the limit too, but each sees only its own part, and forgets when it restarts.
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
 * Tells partitions whether they may learn new series, as this process's memory changes. It is an input:
 * the reducer must not look at memory itself, or replay would go another way.
 */
export const owedAdmission =
  ({ memory }: Pick<ServiceContext, "memory">) =>
  ({ closed }: LearnerState): object | undefined =>
    closed === memory.short ? undefined : { kind: "admission", new_series: !memory.short };
