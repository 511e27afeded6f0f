import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AdaptiveQuantile } from "@mapek/core/stats";
import { nabNames, nabSeries } from "../../../test/support/nab-series.ts";
import { CONTINUOUS, syntheticSeries, TIED } from "../../../test/support/synthetic-series.ts";
import { plot } from "../plot.ts";

const RESULTS = join(import.meta.dirname, "..", "..", "results");
mkdirSync(RESULTS, { recursive: true });
const names = [...nabNames(), ...Object.keys(CONTINUOUS), ...Object.keys(TIED)];
const rates = names.map((name) => {
  const series = name.includes("/") ? nabSeries(name) : syntheticSeries(name, 1);
  const online = new AdaptiveQuantile();
  for (const [i, time] of series.times.entries()) online.update(time, series.values[i]!);
  return online.measuredRate ?? 0;
});
const table = names.map((name, i) => `| ${name} | ${(100 * rates[i]!).toFixed(2)} % |`);
const page = ["# Calibration", "", "| series | exceedance at 5 % |", "| --- | --- |", ...table, ""];
writeFileSync(join(RESULTS, "calibration.md"), page.join("\n"));
writeFileSync(
  join(RESULTS, "calibration-exceedance.svg"),
  plot({
    title: "Share of samples above the online threshold, 5 % promised",
    xLabel: "series",
    yLabel: "share",
    series: [{ mark: "bars", points: rates.map((rate, i) => [i, rate]) }],
  }),
);
console.log(page.join("\n"));
