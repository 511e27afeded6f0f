import { thresholdAt } from "@mapek/client";
import { rarityOf, rarityText } from "@mapek/core/anomaly-words";
import { describeAnomaly } from "@mapek/core/contract";
import { showNumber, showTime } from "../output/output.ts";
import { chartOf } from "./chart.ts";
import { html, Markup } from "./html.ts";
import { decisionsOf } from "./in-force.ts";
import type { Report, ReportedRecommendation, ReportedSeries } from "./report-data.ts";
import { STYLE } from "./style.ts";
import { thresholdLines } from "./threshold-lines.ts";

/** Limit of rows in a table; the newest are shown. */
const MOST_ROWS = 200;

/** A self-contained HTML page: no network, no script. Every value in it is escaped. */
export function pageOf({ title, source, madeAt, series }: Report): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="quiet">${source} · made ${showTime(madeAt)} UTC by mapek</p>
</header>
${series.map(section)}
</body>
</html>
`.text;
}

function section(series: ReportedSeries): Markup {
  const { name, times, statistics, trend, recommendation, thresholds, anomalies, changes } = series;
  const chart = chartOf(series);
  if (chart === undefined || statistics === null)
    return html`<section><h2>${name}</h2><p>No samples.</p></section>`;
  const inForce = thresholds.findLast(({ side }) => side === "upper");
  const end = times.at(-1) as number;
  const span = `${showTime(times[0] as number)} to ${showTime(end)} UTC`;
  return html`<section>
<h2>${name}</h2>
<p class="quiet">${times.length} ${times.length === 1 ? "sample" : "samples"}, ${span}</p>
<dl class="tiles">
${tile(inForce ? "threshold in force" : "recommended threshold", inForce ? thresholdAt(inForce, end) : recommendation?.recommended_value, inForce ? `${inForce.source}${inForce.schedule === undefined ? "" : ", follows the day"}` : recommendation?.strategy)}
${tile("confidence of what is recommended", recommendation?.confidence, recommendation?.provisional ? "provisional" : undefined)}
${tile("anomalies", anomalies.length, undefined)}
${tile("trend", trend.direction, `${showNumber(trend.slope_per_hour)} an hour`)}
</dl>
<figure><div class="wide">${chart}</div>
<figcaption>${legend(series)}</figcaption></figure>
${recommendation === null ? html`<p>No recommendation under 16 samples.</p>` : recommended(recommendation)}
<h3>Statistics</h3>
${figures(Object.entries(statistics))}
${thresholds.length === 0 ? undefined : thresholdsTable(thresholds)}
<h3>Anomalies</h3>
${anomaliesTable(anomalies)}
<h3>Changes</h3>
${
  changes.length === 0
    ? html`<p>None.</p>`
    : rows(
        ["Since (UTC)", "Kind", "Before", "After", "Why"],
        changes.map((one) => [
          showTime(one.since),
          one.kind.replace("_", " "),
          showNumber(one.before),
          showNumber(one.after),
          one.reasoning,
        ]),
      )
}
</section>
`;
}

/** Table of decisions about thresholds. Redraws between them are only counted here; the chart shows them. */
function thresholdsTable(thresholds: ReportedSeries["thresholds"]): Markup {
  const decided = (["upper", "lower"] as const)
    .flatMap((side) => decisionsOf(thresholds, side).map(({ threshold }) => threshold))
    .sort((a, b) => a.timestamp - b.timestamp);
  const redrawn = thresholds.length - decided.length;
  return html`<h3>Thresholds in force</h3>${rows(
    ["Since (UTC)", "Side", "Threshold then", "Set by", "Why"],
    decided.map((one) => [
      showTime(one.timestamp),
      one.side,
      showNumber(one.threshold),
      one.source,
      one.reasoning,
    ]),
  )}${redrawn === 0 ? undefined : html`<p class="quiet">${redrawn === 1 ? "Once it was" : `${redrawn} times it was`} drawn anew by the clock and by what was learned meanwhile: those are in the chart, not in this table.</p>`}`;
}

function anomaliesTable(anomalies: ReportedSeries["anomalies"]): Markup {
  if (anomalies.length === 0) return html`<p>None.</p>`;
  return rows(
    ["Opened (UTC)", "Closed", "Peak at", "Peak", "How rare", "In words"],
    anomalies.map((one) => [
      showTime(one.opened_at),
      one.closed_at === null ? "open" : showTime(one.closed_at),
      showTime(one.peak_at),
      showNumber(one.peak_value),
      rarityOfReported(one),
      describeAnomaly(one),
    ]),
  );
}

/** The rarity of an anomaly; the score for anomalies of earlier releases, which have no rarity. */
function rarityOfReported(one: ReportedSeries["anomalies"][number]): string {
  const rarity = rarityOf(one);
  return rarity === undefined ? `score ${showNumber(one.peak_score)}` : rarityText(rarity);
}

const tile = (name: string, value: number | string | undefined, note: string | undefined): Markup =>
  html`<div><dt>${name}</dt><dd>${typeof value === "string" ? value : showNumber(value)}${note === undefined ? undefined : html` <small>${note}</small>`}</dd></div>`;

function legend(series: ReportedSeries): Markup {
  const { anomalies, changes } = series;
  const lines = thresholdLines(series);
  const dashed =
    series.thresholds.length === 0
      ? "recommended threshold"
      : series.thresholds.some(({ schedule }) => schedule !== undefined)
        ? "expected next"
        : "threshold in force since";
  return html`<span class="key samples"></span>samples${
    lines.some(({ isInForce }) => isInForce)
      ? html` <span class="key threshold"></span>threshold in force`
      : undefined
  }${
    lines.some(({ isInForce }) => !isInForce)
      ? html` <span class="key proposed"></span>${dashed}`
      : undefined
  }${
    anomalies.length === 0 ? undefined : html` <span class="key anomaly"></span>anomaly`
  }${changes.length === 0 ? undefined : html` <span class="key change"></span>change`}`;
}

function recommended(it: ReportedRecommendation): Markup {
  const { strategy, recommended_value, reasoning, candidates, supporting_data } = it;
  const known = Object.entries(supporting_data).filter(([, value]) => value !== null);
  return html`<h3>Recommendation</h3>
<p><strong>${showNumber(recommended_value)}</strong> by ${strategy}, confidence ${showNumber(it.confidence)}${it.provisional ? ", provisional" : ""}. ${reasoning}</p>
${figures(Object.entries(candidates), strategy)}
<details><summary>What it rests on</summary>${figures(known as [string, number | string][])}</details>`;
}

/** Names and values side by side. */
const figures = (
  entries: readonly (readonly [string, number | string])[],
  chosen?: string,
): Markup =>
  html`<dl class="figures">${entries.map(
    ([name, value]) =>
      html`<div${name === chosen ? new Markup(' class="chosen"') : undefined}><dt>${name.replaceAll("_", " ")}</dt><dd>${typeof value === "string" ? value : showNumber(value)}</dd></div>`,
  )}</dl>`;

function rows(head: readonly string[], all: readonly (readonly string[])[]): Markup {
  const left = all.length - MOST_ROWS;
  return html`<div class="wide"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${all.slice(-MOST_ROWS).map(
    (cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>${left > 0 ? html`<p class="quiet">${left} older ones are not shown.</p>` : undefined}`;
}
