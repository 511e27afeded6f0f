import { requireSnapshot } from "../errors.ts";
import type { RecentValuesSnapshot } from "../window/recent-values.ts";
import type { RangeMemorySnapshot } from "./range-memory.ts";
import type { RecordDetectorSnapshot } from "./record-detector.ts";

/** State of a detector of version 4 or 5, from before `HourlyTail` existed; only the fields that `recordsOf` reads. */
export interface OldDetectorSnapshot {
  version: 4 | 5;
  numbers: Float64Array;
  ranges: Omit<RangeMemorySnapshot, "in_block" | "begun_at">;
  recent: RecentValuesSnapshot;
  season: { seasonal: boolean };
}

/** Counts of numbers in an old state: before the season, of the season, and of the trend, which version 4 does not have. */
const BEFORE_SEASON = 19;
const OF_SEASON = 5;
const OF_TREND = 14;
/** Views of an old state; the views of the season stand last. */
const OLD_VIEWS = 14;
const VIEWS = 8;
const BLOCK_POINTS = 1_000;

/** The records of an old state as a current snapshot, without the views of the season. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
export function recordsOf(old: OldDetectorSnapshot): RecordDetectorSnapshot {
  const { version, numbers, ranges, recent } = old;
  requireSnapshot(version === 4 || version === 5, "not a detector of version 4 to 6");
  const trend =
    version === 5 ? numbers.slice(BEFORE_SEASON + OF_SEASON) : new Float64Array(OF_TREND);
  return {
    version: 6,
    numbers: Float64Array.from([...numbers.slice(0, BEFORE_SEASON), ...trend]),
    ranges: {
      points: ranges.points,
      in_block: ranges.points % BLOCK_POINTS,
      begun_at: 0,
      bounds: ranges.bounds.filter(isKept),
      blocks: ranges.blocks.filter(isKept),
    },
    recent,
  };
}

/** Ends of ranges stand by view, one list after another. */
const isKept = (_: number, at: number): boolean => at % OLD_VIEWS < VIEWS;
