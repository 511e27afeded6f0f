import { quantile } from "@mapek/core/statistics";
import { head, row } from "../table.ts";
import { analysed } from "./analysed.ts";
import { INCIDENT_KINDS, madeSeries } from "./incident-kinds.ts";
import { BUDGET_DAYS } from "./judging/tally.ts";

/** Sampling, and days of a series: fewer where they are many samples. */
const RATES = [
  { name: "15 s", stepMs: 15_000, days: 12 },
  { name: "1 min", stepMs: 60_000, days: 20 },
  { name: "5 min", stepMs: 300_000, days: 28 },
  { name: "1 h", stepMs: 3_600_000, days: 60 },
] as const;
const SEEDS = 10;
/** An incident may be told so many samples after its end. */
const LATE_ROWS = 12;

/** Made incidents of every kind at every rate: share told, delay of half of them in samples, others opened in 14 days. */
export function syntheticTable(budget: number, every: number): string[] {
  const seeds = Math.ceil(SEEDS / every);
  return [
    ...head("incident", ...RATES.map(({ name }) => name)),
    ...Object.keys(INCIDENT_KINDS).map((kind) =>
      row(kind, ...RATES.map((rate) => cell(kind, rate, budget, seeds))),
    ),
  ];
}

function cell(
  kind: string,
  { stepMs, days }: (typeof RATES)[number],
  budget: number,
  seeds: number,
): string {
  const delays: number[] = [];
  let others = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { times, values, first, last } = madeSeries(kind, stepMs, days, seed);
    const { incidents } = analysed({ times, values }, { alarm_budget: budget });
    const telling = incidents.filter(({ opened }) => opened >= first && opened <= last + LATE_ROWS);
    others += incidents.length - telling.length;
    if (telling.length > 0) delays.push(telling[0]!.opened - first);
  }
  const median = delays.length === 0 ? "–" : quantile(Float64Array.from(delays), 0.5).toFixed(0);
  const otherRate = (BUDGET_DAYS * others) / (days * seeds);
  return `**${delays.length} of ${seeds}**, ${median}; ${otherRate.toFixed(1)}`;
}
