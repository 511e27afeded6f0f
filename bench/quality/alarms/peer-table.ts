import { performance } from "node:perf_hooks";
import { head, row } from "../table.ts";
import { analysed } from "./analysed.ts";
import { judge, type Verdict } from "./judging/judge.ts";
import { type JudgedCorpus, type JudgedSeries, judgedSeries } from "./judging/judged-series.ts";
import { bestThreshold, verdictsAt } from "./judging/oracle.ts";
import { tally } from "./judging/tally.ts";
import { PEERS, runPeer, whyNot } from "./peers/peers.ts";
import { SIMPLE_DETECTORS } from "./simple/simple-detectors.ts";

/** One in so many series: some peers take a third of a millisecond a sample. */
const PART: Readonly<Record<JudgedCorpus, number>> = { kpi: 9, wsd: 3, cloud: 2, nab: 3 };
const BUDGET = 1;

/** What a detector told on each corpus, and its speed. */
interface Line {
  readonly name: string;
  readonly verdicts: readonly (readonly Verdict[])[];
  /** µs a sample, over all corpora. */
  readonly microseconds: number;
}

/** Ours and others on the same part of the corpora, and why a peer is not among them. */
export function peerTable(corpora: readonly JudgedCorpus[]): string[] {
  const parts = corpora.map((corpus) => [...judgedSeries(corpus, PART[corpus])]);
  const reasons: string[] = [];
  const peers = PEERS.flatMap((peer): Line[] => {
    const reason = whyNot(peer);
    if (reason !== undefined) {
      reasons.push(reason);
      return [];
    }
    const run = runPeer(peer, parts.flat());
    return [lineOf(peer.name, parts, run.scores, run.microsecondsASample)];
  });
  const lines = [ours(parts), ...Object.keys(SIMPLE_DETECTORS).map((name) => simple(name, parts))];
  const sizes = parts.map((part, i) => `${corpora[i]} (${part.length} series)`);
  return [
    ...head("detector", ...sizes.map((size) => `${size}: told / false`), "µs a sample"),
    ...[...lines, ...peers].map(({ name, verdicts, microseconds }) =>
      row(name, ...verdicts.map(cell), microseconds.toFixed(1)),
    ),
    ...reasons.map((reason) => `\n${reason}`),
  ];
}

function cell(verdicts: readonly Verdict[]): string {
  const { told, events, falseRate } = tally(verdicts);
  return `${told} of ${events} / ${falseRate.toFixed(2)}`;
}

function ours(parts: readonly JudgedSeries[][]): Line {
  const start = performance.now();
  const verdicts = parts.map((part) =>
    part.map((series) => judge(series, analysed(series, { alarm_budget: BUDGET }).incidents)),
  );
  return { name: `mapek, budget ${BUDGET}`, verdicts, microseconds: since(start, parts) };
}

function simple(name: string, parts: readonly JudgedSeries[][]): Line {
  const start = performance.now();
  const scores = parts
    .flat()
    .map(({ times, values }) => SIMPLE_DETECTORS[name]!(times, Float64Array.from(values)));
  return lineOf(name, parts, scores, since(start, parts));
}

function lineOf(
  name: string,
  parts: readonly JudgedSeries[][],
  scores: readonly Float64Array[],
  microseconds: number,
): Line {
  let next = 0;
  const verdicts = parts.map((part) => {
    const scored = part.map((series) => ({ series, scores: scores[next++]! }));
    return verdictsAt(scored, bestThreshold(scored, BUDGET));
  });
  return { name, verdicts, microseconds };
}

const since = (start: number, parts: readonly JudgedSeries[][]): number =>
  (1_000 * (performance.now() - start)) /
  parts.flat().reduce((sum, { values }) => sum + values.length, 0);
