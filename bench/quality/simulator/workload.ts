import { mulberry32, normalValues } from "../../src/support/result.ts";
import type { Physics } from "./physics.ts";

export const WORKLOADS = ["constant", "diurnal", "bursts", "flash crowd", "slow leak"] as const;
export type Workload = (typeof WORKLOADS)[number];

type IncidentKind = "capacity loss" | "slow service" | "flash crowd" | "leak";

/** What goes wrong, known to the study and not to the loop. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly startSecond: number;
  /** When it ends without any correction. */
  readonly selfEndSecond: number;
  /** What it does when full, in the unit of its kind (see `Disturbance`), and in how many seconds it gets there. */
  readonly severity: number;
  readonly rampSeconds: number;
  /** Components that each need corrections of their own. */
  readonly components: number;
}

/** One day: what every policy meets alike. */
export interface Day {
  readonly seconds: number;
  /** Load by second as a multiple of the ordinary one. */
  readonly demand: Float64Array;
  /** Standard normal numbers by second: of the arrivals, and of what a look at that second sees. */
  readonly arrivalNoise: Float64Array;
  readonly lookNoise: Float64Array;
  readonly incidents: readonly Incident[];
}

const SLOT_SECONDS = 14_400;
const DAY_SECONDS = 86_400;
/** The diurnal curve goes from 1 − this to 1 + this. */
const DIURNAL_AMPLITUDE = 0.3;
/** Short peaks of the bursty workload, which are no incidents: how often, how long, how high. */
const BURST_MEAN_GAP_SECONDS = 1_800;
const BURST_MEAN_SECONDS = 30;
const BURST_HEIGHT = 0.8;

/** The day that belongs to a seed. The same seed gives the same day, whatever the policy. */
export function makeDay(workload: Workload, seed: number, days: number, physics: Physics): Day {
  const seconds = days * DAY_SECONDS;
  const random = mulberry32(seed * 7_919 + WORKLOADS.indexOf(workload) * 104_729 + 1);
  const whole = (): number => Math.floor(random() * 2 ** 31);
  return {
    seconds,
    demand: demandOf(workload, seconds, random),
    arrivalNoise: normalValues(seconds, whole()),
    lookNoise: normalValues(seconds, whole()),
    incidents: incidentsOf(workload, seconds, random, physics),
  };
}

function demandOf(workload: Workload, seconds: number, random: () => number): Float64Array {
  const demand = new Float64Array(seconds).fill(1);
  if (workload === "diurnal")
    for (let t = 0; t < seconds; t++)
      demand[t] = 1 - DIURNAL_AMPLITUDE * Math.cos((2 * Math.PI * t) / DAY_SECONDS);
  if (workload === "bursts")
    for (let t = exponential(random, BURST_MEAN_GAP_SECONDS); t < seconds; ) {
      const length = exponential(random, BURST_MEAN_SECONDS);
      demand.fill(1 + BURST_HEIGHT, Math.floor(t), Math.min(seconds, Math.ceil(t + length)));
      t += length + exponential(random, BURST_MEAN_GAP_SECONDS);
    }
  return demand;
}

/** One incident in each four hours, somewhere in their first hour and a half; it ends by itself before the next. */
function incidentsOf(
  workload: Workload,
  seconds: number,
  random: () => number,
  physics: Physics,
): Incident[] {
  const incidents: Incident[] = [];
  for (let slot = 0; slot < seconds; slot += SLOT_SECONDS) {
    const startSecond = Math.floor(slot + between(random, 0, 5_400));
    const length = Math.max(1_800, exponential(random, physics.selfEndSeconds));
    const end = Math.min(startSecond + length, slot + SLOT_SECONDS - 900);
    const about = {
      startSecond,
      selfEndSecond: Math.floor(end),
      components: 1 + Math.floor(random() * 4),
    };
    const slow = random() < 0.5;
    const size = random();
    if (workload === "flash crowd")
      incidents.push({
        kind: "flash crowd",
        severity: 0.8 + 1.2 * size,
        rampSeconds: 60,
        ...about,
      });
    else if (workload === "slow leak")
      incidents.push({ kind: "leak", severity: 0.8 + 0.2 * size, rampSeconds: 3_600, ...about });
    else if (slow)
      incidents.push({ kind: "slow service", severity: 0.5 + size, rampSeconds: 1, ...about });
    else
      incidents.push({
        kind: "capacity loss",
        severity: 0.3 + 0.4 * size,
        rampSeconds: 1,
        ...about,
      });
  }
  return incidents;
}

const between = (random: () => number, from: number, to: number): number =>
  from + (to - from) * random();

const exponential = (random: () => number, mean: number): number => -mean * Math.log(1 - random());
