import { LABELLED_CORPORA, labelledNames, labelledSeries } from "../../labelled.ts";
import { loadCorpus } from "../../nab/corpus.ts";
import { unscoredRows } from "../../nab/scorer.ts";

/** First and last row of what is wrong. */
export type Span = readonly [first: number, last: number];

/** Which openings tell an event, which are false: rows around it. */
export interface Rules {
  /** An incident may open so many rows after an event and tell it. */
  readonly lateRows: number;
  /** It is not false from so many rows before an event … */
  readonly beforeRows: number;
  /** … to so many after it; a simple detector's alarms so near each other are one incident. */
  readonly afterRows: number;
  /** Whether an incident that is open when an event begins tells it. */
  readonly openTells: boolean;
}

/** A labelled series, and the part of it that is judged. */
export interface JudgedSeries {
  readonly name: string;
  /** Milliseconds. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** First judged row; what comes before is there to learn from. */
  readonly from: number;
  /** Events that end in the judged part, in order. */
  readonly events: readonly Span[];
  readonly rules: Rules;
}

/** Corpora whose series are judged. */
export const JUDGED_CORPORA = [...LABELLED_CORPORA, "nab"] as const;
export type JudgedCorpus = (typeof JUDGED_CORPORA)[number];

const DAY_MS = 86_400_000;
/** People's labels are some rows early or late. */
const TOLERANCE_ROWS = 7;
/** Events that are nearer than this are one. */
const MERGED_ROWS = 10;

/** Rows around an event in which nothing is false, and that part two incidents: 3 % of the series, 48 to 300. */
export const gapRows = (rows: number): number =>
  Math.floor(Math.min(300, Math.max(48, 0.03 * rows)));

/** Joins runs of labelled rows that are less than ten rows apart. @param runs In order. */
export function mergedEvents(runs: readonly Span[]): Span[] {
  const merged: [number, number][] = [];
  for (const [first, last] of runs) {
    const before = merged.at(-1);
    if (before !== undefined && first - before[1] < MERGED_ROWS) before[1] = last;
    else merged.push([first, last]);
  }
  return merged;
}

/** The rules of the production corpora for a series of so many rows. */
export const operatorsRules = (rows: number): Rules => ({
  lateRows: TOLERANCE_ROWS,
  beforeRows: TOLERANCE_ROWS,
  afterRows: gapRows(rows),
  openTells: true,
});

/** NAB's own: an incident tells the window in which it opens, and is false outside of all. */
const NAB_RULES: Rules = { lateRows: 0, beforeRows: 0, afterRows: 0, openTells: false };

/** Every `every`th series of a corpus in order of name, read one after the other. @throws where its files are missing. */
export function* judgedSeries(corpus: JudgedCorpus, every = 1): Generator<JudgedSeries> {
  if (corpus === "nab") {
    for (const [i, { name, times, values, windows }] of loadCorpus().entries())
      if (i % every === 0)
        yield judged(name, times, values, unscoredRows(values.length), windows, NAB_RULES);
    return;
  }
  const share = corpus === "cloud" ? 0.2 : 0.5;
  for (const [i, name] of labelledNames(corpus).entries()) {
    if (i % every !== 0) continue;
    const { times, values, eventRows } = labelledSeries(corpus, name);
    const rows = values.length;
    const rules = operatorsRules(rows);
    yield judged(name, times, values, Math.floor(rows * share), mergedEvents(eventRows), rules);
  }
}

function judged(
  name: string,
  times: Float64Array,
  values: Float64Array,
  from: number,
  events: readonly Span[],
  rules: Rules,
): JudgedSeries {
  return {
    name,
    times: Array.from(times),
    values: Array.from(values),
    from,
    events: events.filter(([, last]) => last >= from),
    rules,
  };
}

/** Days that the judged part covers. */
export const judgedDays = ({ times, from }: JudgedSeries): number =>
  (times.at(-1)! - times[from]!) / DAY_MS;
