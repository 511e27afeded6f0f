import { DEFAULT_PROFILE, type StateRow, SYSTEM_STATES } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableRow } from "../src/states/parameter-table.ts";
import { CALM, parametersIn, Subject, settingsOf, subjectIn, UNHELD } from "./fixtures.ts";

const TABLE = {
  healthy: [60, 100, 300, 4, 0.1],
  optimizing: [30, 150, 600, 6, 0.3],
  degraded: [30, 50, 180, 2, 0.2],
  critical: [10, 20, 60, 1, 0.05],
  recovering: [20, 80, 240, 3, 0.15],
} as const;

describe("the parameter table", () => {
  it.each(SYSTEM_STATES)("is published as it stands on entering %s", (state) => {
    const [interval, depth, lookahead, parallelism, rate] = TABLE[state];
    expect(subjectIn(state, { recovery_hold_seconds: 60 }).parameters).toMatchObject({
      state,
      mode: "apply",
      monitoring_interval: interval,
      analysis_depth: depth,
      planning_lookahead: lookahead,
      execution_parallelism: parallelism,
      knowledge_retention: 604_800,
      learning_rate: rate,
    });
  });

  it.each([
    [1, 4, [1, 0.5, 0.5, 1 / 6, 1 / 3], [4, 6, 2, 1, 3]],
    [60, 1, [60, 30, 30, 10, 20], [1, 2, 1, 1, 1]],
    [300, 16, [300, 150, 150, 50, 100], [16, 24, 8, 4, 12]],
  ])(
    "scales with base interval %d s and base parallelism %d",
    (base, parallel, intervals, parallelisms) => {
      SYSTEM_STATES.forEach((state, i) => {
        const row = subjectIn(state, {
          base_monitoring_interval: base,
          base_parallelism: parallel,
          recovery_hold_seconds: 60,
        }).parameters;
        expect(row.monitoring_interval).toBeCloseTo(intervals[i] ?? 0, 12);
        expect(row.execution_parallelism).toBe(parallelisms[i]);
        expect(row.analysis_depth).toBe(TABLE[state][1]);
      });
    },
  );

  it("takes a configured profile and retention", () => {
    const critical: StateRow = { ...DEFAULT_PROFILE.critical, analysis_depth: 7 };
    const subject = subjectIn("critical", {
      profile: { ...DEFAULT_PROFILE, critical },
      knowledge_retention: 60,
    });
    expect(subject.parameters).toMatchObject({ analysis_depth: 7, knowledge_retention: 60 });
  });

  it("keeps intervals above 0 and parallelism a whole number of at least 1", () => {
    const bases = fc.record({
      base_monitoring_interval: fc.double({ min: 1e-300, max: 1e6, noNaN: true }),
      base_parallelism: fc.integer({ min: 1, max: 1_024 }),
    });
    fc.assert(
      fc.property(bases, fc.constantFrom(...SYSTEM_STATES), (changes, state) => {
        const row = tableRow(settingsOf(changes), state);
        expect(row.monitoring_interval).toBeGreaterThan(0);
        expect(Number.isInteger(row.execution_parallelism)).toBe(true);
        expect(row.execution_parallelism).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe("publishing", () => {
  it("gives a new system a value once, then only what changes", () => {
    const subject = new Subject();
    expect(parametersIn(subject.outputs)).toHaveLength(1);
    expect(subject.parameters.changed).toHaveLength(6);
    expect(subject.report(CALM)).toEqual([]);
    expect(subject.settings({})).toEqual([]);
    const [changed] = parametersIn(subject.settings({ base_monitoring_interval: 120 }));
    expect(changed).toMatchObject({
      monitoring_interval: 120,
      changed: ["monitoring_interval"],
      reason: "settings changed",
    });
  });

  it("tells feedback the same as it publishes", () => {
    const outputs = new Subject().outputs;
    const [log, command] = outputs;
    expect(outputs).toHaveLength(2);
    expect(log).toMatchObject({ to: "log", family: "parameters", tokens: ["checkout"] });
    expect(command).toMatchObject({ to: "feedback", key: "checkout" });
    if (log?.to === "log" && command?.to === "feedback" && command.input.kind === "parameters")
      expect(command.input.parameters).toEqual(log.message);
  });

  it("says in the reason which numbers decided", () => {
    const subject = new Subject(UNHELD);
    subject.fill(CALM);
    subject.fill({ ...CALM, cpu_usage: 91.2 });
    expect(subject.parameters.reason).toMatch(/^mean cpu_usage 8\d.* % > 80 % over 10 reports$/);
    expect(subject.parameters.changed).toEqual([
      "monitoring_interval",
      "analysis_depth",
      "planning_lookahead",
      "execution_parallelism",
      "learning_rate",
    ]);
  });
});
