import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SIDES, STRATEGIES } from "@mapek/core/stats";
import { nabNames, nabSeries } from "../../../test/support/nab-series.ts";
import {
  CONTINUOUS,
  syntheticSeries,
  TIED,
  type TimedSeries,
} from "../../../test/support/synthetic-series.ts";
import { plot } from "../plot.ts";
import { type Case, casesOf } from "./cases.ts";
import { exceedance, METHODS } from "./exceedance.ts";
import { calibrationError, reliability } from "./reliability.ts";
import { TREND_LENGTHS, trendShares } from "./trends.ts";

/**
 * Do thresholds keep their promised rate, does confidence say how likely they do, and are trends real?
 * `node bench/quality/calibration/main.ts --seeds 4` takes more of each synthetic kind.
 */

const RESULTS = join(import.meta.dirname, "..", "..", "results");
/** A longer series is held to the promise. */
const LONG = 4_000;
const PROMISES = [
  { rate: 0.05, margin: 0.01 },
  { rate: 0.01, margin: 0.003 },
  { rate: 0.001, margin: 0.001 },
];

const at = process.argv.indexOf("--seeds");
const seeds = at < 0 ? 2 : Number(process.argv[at + 1]);
if (!Number.isSafeInteger(seeds) || seeds < 1) {
  console.error("--seeds takes a whole number from 1");
  process.exit(2);
}

const named: { name: string; series: TimedSeries; tied: boolean }[] = [
  ...nabNames().map((name) => ({ name, series: nabSeries(name), tied: false })),
  ...Object.keys({ ...CONTINUOUS, ...TIED }).flatMap((kind) =>
    Array.from({ length: seeds }, (_, seed) => ({
      name: `${kind} ${seed + 1}`,
      series: syntheticSeries(kind, seed + 1),
      tied: kind in TIED,
    })),
  ),
];

const percent = (share: number): string => (100 * share).toFixed(2);
const row = (...cells: (string | number)[]): string => `| ${cells.join(" | ")} |`;
const head = (...cells: string[]): string[] => [row(...cells), row(...cells.map(() => "---"))];

const page: string[] = [
  "# Calibration",
  "",
  `NAB's development series and ${seeds} of each synthetic kind (8,640 samples, one every 5 minutes).`,
  "Online: changes with each sample. The others change once an hour: published (what `adaptive` recommends), and",
  "percentile, sigma and IQR over the last day. Kept: within 1 point at 5 %, 0.3 at 1 %, 0.1 at 0.1 %; where values tie",
  "at the threshold (the share on or beyond it is large enough), at most the promise plus that. Shares are in percent;",
  "loss is the pinball loss over that of the percentile; moves is the distance that the threshold covers over that of",
  "the series. Series of up to 4,000 samples are shown and not judged.",
  "",
];

for (const { rate, margin } of PROMISES)
  for (const side of SIDES) {
    page.push(`## ${percent(rate)} % ${side === "upper" ? "above" : "below"}`, "");
    page.push(
      ...head("series", ...METHODS, "kept", "loss", "loss published", "changes/1,000", "moves"),
    );
    let judged = 0;
    const kept = METHODS.map(() => 0);
    for (const { name, series, tied } of named) {
      const found = exceedance(series, rate, side);
      const isLong = series.values.length > LONG;
      const holds = METHODS.map((method) => {
        const { beyond, reached } = found[method];
        return beyond <= rate + margin && (tied || reached >= rate - margin);
      });
      if (isLong) {
        judged++;
        for (const [m, held] of holds.entries()) if (held) kept[m]!++;
      }
      const base = found.percentile.pinball;
      const loss = (x: number): string => (base > 0 ? (x / base).toFixed(2) : "–");
      page.push(
        row(
          name,
          ...METHODS.map((method) => percent(found[method].beyond)),
          isLong ? (holds[0] ? "yes" : "**no**") : "–",
          loss(found.online.pinball),
          loss(found.published.pinball),
          found.online.changes.toFixed(0),
          found.online.movement.toFixed(2),
        ),
      );
    }
    page.push(
      row("**kept**", ...kept.map((count) => `${count} of ${judged}`), "", "", "", "", ""),
      "",
    );
  }

const cases = named.flatMap(({ name, series }) => casesOf(name, series));
page.push(
  "## Confidence",
  "",
  "What was said about the promise (±50 %) over the next window of the same length, and how often it was kept. A value",
  "stays in force over the whole window; adaptive is published anew each hour, as the learner does.",
  "",
);
const groups: [string, (one: Case) => boolean][] = [
  ["chosen strategy", ({ asked }) => asked === "auto"],
  ["adaptive", ({ asked }) => asked === "adaptive"],
  ...STRATEGIES.map((strategy): [string, (one: Case) => boolean] => [
    `chosen: ${strategy}`,
    (one) => one.asked === "auto" && one.strategy === strategy,
  ]),
  ["chosen, NAB", ({ asked, series }) => asked === "auto" && series.includes("/")],
  ["chosen, synthetic", ({ asked, series }) => asked === "auto" && !series.includes("/")],
];
page.push(...head("cases", "number", "said", "kept", "expected calibration error"));
const mean = (list: readonly number[]): string =>
  (list.reduce((sum, x) => sum + x, 0) / list.length).toFixed(3);
for (const [name, belongs] of groups) {
  const chosen = cases.filter(belongs);
  page.push(
    row(
      name,
      chosen.length,
      mean(chosen.map(({ confidence }) => confidence)),
      mean(chosen.map((one) => (one.kept ? 1 : 0))),
      calibrationError(chosen).toFixed(3),
    ),
  );
}
page.push(
  "",
  ...head("confidence", "chosen: cases", "said", "kept", "adaptive: cases", "said", "kept"),
);
const bins = groups.slice(0, 2).map(([, belongs]) => reliability(cases.filter(belongs)));
for (let bin = 0; bin < 10; bin++) {
  const cells = bins.flatMap((list) => {
    const found = list.find(({ from }) => from === bin / 10);
    return found === undefined
      ? ["0", "–", "–"]
      : [String(found.count), found.said.toFixed(2), found.kept.toFixed(2)];
  });
  page.push(row(`${bin / 10}–${(bin + 1) / 10}`, ...cells));
}

page.push(
  "",
  "## Trend",
  "",
  "Share of 200 windows in which a trend was called (percent), by samples.",
  "",
);
page.push(...head("kind", ...TREND_LENGTHS.map(String)));
for (const { kind, called } of trendShares())
  page.push(row(kind, ...called.map((share) => (100 * share).toFixed(1))));
page.push("");

mkdirSync(RESULTS, { recursive: true });
writeFileSync(join(RESULTS, "calibration.md"), page.join("\n"));
writeFileSync(
  join(RESULTS, "calibration-reliability.svg"),
  plot({
    title: "How often a promise was kept, by the confidence that was said",
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
      {
        name: "chosen strategy",
        mark: "line",
        points: bins[0]!.map(({ said, kept }) => [said, kept]),
      },
      { name: "adaptive", mark: "line", points: bins[1]!.map(({ said, kept }) => [said, kept]) },
    ],
  }),
);
console.log(page.join("\n"));
