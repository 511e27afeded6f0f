import { trend } from "@mapek/core/stats";
import { syntheticSeries } from "../../../test/support/synthetic-series.ts";

const ROUNDS = 200;
/** Samples every 5 minutes: 12 hours, a day, a day and a half, three days, a week, a month. */
const LENGTHS = [144, 288, 432, 864, 2_016, 8_640];
const WITHOUT = ["normal", "lognormal", "t with 2 degrees", "AR(1) 0.9", "daily and weekly"];
const HOUR_MS = 3_600_000;

interface TrendShare {
  readonly kind: string;
  /** Share of windows in which a trend was called, by their length. */
  readonly called: readonly number[];
}

export const TREND_LENGTHS = LENGTHS;

/** How often a trend is called where there is none, and in the last two rows where there is one. */
export function trendShares(): TrendShare[] {
  const shares: TrendShare[] = [];
  for (const drift of [0, 1])
    for (const kind of drift === 0 ? WITHOUT : ["normal", "daily and weekly"]) {
      const called = LENGTHS.map((length) => {
        let count = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const { times, values } = syntheticSeries(kind, 100 + round, 8_640);
          const from = (round * 37) % (8_640 - length + 1);
          const slope = drift * 0.3;
          const drifting = values
            .slice(from, from + length)
            .map((value, i) => value + (slope * (times[i]! - times[0]!)) / HOUR_MS);
          const { direction } = trend(times.subarray(from, from + length), drifting);
          if (direction !== "stable") count++;
        }
        return count / ROUNDS;
      });
      shares.push({ kind: drift === 0 ? kind : `${kind}, 0.3 an hour added`, called });
    }
  return shares;
}
