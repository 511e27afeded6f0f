import type { SystemState } from "@mapek/core/contract";
import { SYSTEM_STATES } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optimizerActor } from "../src/actor.ts";
import type { Measurements } from "../src/performance-window.ts";
import {
  BUSY,
  CALM,
  OVERLOADED,
  START_MS,
  Subject,
  subjectIn,
  transitionsIn,
  UNHELD,
} from "./fixtures.ts";

describe("entry rules from healthy", () => {
  const cases: [string, Measurements, SystemState][] = [
    ["nothing above a line", CALM, "healthy"],
    ["cpu on the critical line, good quality", { ...CALM, cpu_usage: 80 }, "optimizing"],
    ["cpu above the critical line", { ...CALM, cpu_usage: 80.01 }, "critical"],
    ["memory on the critical line, good quality", { ...CALM, memory_usage: 85 }, "optimizing"],
    ["memory above the critical line", { ...CALM, memory_usage: 85.01 }, "critical"],
    ["latency on the critical line, good quality", { ...CALM, cycle_latency: 5 }, "optimizing"],
    ["latency above the critical line", { ...CALM, cycle_latency: 5.01 }, "critical"],
    ["critical whatever the quality", { cpu_usage: 81, decision_quality: 1 }, "critical"],
    ["cpu on the warning line", { ...CALM, cpu_usage: 60 }, "healthy"],
    ["cpu above the warning line", { ...CALM, cpu_usage: 60.01 }, "optimizing"],
    ["memory on the warning line", { ...CALM, memory_usage: 70 }, "healthy"],
    ["memory above the warning line", { ...CALM, memory_usage: 70.01 }, "optimizing"],
    ["latency on the warning line", { ...CALM, cycle_latency: 2 }, "healthy"],
    ["latency above the warning line", { ...CALM, cycle_latency: 2.01 }, "optimizing"],
    ["busy with quality on its line", { ...BUSY, decision_quality: 0.8 }, "degraded"],
    ["busy with quality above its line", { ...BUSY, decision_quality: 0.81 }, "optimizing"],
    ["busy without a quality", { cpu_usage: 65 }, "degraded"],
    ["poor quality alone", { ...CALM, decision_quality: 0.1 }, "healthy"],
    ["nothing but a quality", { decision_quality: 0.9 }, "healthy"],
  ];
  it.each(cases)("%s", (_name, report, state) => {
    const subject = new Subject(UNHELD);
    subject.report(report);
    expect(subject.parameters.state).toBe(state);
  });

  it("lets the mean of the last ten decide, over the reports that carry a measure", () => {
    const subject = new Subject(UNHELD);
    for (let i = 0; i < 9; i++) subject.report({ cpu_usage: 50 });
    subject.report({ cpu_usage: 100 });
    expect(subject.state.state).toBe("healthy");
    subject.report({ memory_usage: 10 });
    subject.report({ cpu_usage: 100 });
    subject.report({ cpu_usage: 100 });
    subject.report({ cpu_usage: 100 });
    expect(subject.state.state).toBe("degraded");
    expect(transitionsIn(subject.outputs).at(-1)?.reason).toContain(
      "mean cpu_usage 61.1111 % > 60 % over 9 reports",
    );
  });
});

describe("entry rules from the other states", () => {
  const busyGood = { ...BUSY, decision_quality: 1 };
  it.each<[SystemState, Measurements, SystemState]>([
    ["degraded", busyGood, "degraded"],
    ["critical", busyGood, "degraded"],
    ["optimizing", busyGood, "optimizing"],
    ["optimizing", { ...BUSY, decision_quality: 0.5 }, "degraded"],
    ["recovering", busyGood, "optimizing"],
    ["recovering", { ...BUSY, decision_quality: 0.5 }, "degraded"],
    ["degraded", CALM, "recovering"],
    ["critical", CALM, "recovering"],
    ["optimizing", CALM, "healthy"],
    ["recovering", { ...CALM, decision_quality: 0.85 }, "recovering"],
  ])("%s, then the measures of the case", (from, report, to) => {
    const subject = subjectIn(from, { recovery_hold_seconds: 60 });
    expect(subject.state.state).toBe(from);
    subject.state.window.replace(report);
    subject.report(report);
    expect(subject.state.state).toBe(to);
  });
});

