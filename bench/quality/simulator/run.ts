import { ActiveIncident } from "./active-incident.ts";
import { Loop } from "./loop.ts";
import { type Disturbance, Host, type Physics } from "./physics.ts";
import { makePolicy, type PolicyName } from "./policies.ts";
import type { Day, Incident } from "./workload.ts";

/** What a day with a policy came to; means over its incidents. */
export interface Measures {
  /** Seconds from an incident's start to the first look that saw a problem, and to the end of its effects. */
  readonly detectSeconds: number;
  readonly recoverSeconds: number;
  /** CPU of looks and corrections as a share of the host, %. */
  readonly overheadPercent: number;
  /** Looks a day that began to see a problem where there was none. */
  readonly falseAlarmsPerDay: number;
  readonly transitionsPerDay: number;
  readonly changesPerDay: number;
}

/** Seconds after an incident's end in which a problem that is still seen is that of the incident. */
const ECHO_SECONDS = 300;
const DAY_SECONDS = 86_400;

export function runDay(day: Day, name: PolicyName, physics: Physics): Measures {
  const host = new Host(physics);
  const policy = makePolicy(name);
  const loop = new Loop(host, policy, physics);
  const none: Disturbance = { loss: 0, inflation: 0, surge: 0, leak: 0 };
  let active: ActiveIncident | undefined;
  let next = 0;
  let detectedAt = -1;
  let endedAt = Number.NEGATIVE_INFINITY;
  let wasProblem = false;
  let falseAlarms = 0;
  let detectSum = 0;
  let recoverSum = 0;
  let harmful = 0;
  for (let second = 0; second < day.seconds; second++) {
    if (active === undefined && day.incidents[next]?.startSecond === second) {
      active = new ActiveIncident(day.incidents[next++] as Incident);
      detectedAt = -1;
    }
    let disturbance = none;
    if (active !== undefined) {
      disturbance = { loss: 0, inflation: 0, surge: 0, leak: 0 };
      if (!active.isOver(second, host.isHarmed())) active.disturb(second, disturbance);
      else {
        const { harmedFrom, harmedUntil } = active;
        if (harmedFrom >= 0) {
          harmful++;
          recoverSum += harmedUntil + 1 - harmedFrom;
          detectSum += Math.max(0, (detectedAt < 0 ? harmedUntil + 1 : detectedAt) - harmedFrom);
        }
        active = undefined;
        endedAt = second;
      }
    }
    host.step(
      day.demand[second] as number,
      loop.takeWork(),
      day.arrivalNoise[second] as number,
      disturbance,
    );
    policy.tick(second);
    const look = loop.step(
      second,
      day.lookNoise[second] as number,
      day.lookNoise[day.seconds - 1 - second] as number,
      active,
    );
    if (look === undefined) continue;
    if (look.problem && active !== undefined && detectedAt < 0) detectedAt = second;
    if (look.problem && !wasProblem && active === undefined && second > endedAt + ECHO_SECONDS)
      falseAlarms++;
    wasProblem = look.problem;
  }
  const days = day.seconds / DAY_SECONDS;
  return {
    detectSeconds: detectSum / Math.max(1, harmful),
    recoverSeconds: recoverSum / Math.max(1, harmful),
    overheadPercent: (100 * loop.cpuSeconds) / (physics.cores * day.seconds),
    falseAlarmsPerDay: falseAlarms / days,
    transitionsPerDay: policy.transitions / days,
    changesPerDay: policy.changes / days,
  };
}
