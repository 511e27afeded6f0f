import { quantiles } from "@mapek/core/statistics";
import { head, row } from "../table.ts";
import type { AnalysedCorpus } from "./corpus-tables.ts";
import type { IncidentRows } from "./judging/judge.ts";
import type { JudgedSeries } from "./judging/judged-series.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A drop is at or below this share of the median of the day before its event … */
const DROPPED = 0.1;
/** … of a series that was below this share of it for less than an hour of that day or so: one in twenty of its samples. */
const STOOD = 0.3;
const BRIEFLY = 0.05;
/** Fewer samples are no day. */
const MIN_DAY = 12;
/** A drop is told in time within so many samples. */
const IN_TIME = 5;

/** A labelled drop of a series to a tenth of the day's median or less. */
interface Drop {
  /** First row of its event. */
  readonly event: number;
  /** First row that is so low. */
  readonly row: number;
  /** Drops of this series in the week before. */
  readonly earlier: number;
  /** Of the series' life, counted in whole days from its first row; 0 … 6. */
  readonly weekday: number;
}

function dropsOf({ times, values, events }: JudgedSeries): Drop[] {
  const drops: Drop[] = [];
  for (const [first, last] of events) {
    let from = first;
    while (from > 0 && times[from - 1]! >= times[first]! - DAY_MS) from--;
    const day = Float64Array.from(values.slice(from, first));
    if (day.length < MIN_DAY) continue;
    const [low, usual] = quantiles(day, [BRIEFLY, 0.5]) as [number, number];
    if (!(usual > 0) || low < STOOD * usual) continue;
    const at = values.findIndex((v, i) => i >= first && i <= last && v <= DROPPED * usual);
    if (at < 0) continue;
    const since = times[at]! - WEEK_MS;
    const earlier = drops.filter((drop) => times[drop.row]! >= since).length;
    const weekday = Math.floor((times[at]! - times[0]!) / DAY_MS) % 7;
    drops.push({ event: first, row: at, earlier, weekday });
  }
  return drops;
}

/** Whether an incident told it: one that was open in the event, and opened no later than five samples after the drop. */
const isTold = ({ event, row: dropped }: Drop, incidents: readonly IncidentRows[]): boolean =>
  incidents.some(({ opened, closed }) => opened <= dropped + IN_TIME && closed >= event);

/** How many drops of the judged parts are told in time, by how many came in the week before and by day of the series' life. */
export function dropTable(corpora: readonly AnalysedCorpus[], budget: number): string[] {
  const orders = ["first in a week", "second", "third or later"];
  const lines = corpora.map(({ corpus, series, byBudget }) => {
    const all = series.flatMap((one, i) => {
      const { incidents } = byBudget.get(budget)![i]!;
      return dropsOf(one).map((drop) => ({ ...drop, told: isTold(drop, incidents) }));
    });
    const share = (of: typeof all) => `${of.filter(({ told }) => told).length} of ${of.length}`;
    return row(
      corpus,
      `**${share(all)}**`,
      ...orders.map((_, i) => share(all.filter(({ earlier }) => Math.min(earlier, 2) === i))),
      ...Array.from({ length: 7 }, (_, day) => share(all.filter(({ weekday }) => weekday === day))),
    );
  });
  const days = Array.from({ length: 7 }, (_, day) => `day ${day + 1}`);
  return [...head("corpus", "drops told", ...orders, ...days), ...lines];
}