describe("means on a line", () => {
  it.each([
    [{ cpu_usage: 80 }, "degraded"],
    [{ cpu_usage: 60 }, "healthy"],
    [{ cpu_usage: 61, decision_quality: 0.8 }, "degraded"],
    [{ cpu_usage: 61, decision_quality: 0.8000001 }, "optimizing"],
  ] as const)("are not above it after any number of equal reports: %j", (report, state) => {
    const subject = new Subject(UNHELD);
    for (let i = 0; i < 25; i++) {
      subject.report(report);
      expect(subject.state.state).toBe(state);
    }
  });
});

describe("hysteresis", () => {
  it.each<[SystemState, Measurements, Measurements, SystemState]>([
    ["critical", { cpu_usage: 72.01 }, { cpu_usage: 72 }, "degraded"],
    ["critical", { memory_usage: 76.51 }, { memory_usage: 76.5 }, "degraded"],
    ["critical", { cycle_latency: 4.51 }, { cycle_latency: 4.5 }, "degraded"],
    ["degraded", { cpu_usage: 54.01 }, { cpu_usage: 54 }, "recovering"],
    ["degraded", { memory_usage: 63.01 }, { memory_usage: 63 }, "recovering"],
    ["degraded", { cycle_latency: 1.81 }, { cycle_latency: 1.8 }, "recovering"],
    ["optimizing", { cpu_usage: 54.01 }, { cpu_usage: 54 }, "healthy"],
  ])("%s is held just above ten percent below its line and left there", (state, held, left, to) => {
    const subject = subjectIn(state);
    const calm = { ...CALM, decision_quality: state === "degraded" ? 0.5 : 0.95 };
    subject.command({ name: "re_evaluate", cpu_usage: 30, memory_usage: 40, ...held });
    expect(subject.state.state).toBe(state);
    subject.fill({ ...calm, ...held });
    expect(subject.state.state).toBe(state);
    const seen = transitionsIn(subject.command({ name: "re_evaluate", ...left }));
    expect(seen.map((transition) => transition.to)).toEqual([to]);
  });

  it("bounds the transitions of a sawtooth across an entry line", () => {
    const subject = new Subject({ min_dwell_seconds: 0, flap_budget: 1_000 });
    for (let i = 0; i < 2_000; i++) subject.report({ ...CALM, cpu_usage: i % 40 < 20 ? 57 : 63 });
    expect(subject.state.transitionCount).toBe(1);
    const without = new Subject({ min_dwell_seconds: 0, flap_budget: 1_000, hysteresis: 0 });
    for (let i = 0; i < 2_000; i++) without.report({ ...CALM, cpu_usage: i % 40 < 20 ? 57 : 63 });
    expect(without.state.transitionCount).toBeGreaterThan(50);
  });
});

