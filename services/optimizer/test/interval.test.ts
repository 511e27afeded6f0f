import { describe, expect, it } from "vitest";
import {
  bestStretch,
  expectedLoss,
  initialIntervalCost,
  noteReport,
} from "../src/tuning/interval-cost.ts";
import { CALM, parametersIn, type Subject, subjectIn } from "./fixtures.ts";

const at = (cpu_usage: number, more = {}) => ({ ...CALM, cpu_usage, ...more });
const interval = (subject: Subject) => subject.parameters.monitoring_interval;

/** Ordinary noise: 30 to 33 % CPU. */
function calm(subject: Subject, reports: number): void {
  for (let i = 0; i < reports; i++) subject.report(at(30 + (i % 4)), 60);
}

describe("the monitoring interval", () => {
  it("is the one of least loss: the square root of cost over trouble", () => {
    const looks = initialIntervalCost();
    for (let i = 0; i < 100; i++) noteReport(looks, 0.3, 0.1, 1);
    for (let i = 0; i < 4; i++) noteReport(looks, 0.6, 0.1, 1);
    for (let i = 0; i < 12; i++) noteReport(looks, 0.3, 0.1, 1);
    for (const cost of [0.05, 0.1, 0.2]) {
      const best = bestStretch(looks, cost);
      for (const other of [best * 0.9, best * 1.1])
        expect(expectedLoss(looks, cost, best)).toBeLessThan(expectedLoss(looks, cost, other));
    }
    expect(bestStretch(looks, 0.2)).toBeCloseTo(bestStretch(looks, 0.1) * Math.SQRT2, 6);
  });

  it("is that of the row while nothing is known of trouble", () => {
    const subject = subjectIn("healthy");
    calm(subject, 500);
    expect(interval(subject)).toBe(60);
  });

  it("is cut to its bound at the first look that finds trouble, and again the longer one after it has passed", () => {
    const subject = subjectIn("healthy");
    calm(subject, 50);
    const [cut] = parametersIn(subject.report(at(55), 60));
    expect(cut).toMatchObject({
      monitoring_interval: 30,
      changed: ["monitoring_interval"],
      phase: "full",
      predicted: { objective: "look_loss", within_reports: 2, within_seconds: 60 },
    });
    expect(cut?.reason).toMatch(/^looks lately find .* pressure beyond normal, .* 60 → 30 s$/);
    for (let i = 0; i < 8; i++) subject.report(at(55), 30);
    expect(interval(subject)).toBe(30);
    calm(subject, 200);
    expect(interval(subject)).toBeGreaterThanOrEqual(80);
    const published = parametersIn(subject.outputs);
    expect(published.map(({ phase }) => phase)).toContain("canary");
    expect(published.flatMap(({ outcome }) => outcome ?? [])).toContainEqual(
      expect.objectContaining({ objective: "look_loss", worse: false }),
    );
  });

  it("returns at the second look when the trouble was but a moment's", () => {
    const subject = subjectIn("healthy");
    calm(subject, 50);
    subject.report(at(60), 60);
    expect(interval(subject)).toBe(30);
    subject.report(at(31), 30);
    const [back] = parametersIn(subject.report(at(31), 30));
    expect(back).toMatchObject({ monitoring_interval: 60, phase: "rollback" });
    expect(back?.reason).toContain("found no pressure beyond normal any more");
  });

  it("takes a later look back when that finds more trouble than it saves", () => {
    const subject = subjectIn("healthy", { decrease_hold_reports: 100 });
    calm(subject, 50);
    for (let i = 0; i < 8; i++) subject.report(at(55), 60);
    let canary = false;
    for (let i = 0; i < 100 && !canary; i++)
      canary = parametersIn(subject.report(at(30 + (i % 4)), 60)).some(
        (it) => it.phase === "canary",
      );
    expect(canary).toBe(true);
    const longer = interval(subject);
    let rollback: ReturnType<typeof parametersIn> = [];
    for (let i = 0; i < 6; i++) rollback = parametersIn(subject.report(at(50 + 2 * i), 60));
    expect(rollback).toMatchObject([{ phase: "rollback", outcome: { worse: true } }]);
    expect(interval(subject)).toBeLessThan(longer);
  });

  it("grows while a cycle takes most of it", () => {
    const subject = subjectIn("healthy", { base_monitoring_interval: 1 });
    for (let i = 0; i < 100; i++) subject.report({ ...CALM, cycle_latency: 0.9 });
    expect(interval(subject)).toBeGreaterThan(1.3);
    expect(interval(subject)).toBeLessThanOrEqual(1.5);
    expect(parametersIn(subject.outputs)[1]?.reason).toMatch(
      /^mean cycle_latency .* s is .* % of the interval: monitoring_interval 1 → /,
    );
    for (let i = 0; i < 100; i++) subject.report({ ...CALM, cycle_latency: 0.1 });
    expect(interval(subject)).toBeLessThan(1.3);
  });

  it("spends what it saves on depth where a state has cut that", () => {
    const subject = subjectIn("degraded", { increase_tolerance: 0.01 });
    for (let i = 0; i < 60; i++)
      subject.report({ cpu_usage: 62 + (i % 3), cycle_latency: 20, decision_quality: 0.5 }, 30);
    expect(subject.state.state).toBe("critical");
    expect(subject.parameters).toMatchObject({ monitoring_interval: 15, analysis_depth: 30 });
  });

  it("is that of the row in the next state", () => {
    const subject = subjectIn("healthy");
    calm(subject, 50);
    subject.report(at(55), 60);
    subject.force("optimizing");
    expect(interval(subject)).toBe(30);
  });
});

describe("modes", () => {
  it("shadow publishes whole steps, tries nothing and judges nothing", () => {
    const subject = subjectIn("healthy", { mode: "shadow" });
    calm(subject, 50);
    for (let i = 0; i < 8; i++) subject.report(at(55), 60);
    calm(subject, 300);
    const published = parametersIn(subject.outputs);
    expect(published.length).toBeGreaterThan(3);
    for (const message of published) {
      expect(message.mode).toBe("shadow");
      expect([undefined, "full"]).toContain(message.phase);
      expect(message.outcome).toBeUndefined();
    }
    expect(subject.state.changes).toEqual([]);
  });
});

describe("a change of state", () => {
  it("says what it is expected to bring and is judged by the next ten reports", () => {
    const subject = subjectIn("critical");
    expect(subject.parameters.predicted).toMatchObject({
      objective: "pressure",
      before: 95 / 80,
      within_reports: 11,
    });
    expect(subject.parameters.predicted?.predicted).toBeCloseTo((0.9 * 95) / 80, 12);
    for (let i = 0; i < 12; i++) subject.report(at(90));
    expect(subject.state.changes).toMatchObject([
      { setting: "state", from: "healthy", to: "critical", after: 90 / 80, worse: false },
    ]);
  });
});
