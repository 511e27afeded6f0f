import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LABELLED_CORPORA } from "../labelled.ts";
import { delayOf, SIZES, STEPS_MS } from "./delays.ts";
import { changesOfCorpus, type SeriesChanges, unevenness } from "./false-changes.ts";

/**
 * How often is a lasting change told for nothing, and how late a true one? Counts what the detector tells on production
 * series, by hour and weekday, and measures the delay on synthetic level shifts. `node bench/quality/changes/main.ts --seeds 4`
 * takes fewer of those.
 */

const RESULTS = join(import.meta.dirname, "..", "..", "results");
/** At most so many false changes a series and day. */
const ASKED = 0.02;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/** Amplitude of the daily wave, in deviations of the noise. */
const WAVES = [0, 5];

const at = process.argv.indexOf("--seeds");
const seeds = at < 0 ? 12 : Number(process.argv[at + 1]);
if (!Number.isSafeInteger(seeds) || seeds < 1) {
  console.error("--seeds takes a whole number from 1");
  process.exit(2);
}

const row = (...cells: (string | number)[]): string => `| ${cells.join(" | ")} |`;
const head = (...cells: string[]): string[] => [row(...cells), row(...cells.map(() => "---"))];

const found = LABELLED_CORPORA.map((corpus) => ({ corpus, all: changesOfCorpus(corpus) }));

function falseLine(corpus: string, all: readonly SeriesChanges[]): string {
  const days = all.reduce((sum, series) => sum + series.days, 0);
  const changes = all.flatMap((series) => series.changes);
  const far = changes.filter(({ isNear }) => !isNear);
  const worst = Math.max(
    ...all.map((series) => series.changes.filter(({ isNear }) => !isNear).length / series.days),
  );
  return row(
    corpus,
    all.length,
    days.toFixed(0),
    changes.filter(({ kind }) => kind === "level_shift").length,
    changes.filter(({ kind }) => kind === "drift").length,
    (changes.length / days).toFixed(4),
    `**${(far.length / days).toFixed(4)}**`,
    worst.toFixed(3),
  );
}

/**
 * Of changes that are not near an event: how many began in each bucket of local time. Series of a corpus that move in the same
 * hour have one reason, and count once.
 */
function counts(all: readonly SeriesChanges[], buckets: number, bucketOf: (ms: number) => number) {
  const list = Array.from({ length: buckets }, () => 0);
  const far = all.flatMap(({ changes }) => changes.filter(({ isNear }) => !isNear));
  for (const hour of new Set(far.map(({ since }) => Math.floor(since / HOUR_MS))))
    list[bucketOf(hour * HOUR_MS)]!++;
  return list;
}
const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS) % 24;
const weekdayOf = (ms: number): number => (Math.floor(ms / DAY_MS) + 3) % 7;

const page: string[] = [
  "# Lasting changes",
  "",
  "## Told for nothing",
  "",
  `Production series, labelled by their operators; asked: at most ${ASKED} a series and day. A change is near an event that lies within`,
  "two hours (or three samples) of the time since which it is told; every other counts as false, true ones that nobody labelled too.",
  "",
  ...head(
    "corpus",
    "series",
    "days",
    "level shifts",
    "drifts",
    "a series and day",
    "not near an event",
    "most in one series",
  ),
  ...found.map(({ corpus, all }) => falseLine(corpus, all)),
  "",
  "## When they begin",
  "",
  "Those that are not near an event, by hour and weekday of the time since which they are told; series of a corpus that move in the same",
  "hour count once. χ² against chance as a normal deviate (above 2.3: one in a hundred by chance).",
  "",
  ...head("corpus", ...Array.from({ length: 24 }, (_, hour) => String(hour)), "uneven"),
  ...found.map(({ corpus, all }) => {
    const hours = counts(all, 24, hourOf);
    return row(corpus, ...hours, unevenness(hours).toFixed(1));
  }),
  "",
  ...head("corpus", ...WEEKDAYS, "uneven"),
  ...found.map(({ corpus, all }) => {
    const days = counts(all, 7, weekdayOf);
    return row(corpus, ...days, unevenness(days).toFixed(1));
  }),
  "",
  "## How late a true one is told",
  "",
  `A level shift after 20 days of normal noise, ${seeds} series each: hours until half are told as such (told; other changes a series).`,
  "",
  ...head(
    "daily wave",
    "size",
    ...STEPS_MS.map((ms) => (ms < 60_000 ? `${ms / 1_000} s` : `${ms / 60_000} min`)),
  ),
  ...WAVES.flatMap((wave) =>
    SIZES.map((size) =>
      row(
        wave === 0 ? "none" : `±${wave}`,
        size,
        ...STEPS_MS.map((stepMs) => {
          const { median, told, others } = delayOf(size, stepMs, wave, seeds);
          return `${median.toFixed(1)} (${told} of ${seeds}; ${others.toFixed(1)})`;
        }),
      ),
    ),
  ),
  "",
];

mkdirSync(RESULTS, { recursive: true });
writeFileSync(join(RESULTS, "changes.md"), page.join("\n"));
console.log(page.join("\n"));
