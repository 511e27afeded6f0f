import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SIDES, type Side } from "@mapek/core/statistics";
import { handedOutSides } from "../../../test/support/handed-out.ts";
import { type Corpus, seriesOf } from "../corpora.ts";
import { studyOptions } from "../study-options.ts";
import { type Judged, LONG, PROMISES, type Promised } from "./kept.ts";
import { broken, eachSeries, type Group, summary } from "./tables.ts";

/**
 * Does what a subscriber has keep the promised rate? Runs the corpora through the closed loop four times, in a
 * few minutes: `node bench/quality/promise/main.ts --every 1` takes all series, `--only kpi` one corpus.
 */

const RESULTS = join(import.meta.dirname, "..", "..", "results");
/** Learning rates beside the default of a healthy system, which is 0.1: of a quiet and of a critical one. */
const LEARNING_RATES = [0.05, 0.3];

const { corpora, everyOf, said } = studyOptions();

/** The same series for all sides at once: a house learns both. */
function groupsOf(
  corpus: Corpus,
  promised: Promised,
  sides: readonly Side[],
  learningRate?: number,
): Group[] {
  const judged = new Map<Side, Judged[]>(sides.map((side) => [side, []]));
  for (const { name, load } of seriesOf(corpus, everyOf(corpus))) {
    const series = load();
    const samples = series.values.length;
    const found = handedOutSides(series, {
      exceedanceRate: promised.rate,
      sides,
      ...(learningRate !== undefined && { learningRate }),
    });
    for (const one of found) judged.get(one.side)?.push({ ...one, name, samples });
    console.error(`${corpus} ${promised.rate} ${learningRate ?? "default"}: ${name}`);
  }
  return sides.map((side) => ({
    corpus,
    promised,
    side,
    learningRate,
    judged: judged.get(side) ?? [],
  }));
}

const usual = PROMISES.flatMap((promised) =>
  corpora.flatMap((corpus) => groupsOf(corpus, promised, SIDES)),
);
const varied = LEARNING_RATES.flatMap((rate) =>
  corpora.flatMap((corpus) => groupsOf(corpus, PROMISES[0], ["upper"], rate)),
);
const page = [
  "# Promise",
  "",
  `Series of ${said}.`,
  "Each runs through the logic of the three services in the closed loop; a sample counts against what the last message before",
  "it said of its time, from the first threshold on. Online: changes with each sample. Published: the value",
  "of the last hourly recommendation. In force: the last message on `thresholds`, with its schedule.",
  "",
  `A series of more than ${LONG} samples is held to its promise. Kept: within 1 point at 5 %, 0.3 at 1 %; where values tie at`,
  "the threshold (the share on it is above that), at most the promise plus that. Loss is the pinball loss over that of the",
  "online threshold; it and the messages a day on `thresholds` are medians, with the largest of all beside them.",
  "",
  ...summary(usual),
  "",
  "## Not kept",
  "",
  "By the threshold in force, at the default learning rate; shares in percent.",
  "",
  ...broken(usual),
  "",
  "## Other learning rates",
  "",
  ...summary(varied),
  "",
];
for (const group of usual)
  if (group.promised === PROMISES[0] && group.side === "upper")
    page.push(`## ${group.corpus}, 5 % above`, "", ...eachSeries(group), "");

mkdirSync(RESULTS, { recursive: true });
writeFileSync(join(RESULTS, "promise.md"), page.join("\n"));
console.log(page.join("\n"));
