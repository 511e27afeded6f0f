import { RandomSource } from "../../packages/core/test/statistics/random-source.ts";
import type { TimedSeries } from "./synthetic-series.ts";

/** A series as operations have it, and where something happened in it. */
export interface OperationalSeries extends TimedSeries {
  readonly name: string;
  /** First and last row of each incident, with the rows around it in which it may be told of, in order. */
  readonly windows: readonly (readonly [first: number, last: number])[];
}

/** What an incident makes of the usual value, `since` rows after its beginning. */
type Change = (usual: number, since: number, random: RandomSource) => number;

interface Incident {
  /** Share of the series at which it begins. */
  readonly at: number;
  readonly rows: number;
  readonly change: Change;
}

interface Kind {
  readonly stepMs: number;
  readonly rows: number;
  /** The value where nothing happens; `day` counts from a Monday. */
  readonly usual: (random: RandomSource) => (day: number) => number;
  readonly incidents: readonly Incident[];
}

/** 2025-09-01, a Monday. */
const START_MS = 1_756_684_800_000;
const DAY_MS = 86_400_000;
const FIVE_MINUTES_MS = 300_000;
const TWO_WEEKS = 4_032;

const wave = (day: number): number => Math.sin(2 * Math.PI * (day - 0.25));
const isWeekend = (day: number): boolean => Math.floor(day) % 7 >= 5;

const plus =
  (height: number): Change =>
  (usual) =>
    usual + height;

const KINDS: Readonly<Record<string, Kind>> = {
  "passengers: day and week, a lost day, a rush": {
    stepMs: 1_800_000,
    rows: 6_000,
    usual: (random) => (day) =>
      Math.round((isWeekend(day) ? 11_000 : 15_000) + 8_000 * wave(day) + 700 * random.normal()),
    incidents: [
      { at: 0.5, rows: 30, change: (usual) => 0.35 * usual },
      { at: 0.7, rows: 12, change: plus(14_000) },
      { at: 0.9, rows: 30, change: (usual) => 0.4 * usual },
    ],
  },
  "cpu: flat, spikes and a level": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => () => 1.8 + 0.1 * random.normal(),
    incidents: [
      { at: 0.45, rows: 6, change: plus(1.2) },
      { at: 0.75, rows: 150, change: plus(0.5) },
    ],
  },
  "requests: a day that jumps up": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => (day) => (wave(day) > 0 ? 80 : 20) + 3 * random.normal(),
    incidents: [{ at: 0.755, rows: 100, change: (usual) => 2 * usual }],
  },
  "requests: a day without its peak": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => (day) => (wave(day) > 0 ? 80 : 20) + 3 * random.normal(),
    incidents: [{ at: 0.74, rows: 140, change: (_, __, random) => 20 + 3 * random.normal() }],
  },
  "mentions: counts with a heavy tail": {
    stepMs: FIVE_MINUTES_MS,
    rows: 6_000,
    usual: (random) => (day) => Math.round((30 + 15 * wave(day)) * Math.exp(0.4 * random.normal())),
    incidents: [
      { at: 0.4, rows: 12, change: (usual) => 12 * usual },
      { at: 0.8, rows: 24, change: (usual) => 6 * usual },
    ],
  },
  "cost of a click: hourly, single extremes": {
    stepMs: 3_600_000,
    rows: 1_600,
    usual: (random) => () => 0.1 * Math.exp(0.25 * random.normal()),
    incidents: [
      { at: 0.5, rows: 2, change: plus(0.9) },
      { at: 0.8, rows: 3, change: plus(0.5) },
    ],
  },
  "temperature: slow, a machine that fails": {
    stepMs: 3_600_000,
    rows: 4_000,
    usual: (random) => {
      let drift = 0;
      return (day) => {
        drift = 0.98 * drift + 0.2 * random.normal();
        return 70 + 3 * wave(day) + drift + 0.5 * random.normal();
      };
    },
    incidents: [
      { at: 0.55, rows: 40, change: (usual, since) => usual - 0.5 * since },
      { at: 0.85, rows: 60, change: (usual, since) => usual + 0.3 * since },
    ],
  },
  "queue: falls silent": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => (day) => 200 + 60 * wave(day) + 25 * random.normal(),
    incidents: [{ at: 0.6, rows: 120, change: () => 175 }],
  },
  "disk: noise that grows": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => () => 40 + 2 * random.normal(),
    incidents: [{ at: 0.65, rows: 100, change: (usual) => 40 + 5 * (usual - 40) }],
  },
  "quiet: a day and nothing else": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => (day) => 50 + 20 * wave(day) + 2 * random.normal(),
    incidents: [],
  },
  "quiet: a saw": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => (day) => 20 + 60 * ((4 * day) % 1) + random.normal(),
    incidents: [],
  },
  "quiet: nothing but noise": {
    stepMs: FIVE_MINUTES_MS,
    rows: TWO_WEEKS,
    usual: (random) => () => 20 + random.normal(),
    incidents: [],
  },
};

/** Names of the kinds, in order. */
export const OPERATIONAL: readonly string[] = Object.keys(KINDS);

/** A window begins so many rows of its incident before it, and ends with it. */
const EARLY_SHARE = 0.1;
/** Windows of short incidents are longer: a share of the series. */
const LEAST_SHARE = 0.02;

/** A series of a kind; the same seed gives the same series. */
export function operationalSeries(name: string, seed = 1): OperationalSeries {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`no kind of series is called ${name}`);
  const { stepMs, rows, incidents } = kind;
  const random = new RandomSource(seed * 104_729 + OPERATIONAL.indexOf(name));
  const usual = kind.usual(random);
  const times = Float64Array.from({ length: rows }, (_, row) => START_MS + row * stepMs);
  const begins = incidents.map(({ at }) => Math.floor(at * rows));
  const values = times.map((time, row) => {
    const value = usual((time - START_MS) / DAY_MS);
    const which = begins.findIndex(
      (begin, i) => row >= begin && row < begin + (incidents[i] as Incident).rows,
    );
    const incident = incidents[which];
    return incident === undefined
      ? value
      : incident.change(value, row - (begins[which] as number), random);
  });
  const windows = incidents.map((incident, i) => {
    const begin = begins[i] as number;
    const length = Math.max(incident.rows, Math.floor(LEAST_SHARE * rows));
    return [begin - Math.floor(EARLY_SHARE * length), begin + length] as const;
  });
  return { name, times, values, windows };
}
