import { head, row } from "../table.ts";
import { type Analysed, analysed } from "./analysed.ts";
import { judge, type Verdict } from "./judging/judge.ts";
import { type JudgedCorpus, type JudgedSeries, judgedSeries } from "./judging/judged-series.ts";
import { bestThreshold, type Scored, verdictsAt } from "./judging/oracle.ts";
import { chanceWithin, tally, withinShare } from "./judging/tally.ts";
import { SIMPLE_DETECTORS } from "./simple/simple-detectors.ts";

/** Budget to which simple detectors are held. */
const ORACLE_BUDGET = 1;

/** A corpus, and what `mapek analyze` tells of it at each budget. */
export interface AnalysedCorpus {
  readonly corpus: JudgedCorpus;
  readonly series: readonly JudgedSeries[];
  readonly byBudget: ReadonlyMap<number, readonly Analysed[]>;
}

export function analysedCorpus(
  corpus: JudgedCorpus,
  budgets: readonly number[],
  every: number,
): AnalysedCorpus {
  const series = [...judgedSeries(corpus, every)];
  const byBudget = new Map(
    budgets.map((budget) => [budget, series.map((one) => analysed(one, { alarm_budget: budget }))]),
  );
  return { corpus, series, byBudget };
}

/** What is told at a budget, series by series. */
const incidentVerdicts = ({ series, byBudget }: AnalysedCorpus, budget: number): Verdict[] =>
  byBudget.get(budget)!.map(({ incidents }, i) => judge(series[i]!, incidents));

/** Columns of {@link toldRow}. */
const TOLD_COLUMNS = [
  "events told",
  "share",
  "false a series in 14 days",
  "precision",
  "delay, rows: median",
  "90 %",
  "series within 3 × the budget",
  "by chance",
];

function toldRow(verdicts: readonly Verdict[], budget: number): string[] {
  const all = tally(verdicts);
  const rows = (delay: number) => (Number.isNaN(delay) ? "–" : String(Math.round(10 * delay) / 10));
  return [
    `${all.told} of ${all.events}`,
    (all.told / all.events).toFixed(3),
    all.falseRate.toFixed(2),
    Number.isNaN(all.precision) ? "–" : all.precision.toFixed(2),
    rows(all.delayMedian),
    rows(all.delayP90),
    withinShare(verdicts, budget).toFixed(2),
    (
      verdicts.reduce((sum, { days }) => sum + chanceWithin(budget, days), 0) / verdicts.length
    ).toFixed(2),
  ];
}

/** Ours at each budget, then simple detectors, each with its best threshold within a budget of 1. */
export function corpusTable(
  corpora: readonly AnalysedCorpus[],
  simple: readonly SimplyScored[],
  budgets: readonly number[],
): string[] {
  return [
    ...head("corpus", "detector", ...TOLD_COLUMNS),
    ...corpora.flatMap((one, i) => [
      ...budgets.map((budget) =>
        row(
          one.corpus,
          `mapek, budget ${budget}`,
          ...toldRow(incidentVerdicts(one, budget), budget),
        ),
      ),
      ...simple.map(({ name, corpora: scored }) => {
        const verdicts = verdictsAt(scored[i]!, bestThreshold(scored[i]!, ORACLE_BUDGET));
        return row(one.corpus, name, ...toldRow(verdicts, ORACLE_BUDGET));
      }),
    ]),
  ];
}

/** A simple detector's scores of each corpus. */
export interface SimplyScored {
  readonly name: string;
  readonly corpora: readonly (readonly Scored[])[];
}

export const simplyScored = (corpora: readonly AnalysedCorpus[]): SimplyScored[] =>
  Object.entries(SIMPLE_DETECTORS).map(([name, detector]) => ({
    name,
    corpora: corpora.map(({ series }) =>
      series.map((one) => ({
        series: one,
        scores: detector(one.times, Float64Array.from(one.values)),
      })),
    ),
  }));

/** What simple detectors tell of a corpus with the threshold that is best on all others; ours has nothing to choose. */
export function leftOutTable(
  corpora: readonly AnalysedCorpus[],
  simple: readonly SimplyScored[],
): string[] {
  return [
    ...head("detector, told / false", ...corpora.map(({ corpus }) => corpus)),
    ...simple.map(({ name, corpora: scored }) =>
      row(
        name,
        ...scored.map((one, i) => {
          const others = scored.filter((_, k) => k !== i).flat();
          return toldAndFalse(verdictsAt(one, bestThreshold(others, ORACLE_BUDGET)));
        }),
      ),
    ),
  ];
}

/** Share of events told, and false incidents a series in 14 days. */
function toldAndFalse(verdicts: readonly Verdict[]): string {
  const { told, events, falseRate } = tally(verdicts);
  return `${(told / events).toFixed(3)} / ${falseRate.toFixed(2)}`;
}

/** A column a budget: share told, and false incidents a series in 14 days. */
export function budgetTable(
  corpora: readonly AnalysedCorpus[],
  budgets: readonly number[],
): string[] {
  return [
    ...head("corpus, told / false", ...budgets.map((budget) => `budget ${budget}`)),
    ...corpora.map((one) =>
      row(one.corpus, ...budgets.map((budget) => toldAndFalse(incidentVerdicts(one, budget)))),
    ),
  ];
}
