import { describe, expect, it } from "vitest";
import { average, compare, difference, estimate } from "../bench/quality/simulator/compare.ts";
import { Host, PHYSICS } from "../bench/quality/simulator/physics.ts";
import { POLICIES } from "../bench/quality/simulator/policies.ts";
import { makeDay, WORKLOADS } from "../bench/quality/simulator/workload.ts";
import { normalValues } from "../bench/src/support/result.ts";

const CALM = { loss: 0, inflation: 0, surge: 0, leak: 0 };
const SEEDS = [1, 2, 3, 4, 5, 6];

/** The host after `seconds` of the same disturbance, and its mean utilization. */
function hosted(seconds: number, disturbance = CALM, background = 0) {
  const host = new Host(PHYSICS);
  const noise = normalValues(seconds, 7);
  let sum = 0;
  for (const one of noise) {
    host.step(1, background, one, disturbance);
    sum += host.utilization;
  }
  return { host, mean: sum / seconds };
}

describe("the simulated host", () => {
  it("is as busy as what arrives, and answers in the ordinary time", () => {
    const { host, mean } = hosted(20_000);
    expect(mean).toBeCloseTo(PHYSICS.baseLoad, 2);
    expect(host.responseFactor()).toBeGreaterThan(0.9);
    expect(host.responseFactor()).toBeLessThan(1.2);
    expect(host.isHarmed()).toBe(false);
  });

  it("slows down for the loop, as for the requests, when capacity is lost", () => {
    const overloaded = hosted(2_000, { ...CALM, loss: 0.7 });
    expect(overloaded.mean).toBeCloseTo(1, 2);
    expect(overloaded.host.slowdown()).toBe((PHYSICS.workers + 1) / PHYSICS.cores);
    expect(overloaded.host.isHarmed()).toBe(true);
    expect(hosted(20_000, CALM, 1).mean).toBeCloseTo(PHYSICS.baseLoad + 1 / PHYSICS.cores, 2);
  });
});

describe("the study", () => {
  it("shows every policy the same day, and the same seed the same figures", () => {
    for (const workload of WORKLOADS) {
      const day = makeDay(workload, 3, 1, PHYSICS);
      expect(day).toEqual(makeDay(workload, 3, 1, PHYSICS));
      expect(day.incidents).toHaveLength(6);
    }
    expect(compare("bursts", [2], PHYSICS)).toEqual(compare("bursts", [2], PHYSICS));
  });

  it("has ours recover sooner than both others at no more overhead and no more false alarms", () => {
    const all = average(WORKLOADS.map((workload) => compare(workload, SEEDS, PHYSICS)));
    for (const other of ["fixed", "table"] as const) {
      expect(difference(all, other, "recoverSeconds").mean).toBeLessThan(0);
      expect(difference(all, other, "overheadPercent").mean).toBeLessThan(0);
      const alarms = difference(all, other, "falseAlarmsPerDay");
      expect(alarms.mean - alarms.half).toBeLessThan(0);
    }
    for (const policy of POLICIES)
      expect(estimate(all[policy].recoverSeconds).mean).toBeGreaterThan(10);
    expect(estimate(all.ours.transitionsPerDay).mean).toBeLessThan(30);
  });
});
