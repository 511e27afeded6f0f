import { DEFAULT_PROFILE, type StateRow, SYSTEM_STATES } from "@mapek/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adaptationBounds } from "../src/adaptation.ts";
import { tableRow } from "../src/parameter-table.ts";
import { BUSY, CALM, parametersIn, Subject, settingsOf, subjectIn, UNHELD } from "./fixtures.ts";

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

describe("adaptation within a state", () => {
  const warm = (latency: number, more = {}) => ({ ...CALM, cycle_latency: latency, ...more });

  it("leaves a steady system on its row", () => {
    const subject = subjectIn("healthy");
    for (let i = 0; i < 1_000; i++) expect(subject.report(CALM)).toEqual([]);
  });

  it("lowers parallelism a step at a time when latency rises, and returns to the row", () => {
    const subject = subjectIn("healthy", { base_parallelism: 40 });
    subject.fill(warm(0.2));
    const down: number[] = [];
    for (let i = 0; i < 60; i++)
      for (const message of parametersIn(subject.report(warm(1))))
        down.push(message.execution_parallelism);
    expect(down).toEqual([39, 35, 31, 27, 23, 20]);
    expect(subject.parameters.reason).toMatch(
      /cycle_latency 1 s is .* execution_parallelism 23 → 20/,
    );
    for (let i = 0; i < 100; i++) subject.report(warm(0.2));
    expect(subject.parameters.execution_parallelism).toBe(40);
  });

  it("raises parallelism beyond the row only while it is in use", () => {
    const idle = subjectIn("healthy", { base_parallelism: 40 });
    for (let i = 0; i < 200; i++) idle.report(warm(0.2, { decisions_per_minute: 60 }));
    expect(idle.parameters.execution_parallelism).toBe(40);
    const used = subjectIn("healthy", { base_parallelism: 40 });
    for (let i = 0; i < 200; i++) used.report(warm(0.2, { decisions_per_minute: 12_000 }));
    expect(used.parameters.execution_parallelism).toBe(60);
  });

  it("does not climb under constant overload", () => {
    const overload = { ...BUSY, cycle_latency: 1.9, decisions_per_minute: 1e6 };
    const subject = subjectIn("healthy", { base_parallelism: 40 });
    subject.fill(warm(0.2));
    let last = subject.fill(overload) && subject.parameters.execution_parallelism;
    expect(subject.state.state).toBe("optimizing");
    for (let i = 0; i < 5_000; i++) {
      subject.report(overload);
      expect(subject.parameters.execution_parallelism).toBeLessThanOrEqual(last);
      last = subject.parameters.execution_parallelism;
    }
    expect(last).toBe(30);
  });

  it("does not grow under load, even while latency keeps to its baseline", () => {
    const subject = subjectIn("healthy", { base_parallelism: 40 });
    const loaded = warm(0.2, { cpu_usage: 57, decisions_per_minute: 12_000 });
    for (let i = 0; i < 200; i++) subject.report(loaded);
    expect(subject.state.state).toBe("healthy");
    expect(subject.parameters.execution_parallelism).toBe(40);
  });

  it("takes a slower system for normal in the long run, but not from what it saw under load", () => {
    const subject = subjectIn("healthy", { base_parallelism: 40 });
    subject.fill(warm(0.2));
    for (let i = 0; i < 2_000; i++) subject.report(warm(1, { cpu_usage: 57 }));
    expect(subject.parameters.execution_parallelism).toBe(20);
    for (let i = 0; i < 60; i++) subject.report(warm(1));
    expect(subject.parameters.execution_parallelism).toBe(20);
    for (let i = 0; i < 2_000; i++) subject.report(warm(1));
    expect(subject.parameters.execution_parallelism).toBe(40);
  });

  it("overlooks latencies that are nothing beside the interval", () => {
    const subject = subjectIn("healthy", { base_parallelism: 40 });
    for (let i = 0; i < 300; i++) subject.report(warm(0.01));
    for (let i = 0; i < 200; i++) subject.report(warm(0.11));
    expect(subject.parameters.execution_parallelism).toBe(40);
  });

  it("starts from the row in the next state", () => {
    const subject = subjectIn("healthy", { base_monitoring_interval: 1, base_parallelism: 40 });
    subject.fill(warm(0.2));
    for (let i = 0; i < 100; i++) subject.report(warm(0.9));
    expect(subject.parameters.monitoring_interval).toBeCloseTo(1.5, 12);
    subject.force("optimizing");
    expect(subject.parameters).toMatchObject({
      monitoring_interval: 0.5,
      execution_parallelism: 60,
    });
  });

  it("stretches the monitoring interval while a cycle takes most of it, and releases it", () => {
    const subject = subjectIn("healthy", { base_monitoring_interval: 1 });
    for (let i = 0; i < 100; i++) subject.report(warm(0.9));
    expect(subject.parameters.monitoring_interval).toBeCloseTo(1.5, 12);
    expect(parametersIn(subject.outputs).map((message) => message.monitoring_interval)).toEqual(
      expect.arrayContaining([1, 1.1, 1.2]),
    );
    for (let i = 0; i < 100; i++) subject.report(warm(0.1));
    expect(subject.parameters.monitoring_interval).toBe(1);
  });

  it("is confined when new settings narrow its bounds", () => {
    const subject = subjectIn("healthy", { base_parallelism: 40 });
    subject.fill(warm(0.2));
    for (let i = 0; i < 60; i++) subject.report(warm(1));
    expect(subject.parameters.execution_parallelism).toBe(20);
    subject.settings({ ...UNHELD, base_parallelism: 40, adaptation_bound: 0.1 });
    expect(subject.parameters.execution_parallelism).toBe(36);
  });

  it("stays within its bounds and steps, whatever is measured", () => {
    const report = fc.record({
      cpu_usage: fc.double({ min: 0, max: 100, noNaN: true }),
      cycle_latency: fc.oneof(
        fc.double({ min: 0, max: 0.1, noNaN: true }),
        fc.double({ min: 0, max: 8, noNaN: true }),
      ),
      decisions_per_minute: fc.double({ min: 0, max: 1e5, noNaN: true }),
      decision_quality: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const runs = fc.array(fc.tuple(report, fc.integer({ min: 1, max: 40 })), { maxLength: 20 });
    const changes = fc.record({
      base_parallelism: fc.integer({ min: 1, max: 64 }),
      base_monitoring_interval: fc.constantFrom(0.5, 1, 60),
      adaptation_bound: fc.constantFrom(0, 0.2, 0.5, 1),
      adaptation_step: fc.constantFrom(0.01, 0.1, 0.5, 1),
    });
    fc.assert(
      fc.property(changes, runs, (change, phases) => {
        const settings = settingsOf(change);
        const subject = new Subject(change);
        for (const [measures, times] of phases)
          for (let i = 0; i < times; i++) subject.report(measures);
        const published = parametersIn(subject.outputs);
        published.forEach((message, i) => {
          const row = tableRow(settings, message.state);
          const { adaptation_bound: bound, adaptation_step: step } = settings;
          const bounds = adaptationBounds(row, bound, step);
          expect(message.execution_parallelism).toBeGreaterThanOrEqual(bounds.minParallelism);
          expect(message.execution_parallelism).toBeLessThanOrEqual(bounds.maxParallelism);
          const stretch = message.monitoring_interval / row.monitoring_interval;
          expect(stretch).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(stretch).toBeLessThanOrEqual(1 + bound + 1e-9);
          const last = published[i - 1];
          if (last?.state !== message.state) return;
          if (i > 1) expect(message.timestamp - last.timestamp).toBeGreaterThanOrEqual(10_000);
          expect(
            Math.abs(message.execution_parallelism - last.execution_parallelism),
          ).toBeLessThanOrEqual(bounds.parallelismStep);
          expect(
            Math.abs(message.monitoring_interval - last.monitoring_interval),
          ).toBeLessThanOrEqual(row.monitoring_interval * step * (1 + 1e-9));
        });
      }),
    );
  });
});
