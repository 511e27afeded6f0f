import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TimedSeries } from "./synthetic-series.ts";

const root = resolve(import.meta.dirname, "../..");
const DATA = resolve(root, process.env.MAPEK_SHARED ?? "../shared", "nab", "data");

/** Names of the development series, "folder/file" without its ending. @throws when the data are missing. */
export function nabNames(): string[] {
  if (!existsSync(DATA))
    throw new Error("the NAB data are missing: set MAPEK_SHARED to the folder that holds nab/data");
  return readdirSync(DATA)
    .flatMap((folder) => readdirSync(join(DATA, folder)).map((file) => `${folder}/${file}`))
    .filter((name) => name.endsWith(".csv"))
    .map((name) => name.slice(0, -".csv".length))
    .sort();
}

/** A series in order of time; of rows with the same time the first stays, as in the learner. */
export function nabSeries(name: string): TimedSeries {
  const [, ...lines] = readFileSync(join(DATA, `${name}.csv`), "utf8")
    .trim()
    .split("\n");
  const rows = lines.map((line) => {
    const [time = "", value] = line.split(",");
    return [Date.parse(`${time.replace(" ", "T")}Z`), Number(value)] as const;
  });
  const ordered = rows.toSorted(([a], [b]) => a - b);
  const kept = ordered.filter(([time], i) => i === 0 || time !== ordered[i - 1]![0]);
  return {
    times: Float64Array.from(kept, ([time]) => time),
    values: Float64Array.from(kept, ([, value]) => value),
  };
}
