import { prefixesOverlap } from "@mapek/core/contract";
import type { Config } from "./config-schema.ts";

/**
 * Finds settings that are valid each but contradict each other.
 *
 * @returns The first contradiction, in words; undefined where there is none.
 */
export function contradictionIn({ self_learning, streams }: Config): string | undefined {
  const { public_prefix, stored_prefix } = streams;
  if (prefixesOverlap({ public: public_prefix, stored: stored_prefix }))
    return `streams.public_prefix ${public_prefix} and streams.stored_prefix ${stored_prefix} overlap, expected two roots`;
  return contradictionOfLearning(self_learning);
}

function contradictionOfLearning(learning: Config["self_learning"]): string | undefined {
  const { window_capacity, metrics } = learning;
  for (const [i, entry] of [learning, ...metrics].entries()) {
    const place = i === 0 ? "self_learning" : `self_learning.metrics.${i - 1}`;
    const { min_data_points = 0, minimum = -Infinity, maximum = Infinity } = entry;
    if (min_data_points > window_capacity)
      return `${place}.min_data_points ${min_data_points}: expected at most self_learning.window_capacity, ${window_capacity}`;
    if (minimum > maximum)
      return `${place}.minimum ${minimum}: expected at most its maximum, ${maximum}`;
  }
  return undefined;
}