describe("dwell", () => {
  it("lets the first report leave the initial state", () => {
    const subject = new Subject({ min_dwell_seconds: 30 });
    subject.report(BUSY);
    expect(subject.state.state).toBe("optimizing");
  });

  it("holds a state for its dwell and then lets a tick end it", () => {
    const subject = new Subject({ min_dwell_seconds: 30 });
    subject.report(CALM);
    subject.fill({ ...CALM, cpu_usage: 70 });
    expect(subject.state.state).toBe("healthy");
    expect(optimizerActor.dueAt(subject.state)).toBe(subject.timeMs + 20_000);
    subject.tick(19.999);
    expect(subject.state.state).toBe("healthy");
    subject.tick(0.001);
    expect(subject.state.state).toBe("optimizing");
    expect(optimizerActor.dueAt(subject.state)).toBeUndefined();
  });

  it("is not shortened by a message from the past", () => {
    const subject = new Subject({ min_dwell_seconds: 30 });
    subject.report(CALM);
    subject.report({ ...CALM, cpu_usage: 79 }, -1_000);
    subject.fill({ ...CALM, cpu_usage: 79 });
    expect(subject.state.timeMs).toBe(START_MS + 1_000);
    expect(subject.state.state).toBe("healthy");
  });

  it("holds after a restart", () => {
    const subject = new Subject({ min_dwell_seconds: 30 });
    subject.report(CALM);
    subject.restart();
    subject.fill({ ...CALM, cpu_usage: 70 });
    expect(subject.state.state).toBe("healthy");
    subject.tick(20);
    expect(subject.state.state).toBe("optimizing");
  });
});

describe("recovering", () => {
  it("is never skipped and lasts until quality has held", () => {
    const subject = new Subject({ min_dwell_seconds: 30, recovery_hold_seconds: 60 });
    subject.report(OVERLOADED);
    subject.timeMs += 30_000;
    subject.command({ name: "re_evaluate", cpu_usage: 10 });
    expect(subject.state.state).toBe("recovering");
    const entered = subject.timeMs;
    while (subject.state.state === "recovering") subject.report(CALM);
    expect(subject.state.state).toBe("healthy");
    expect(subject.timeMs - entered).toBe(60_000);
    expect(transitionsIn(subject.outputs).at(-1)?.reason).toBe(
      "mean decision_quality 0.95 > 0.85 has held for 60 s",
    );
  });

  it("starts the hold again when quality falls", () => {
    const subject = subjectIn("recovering", { recovery_hold_seconds: 60 });
    for (let i = 0; i < 50; i++) subject.report(CALM);
    subject.fill({ ...CALM, decision_quality: 0.5 });
    expect(optimizerActor.dueAt(subject.state)).toBeUndefined();
    subject.fill(CALM);
    const due = optimizerActor.dueAt(subject.state) ?? 0;
    subject.tick((due - subject.timeMs) / 1_000 - 0.001);
    expect(subject.state.state).toBe("recovering");
    subject.tick(0.001);
    expect(subject.state.state).toBe("healthy");
  });

  it("does not end on the quality line itself", () => {
    const subject = subjectIn("recovering", { recovery_hold_seconds: 60 });
    subject.state.window.replace({ ...CALM, decision_quality: 0.85 });
    subject.fill({ ...CALM, decision_quality: 0.85 }, 100);
    expect(subject.state.state).toBe("recovering");
  });

  it("holds anew when it is entered again", () => {
    const subject = subjectIn("recovering", { recovery_hold_seconds: 60 });
    for (let i = 0; i < 59; i++) subject.report(CALM);
    subject.state.window.replace(OVERLOADED);
    subject.report(OVERLOADED);
    expect(subject.state.state).toBe("critical");
    subject.state.window.replace(CALM);
    subject.report(CALM);
    expect(subject.state.state).toBe("recovering");
    for (let i = 0; i < 59; i++) subject.report(CALM);
    expect(subject.state.state).toBe("recovering");
    subject.report(CALM);
    expect(subject.state.state).toBe("healthy");
  });

  it("ends after dwell and hold together where no quality is ever reported", () => {
    const subject = new Subject({ min_dwell_seconds: 30, recovery_hold_seconds: 60 });
    subject.report({ cpu_usage: 95 });
    subject.timeMs += 30_000;
    subject.command({ name: "re_evaluate", cpu_usage: 10 });
    expect(subject.state.state).toBe("recovering");
    expect(optimizerActor.dueAt(subject.state)).toBe(subject.timeMs + 90_000);
    subject.tick(89.999);
    expect(subject.state.state).toBe("recovering");
    subject.tick(0.001);
    expect(subject.state.state).toBe("healthy");
  });
});

