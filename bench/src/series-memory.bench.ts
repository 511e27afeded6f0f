import { fork } from "node:child_process";
import { once } from "node:events";
import { hand, type Report } from "./support/report.ts";
import { type Result, type Spread, spreadOf } from "./support/result.ts";
import type { SeriesMemory } from "./support/series-memory-child.ts";

/** What does a series occupy in the learner's process, and does a sample cost more among many series? */

const MILLION = 1_000_000;

async function measured(series: number, samples: number, rounds: number): Promise<SeriesMemory> {
  const child = fork(
    new URL("./support/series-memory-child.ts", import.meta.url),
    [series, samples, rounds].map(String),
    // V8 ends a process at 4 GiB by itself; 100,000 series take more.
    { execArgv: ["--expose-gc", "--max-old-space-size=12288"] },
  );
  const exit = once(child, "exit");
  let found: SeriesMemory | undefined;
  child.on("message", (message) => {
    found = message as SeriesMemory;
  });
  const [code] = (await exit) as [number | null];
  if (code !== 0 || found === undefined) throw new Error(`the child ended with ${code}`);
  return found;
}

/** So many samples of so many series, a minute apart. */
const AGES = [
  { series: 20_000, samples: 1, name: "one sample" },
  { series: 20_000, samples: 16, name: "16 samples" },
  { series: 5_000, samples: 100, name: "100 samples" },
  { series: 1_000, samples: 1_000, name: "1,000 samples" },
  { series: 500, samples: 14_000, name: "14,000 samples: seasoned, 1,441 of them in the window" },
] as const;
const SEASONED = AGES[AGES.length - 1];

async function bytesOfASeries(age: (typeof AGES)[number]): Promise<Result[]> {
  const { series, samples, name } = age;
  const { live, windows } = await measured(series, samples, 0);
  const shared = { unit: "bytes", better: "lower" } as const;
  const all: Result = {
    question: `What does a series with two labels occupy after ${name}, ${series.toLocaleString("en-US")} of them in one process?`,
    figure: `bytes a series, ${name}`,
    ...shared,
    ...spreadOf([live / series]),
  };
  if (age !== SEASONED) return [all];
  return [
    all,
    {
      question:
        "What of it is beyond its window: detector, online threshold, changes, 100 recommendations, its name and labels?",
      figure: "bytes a seasoned series beyond its window",
      ...shared,
      ...spreadOf([(live - windows) / series]),
      target: 10_000,
    },
  ];
}

const YOUNG = 16;
/** Samples of each series that are measured: about as many in all. */
const roundsOf = (series: number): number => (series < 100_000 ? 50 : 5);
const SIZES = [1_000, 10_000, 100_000, MILLION] as const;

/** Every sample is judged. */
const costAmong = (series: number, cost: Spread, few: Spread): Result => ({
  question: `What does a judged sample cost a partition of ${series.toLocaleString("en-US")} series, a sample of each in turn, decoding included?`,
  figure: `CPU of a judged sample among ${series.toLocaleString("en-US")} series`,
  unit: "ns",
  ...cost,
  better: "lower",
  target: 3_000,
  ...(series > SIZES[0] && { baseline: { name: "among 1,000 series", median: few.median } }),
});

async function run(): Promise<Report> {
  const results: Result[] = [];
  for (const age of AGES) results.push(...(await bytesOfASeries(age)));
  let few: Spread | undefined;
  for (const series of SIZES) {
    const { resident, cpuNs } = await measured(series, YOUNG, roundsOf(series));
    const cost = spreadOf(cpuNs);
    few ??= cost;
    results.push(costAmong(series, cost, few));
    if (series !== MILLION) continue;
    results.push({
      question: `What does a learner's process occupy with 1,000,000 series of ${YOUNG} samples?`,
      figure: "1,000,000 series",
      unit: "GB",
      ...spreadOf([resident / 1e9]),
      better: "lower",
      target: 4,
    });
  }
  return {
    title: "Memory of series",
    results,
    notes: [
      "Bytes a series are objects and buffers alive after a full collection; the million's are resident memory (RSS), in which a process of a few series has about 300 MB that do not grow with them.",
    ],
  };
}

await hand(run());
