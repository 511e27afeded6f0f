import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Corpus, seriesOf } from "../corpora.ts";
import { plot } from "../plot.ts";
import { studyOptions } from "../study-options.ts";
import { head, row } from "../table.ts";
import { type Case, casesOf } from "./cases.ts";
import { calibrationError, reliability } from "./reliability.ts";
import { TREND_LENGTHS, trendShares } from "./trends.ts";

/**
 * Does confidence say how likely a promise is kept, and are trends real? Runs the corpora through the closed loop twice, in
 * a few minutes: `node bench/quality/calibration/main.ts --every 1` takes all series, `--only kpi` one corpus.
 */

const RESULTS = join(import.meta.dirname, "..", "..", "results");
const RATES = [0.05, 0.01];
const BINS = 10;

const { corpora, everyOf, said } = studyOptions();

function casesOfCorpus(corpus: Corpus): Case[] {
  return seriesOf(corpus, everyOf(corpus)).flatMap(({ name, load }) => {
    const series = load();
    console.error(`${corpus}: ${name}`);
    return RATES.flatMap((exceedanceRate) => casesOf(name, series, { exceedanceRate }));
  });
}

const mean = (list: readonly number[]): string =>
  list.length === 0 ? "–" : (list.reduce((sum, x) => sum + x, 0) / list.length).toFixed(3);

const summary = (name: string, cases: readonly Case[]): string =>
  row(
    name,
    cases.length,
    mean(cases.map(({ confidence }) => confidence)),
    mean(cases.map((one) => (one.kept ? 1 : 0))),
    calibrationError(cases).toFixed(3),
  );

/** Mean confidence and share kept by tenths of confidence. */
function diagram(corpus: Corpus, cases: readonly Case[]): string {
  return plot({
    title: `How often a promise was kept, by the confidence that was said: ${corpus}`,
    xLabel: "confidence",
    yLabel: "kept",
    xRange: [0, 1],
    yRange: [0, 1],
    series: [
      {
        mark: "dashed",
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      ...RATES.map((rate) => ({
        name: `promised ${100 * rate} %`,
        mark: "line" as const,
        points: reliability(cases.filter((one) => one.exceedanceRate === rate)).map(
          (bin) => [bin.said, bin.kept] as const,
        ),
      })),
    ],
  });
}

const found = corpora.map((corpus) => [corpus, casesOfCorpus(corpus)] as const);
const page = [
  "# Calibration",
  "",
  `Series of ${said}.`,
  "Each runs through the logic of the three services in the closed loop, at 5 % and 1 %, above and below. A case is a",
  "recommendation message: its confidence, and whether the thresholds in force kept the promise within ±50 % while as many",
  "samples came as it rests on. Error: expected calibration error in ten bins.",
  "",
  `Reliability diagrams: ${corpora.map((corpus) => `[${corpus}](calibration-${corpus}.svg)`).join(", ")}.`,
  "",
  ...head("corpus", "cases", "said", "kept", "error"),
  ...found.map(([corpus, cases]) => summary(`**${corpus}**`, cases)),
  "",
  "## By promise and side",
  "",
  ...head("corpus", "cases", "said", "kept", "error"),
  ...found.flatMap(([corpus, cases]) =>
    RATES.flatMap((rate) =>
      (["upper", "lower"] as const).map((side) =>
        summary(
          `${corpus}, ${100 * rate} % ${side === "upper" ? "above" : "below"}`,
          cases.filter((one) => one.exceedanceRate === rate && one.side === side),
        ),
      ),
    ),
  ),
  "",
  "## By confidence",
  "",
  ...head("confidence", ...found.flatMap(([corpus]) => [`${corpus}: cases`, "said", "kept"])),
];
const bins = found.map(([, cases]) => reliability(cases));
for (let bin = 0; bin < BINS; bin++) {
  const cells = bins.flatMap((list) => {
    const inside = list.find(({ from }) => from === bin / BINS);
    return inside === undefined
      ? ["0", "–", "–"]
      : [String(inside.count), inside.said.toFixed(2), inside.kept.toFixed(2)];
  });
  page.push(row(`${bin / BINS}–${(bin + 1) / BINS}`, ...cells));
}
page.push(
  "",
  "## Trend",
  "",
  "Share of 200 windows in which a trend was called (percent), by samples.",
  "",
  ...head("kind", ...TREND_LENGTHS.map(String)),
  ...trendShares().map(({ kind, called }) =>
    row(kind, ...called.map((share) => (100 * share).toFixed(1))),
  ),
  "",
);

mkdirSync(RESULTS, { recursive: true });
writeFileSync(join(RESULTS, "calibration.md"), page.join("\n"));
for (const [corpus, cases] of found)
  writeFileSync(join(RESULTS, `calibration-${corpus}.svg`), diagram(corpus, cases));
console.log(page.join("\n"));