describe("flap budget", () => {
  const settings = { min_dwell_seconds: 0, flap_budget: 3, flap_window_seconds: 600 };

  it("makes a further transition wait until the oldest leaves the window", () => {
    const subject = new Subject(settings);
    subject.report(BUSY);
    for (const cpu_usage of [30, 65, 30]) subject.command({ name: "re_evaluate", cpu_usage });
    expect(subject.state.transitionCount).toBe(3);
    expect(subject.state.state).toBe("optimizing");
    expect(optimizerActor.dueAt(subject.state)).toBe(subject.timeMs + 600_000);
    subject.tick(599.999);
    expect(subject.state.state).toBe("optimizing");
    subject.tick(0.001);
    expect(subject.state.state).toBe("healthy");
  });

  it("never delays a move to critical", () => {
    const subject = new Subject(settings);
    subject.report(BUSY);
    for (const cpu_usage of [30, 65, 30]) subject.command({ name: "re_evaluate", cpu_usage });
    subject.command({ name: "re_evaluate", cpu_usage: 95 });
    expect(subject.state.state).toBe("critical");
  });
});

const report = fc.record(
  {
    cpu_usage: fc.double({ min: 0, max: 100, noNaN: true }),
    memory_usage: fc.double({ min: 0, max: 100, noNaN: true }),
    cycle_latency: fc.double({ min: 0, max: 10, noNaN: true }),
    decision_quality: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ["cpu_usage"] },
);

describe("whatever is reported", () => {
  it("is critical exactly while a mean says so, at once, and never goes from critical to healthy", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(report, fc.nat(120)), { maxLength: 80 }), (reports) => {
        const subject = new Subject();
        for (const [measures, seconds] of reports) {
          const from = subject.state.state;
          subject.report(measures, seconds);
          const {
            cpu_usage: cpu = 0,
            memory_usage: memory = 0,
            cycle_latency: latency = 0,
          } = subject.state.window.meansByName();
          if (cpu > 80 || memory > 85 || latency > 5) expect(subject.state.state).toBe("critical");
          if (from === "critical" || from === "degraded")
            expect(subject.state.state).not.toBe("healthy");
        }
      }),
    );
  });

  it("keeps each state but for critical's entry for its dwell, within the flap budget", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(report, fc.nat(60)), { maxLength: 120 }), (reports) => {
        const subject = new Subject({ flap_budget: 2, flap_window_seconds: 300 });
        for (const [measures, seconds] of reports) subject.report(measures, seconds);
        const seen = transitionsIn(subject.outputs);
        seen.forEach((transition, i) => {
          if (transition.to === "critical") return;
          const before = seen[i - 1];
          if (before)
            expect(transition.timestamp - before.timestamp).toBeGreaterThanOrEqual(30_000);
          const older = seen[i - 2];
          if (older) expect(transition.timestamp - older.timestamp).toBeGreaterThanOrEqual(300_000);
        });
      }),
    );
  });

  it("changes something when a tick comes at the time that it is due", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(report, fc.nat(60)), { maxLength: 60 }), (reports) => {
        const subject = new Subject();
        for (const [measures, seconds] of reports) subject.report(measures, seconds);
        for (let i = 0; i < 10; i++) {
          const due = optimizerActor.dueAt(subject.state);
          if (due === undefined) return;
          expect(due).toBeGreaterThan(subject.timeMs);
          const before = subject.state.transitionCount;
          subject.tick((due - subject.timeMs) / 1_000);
          expect(subject.state.transitionCount).toBe(before + 1);
        }
        throw new Error("ticks never come to rest");
      }),
    );
  });

  it("reaches every state", () => {
    for (const state of SYSTEM_STATES) expect(subjectIn(state).state.state).toBe(state);
  });
});
