import { head, row } from "../table.ts";
import { analysed } from "./analysed.ts";
import { BUDGET_DAYS, chanceWithin, falseLimit } from "./judging/tally.ts";
import { normalSeries, type Sampling } from "./normal-series.ts";

const DAY_MS = 86_400_000;
/** At an hour and a day a series is longer, so that there is something to learn from. */
const RATES: readonly (Sampling & { readonly name: string; readonly series: number })[] = [
  { name: "15 s, 30 days", stepMs: 15_000, points: 172_800, series: 100 },
  { name: "1 min, 30 days", stepMs: 60_000, points: 43_200, series: 100 },
  { name: "5 min, 30 days", stepMs: 300_000, points: 8_640, series: 1_000 },
  { name: "1 h, 60 days", stepMs: 3_600_000, points: 1_440, series: 100 },
  { name: "1 day, 400 days", stepMs: DAY_MS, points: 400, series: 100 },
];
/** The rate of which each kind of noise is shown. */
const SHOWN = 2;
/** Budgets to which normal series are held. */
export const NORMAL_BUDGETS = [0.1, 0.5, 2];

/** Incidents that one series on which nothing happens got at each budget. */
interface Quiet {
  readonly noise: string;
  readonly days: number;
  readonly opened: readonly number[];
}

/** False incidents of normal series: at each rate, then by kind of noise. @param every Every so many series is taken. */
export function normalTables(budgets: readonly number[], every: number): string[] {
  const byRate = RATES.map((rate) => quietSeries(rate, budgets, every));
  const columns = budgets.flatMap((budget) => [
    `budget ${budget}: false in 14 days`,
    "most in a series",
    "above 3 × the budget",
    "by chance",
  ]);
  const noises = [...new Set(byRate[SHOWN]!.map(({ noise }) => noise))];
  return [
    ...head("rate", "series", ...columns),
    ...byRate.map((all, i) => quietRow(RATES[i]!.name, all, budgets)),
    "",
    ...head(`noise, ${RATES[SHOWN]!.name}`, "series", ...columns),
    ...noises.map((noise) =>
      quietRow(
        noise,
        byRate[SHOWN]!.filter((one) => one.noise === noise),
        budgets,
      ),
    ),
  ];
}

function quietSeries(
  sampling: (typeof RATES)[number],
  budgets: readonly number[],
  every: number,
): Quiet[] {
  const days = (sampling.stepMs * sampling.points) / DAY_MS;
  return Array.from({ length: Math.ceil(sampling.series / every) }, (_, i) => {
    const { noise, times, values } = normalSeries(i * every, sampling);
    const rows = { times: Array.from(times), values: Array.from(values) };
    const opened = budgets.map(
      (budget) => analysed(rows, { alarm_budget: budget }).anomalies.length,
    );
    return { noise, days, opened };
  });
}

function quietRow(name: string, all: readonly Quiet[], budgets: readonly number[]): string {
  const days = all.reduce((sum, one) => sum + one.days, 0);
  const cells = budgets.flatMap((budget, b) => {
    const opened = all.map((one) => one.opened[b]!);
    const total = opened.reduce((sum, x) => sum + x, 0);
    const limit = falseLimit(budget, all[0]!.days);
    const above = opened.filter((count) => count > limit).length / all.length;
    return [
      `**${((total / days) * BUDGET_DAYS).toFixed(2)}**`,
      Math.max(...opened),
      above.toFixed(3),
      (1 - chanceWithin(budget, all[0]!.days)).toFixed(3),
    ];
  });
  return row(name, all.length, ...cells);
}
