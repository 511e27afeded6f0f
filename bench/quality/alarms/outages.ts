import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { RandomSource } from "../../../packages/core/test/statistics/random-source.ts";
import { SHARED } from "../labelled.ts";
import { head, row } from "../table.ts";
import { analysed } from "./analysed.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** 2025-09-01, a Monday. */
const START_MS = 1_756_684_800_000;

/** Something that lasts from a time to another, as long as it is wrong, ms. */
interface Trouble {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

interface Situation {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly troubles: readonly Trouble[];
}

/**
 * What is told of troubles that everybody sees: the incident that tells each, how late, when it closed after its end, and
 * how many others were opened in the whole series. Situations whose input is not there are left out, with a row that says so.
 */
export function outageTable(budget: number): string[] {
  const columns = ["situation", "trouble", "lasts", "told", "samples late", "closed after its end"];
  const situations = [outages(), skippedJob(5), skippedJob(1), ...CASES.map(readCase)];
  const lines = situations.flatMap((situation) =>
    typeof situation === "string" ? [row(situation)] : situationRows(situation, budget),
  );
  return [...head(...columns, "other incidents"), ...lines];
}

function situationRows({ name, times, values, troubles }: Situation, budget: number): string[] {
  const { incidents } = analysed({ times, values }, { alarm_budget: budget });
  const step = times[1]! - times[0]!;
  // An incident may tell a trouble until an hour, or four samples, after it; one that was open before does not tell it.
  const late = Math.max(HOUR_MS, 4 * step);
  const telling = troubles.map(({ from, to }) =>
    incidents.filter(({ opened }) => times[opened]! >= from && times[opened]! <= to + late),
  );
  const others = incidents.filter((one) => !telling.some((some) => some.includes(one))).length;
  return troubles.map(({ name: trouble, from, to }, i) => {
    const some = telling[i]!;
    const [first] = some;
    const shared = row(name, trouble, duration(to - from));
    if (first === undefined) return `${shared} **not told** | – | – | ${others} |`;
    const lastRow = some.at(-1)!.closed;
    const closed = lastRow === times.length - 1 ? "open" : duration(times[lastRow]! - to);
    const delay = Math.max(0, Math.round((times[first.opened]! - from) / step));
    return `${shared} ${some.length === 1 ? "once" : `${some.length} times`} | ${delay} | ${closed} | ${others} |`;
  });
}

function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 2 * DAY_MS) return `${(ms / DAY_MS).toFixed(1)} d`;
  return size >= 2 * HOUR_MS
    ? `${(ms / HOUR_MS).toFixed(1)} h`
    : `${Math.round(ms / MINUTE_MS)} min`;
}

/** A daily cycle of 5-minute samples that stands at zero three times: 1 h, 1 h and 4 days. */
function outages(): Situation {
  const random = new RandomSource(13);
  const trouble = (name: string, day: number, ms: number): Trouble => {
    const from = START_MS + day * DAY_MS + 10 * HOUR_MS;
    return { name, from, to: from + ms - 5 * MINUTE_MS };
  };
  const troubles = [
    trouble("day 20", 20, HOUR_MS),
    trouble("day 22", 22, HOUR_MS),
    trouble("days 24–28", 24, 4 * DAY_MS),
  ];
  const times = Array.from({ length: 32 * 288 }, (_, i) => START_MS + 5 * i * MINUTE_MS);
  const values = times.map((time) => {
    const usual = 100 + 40 * Math.sin((2 * Math.PI * time) / DAY_MS) + 5 * random.normal();
    return troubles.some(({ from, to }) => time >= from && time <= to) ? 0 : usual;
  });
  return { name: "three outages", times, values, troubles };
}

/** A job of half an hour at two in the night, that does not run after four weeks. */
function skippedJob(minutes: number): Situation {
  const random = new RandomSource(17);
  const from = START_MS + 28 * DAY_MS + 2 * HOUR_MS;
  const to = from + (30 - minutes) * MINUTE_MS;
  const rows = (31 * 24 * 60) / minutes;
  const times = Array.from({ length: rows }, (_, i) => START_MS + i * minutes * MINUTE_MS);
  const values = times.map((time) => {
    const inDay = time % DAY_MS;
    const runs = inDay >= 2 * HOUR_MS && inDay < 2.5 * HOUR_MS && (time < from || time > to);
    return (runs ? 60 : 10) + random.normal();
  });
  const troubles = [{ name: "day 28", from, to }];
  return { name: `a nightly job is skipped, ${minutes} min`, times, values, troubles };
}

/** Where a case of those that users reported lies, and what in it is wrong: rows found by eye. */
interface Case {
  readonly path: string;
  readonly troubles: readonly (readonly [first: number, last: number])[];
}

const CASES: readonly Case[] = [
  { path: "02-incident-never-closes/disk_dip.csv.gz", troubles: [[900, 903]] },
  { path: "02-incident-never-closes/daily_growth_spike.csv.gz", troubles: [[400, 401]] },
  {
    path: "02-incident-never-closes/two_incidents.csv.gz",
    troubles: [
      [1_200, 1_203],
      [1_300, 1_303],
    ],
  },
  { path: "19-daily-drop/db_zero.csv.gz", troubles: [[699, 699]] },
];

function readCase({ path, troubles }: Case): Situation | string {
  const file = join(SHARED, "cases", path);
  if (!existsSync(file)) return `${path} is missing`;
  const rows = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n").slice(1);
  const times = rows.map((line) => 1_000 * Number(line.split(",")[0]));
  const values = rows.map((line) => Number(line.split(",")[1]));
  return {
    name: path,
    times,
    values,
    troubles: troubles.map(([first, last]) => ({
      name: `rows ${first}–${last}`,
      from: times[first]!,
      to: times[last]!,
    })),
  };
}
