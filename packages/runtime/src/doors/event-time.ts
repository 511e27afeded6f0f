import { accepted, type Decoded, refused } from "@mapek/core/contract";
import type { Config } from "../config/config-schema.ts";

/**
 * The event time of a message: its own timestamp, or the time of arrival.
 *
 * A timestamp more than `ingest.max_ahead_seconds` ahead of the clock is refused with MAPEK_SAMPLE_IN_FUTURE: a
 * waiting time of an actor that starts in the future would end too late.
 */
export function eventTime(
  timestamp: number | undefined,
  now: number,
  config: Config,
): Decoded<number> {
  if (timestamp === undefined) return accepted(now);
  const aheadSeconds = (timestamp - now) / 1_000;
  if (aheadSeconds <= config.ingest.max_ahead_seconds) return accepted(timestamp);
  return refused(
    "MAPEK_SAMPLE_IN_FUTURE",
    `timestamp ${timestamp} is ${Math.round(aheadSeconds)} s ahead of the clock`,
  );
}
