import { RandomSource } from "../../../packages/core/test/statistics/random-source.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 2025-09-01, a Monday. */
const START_MS = 1_756_684_800_000;
/** A series whose daily wave is 8 deviations of its noise high, to either side. */
const LEVEL = 100;
const WAVE = 40;
const NOISE = 5;

/** A sample of an incident. */
interface Place {
  /** Time since the incident began, ms. */
  readonly since: number;
  /** Time in the day, as a share of it. */
  readonly day: number;
  readonly random: RandomSource;
}

interface Kind {
  /** Hours that it lasts, and at least so many samples. */
  readonly hours: number;
  readonly samples: number;
  /** Hour of the day at which it begins. */
  readonly hour: number;
  readonly change: (usual: number, place: Place) => number;
  /** Share of samples that are single spikes without it. */
  readonly spikes?: number;
}

const waveAt = (day: number): number => LEVEL + WAVE * Math.sin(2 * Math.PI * (day - 0.25));
const SPIKE = 10 * NOISE;

/** Each kind of incident, told from what is usual by someone who looks at the plot. */
export const INCIDENT_KINDS: Readonly<Record<string, Kind>> = {
  spike: { hours: 0, samples: 3, hour: 9, change: (usual) => usual + SPIKE },
  dip: { hours: 0, samples: 3, hour: 12, change: (usual) => 0.1 * usual },
  "level shift": { hours: 48, samples: 24, hour: 9, change: (usual) => usual + 6 * NOISE },
  drift: {
    hours: 48,
    samples: 24,
    hour: 9,
    change: (usual, { since }) => usual + (12 * NOISE * since) / (2 * DAY_MS),
  },
  flatline: { hours: 6, samples: 12, hour: 9, change: () => LEVEL },
  "noise burst": {
    hours: 6,
    samples: 12,
    hour: 9,
    change: (usual, { random }) => usual + 4 * NOISE * random.normal(),
  },
  "missing daily peak": {
    hours: 12,
    samples: 12,
    hour: 6,
    change: (usual, { day }) => usual - waveAt(day) + LEVEL,
  },
  "phase shift": {
    hours: 24,
    samples: 24,
    hour: 0,
    change: (usual, { day }) => usual - waveAt(day) + waveAt(day + 0.25),
  },
  "rate of spikes": {
    hours: 12,
    samples: 24,
    hour: 9,
    spikes: 0.005,
    change: (usual, { random }) => usual + (random.uniform() < 0.15 ? SPIKE : 0),
  },
};

/** A series with one incident, and where that is. */
export interface MadeSeries {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly first: number;
  readonly last: number;
}

/** A daily wave with noise, in which an incident of a kind begins after three quarters; the same seed gives the same series. */
export function madeSeries(name: string, stepMs: number, days: number, seed: number): MadeSeries {
  const kind = INCIDENT_KINDS[name]!;
  const random = new RandomSource(7_919 * seed + name.length);
  const begin = Math.floor(0.75 * days) * DAY_MS + kind.hour * HOUR_MS;
  const first = Math.round(begin / stepMs);
  const rows = Math.max(kind.samples, Math.round((kind.hours * HOUR_MS) / stepMs));
  const times = Array.from({ length: Math.round((days * DAY_MS) / stepMs) }, (_, i) => i * stepMs);
  const values = times.map((time, i) => {
    const day = (time / DAY_MS) % 1;
    const spike = random.uniform() < (kind.spikes ?? 0) ? SPIKE : 0;
    const usual = waveAt(day) + NOISE * random.normal() + spike;
    if (i < first || i >= first + rows) return usual;
    return kind.change(usual, { since: time - begin, day, random });
  });
  return { times: times.map((time) => START_MS + time), values, first, last: first + rows - 1 };
}
