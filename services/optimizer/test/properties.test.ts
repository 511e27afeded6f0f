import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optimizerActor } from "../src/actor.ts";
import { FIELD } from "../src/performance-window.ts";
import { modeOf } from "../src/state.ts";
import { tableRow } from "../src/states/parameter-table.ts";
import { CRITICAL_LINES, exceeds, WARNING_LINES } from "../src/states/state-machine.ts";
import { adaptationBounds } from "../src/tuning/bounds.ts";
import { type Checks, play, runs } from "./arbitrary-runs.ts";
import { CALM, Subject } from "./fixtures.ts";

const always = (check: Checks) =>
  fc.assert(
    fc.property(runs, (steps) => {
      play(steps, check);
    }),
    { numRuns: 500 },
  );

describe("whatever comes in", () => {
  it("a state is left downward only when every measure is the hysteresis below its entry line", () => {
    let seen = 0;
    always({
      change({ from, to, forced, settings, means }) {
        if (forced || (to !== "recovering" && to !== "healthy") || from === "recovering") return;
        seen++;
        const lines = from === "critical" ? CRITICAL_LINES : WARNING_LINES;
        expect(exceeds(means, lines, 1 - settings.hysteresis)).toBe(false);
      },
    });
    expect(seen).toBeGreaterThan(50);
  });

  it("a state lasts for its dwell, unless it turns critical or feedback asks for a decision now", () => {
    let seen = 0;
    always({
      change({ to, forced, byEvaluation, enteredAtMs, nowMs, settings }) {
        if (forced || byEvaluation || to === "critical" || enteredAtMs === undefined) return;
        seen++;
        expect(nowMs - enteredAtMs).toBeGreaterThanOrEqual(settings.min_dwell_seconds * 1_000);
      },
    });
    expect(seen).toBeGreaterThan(50);
  });

  it("no more transitions than the flap budget fall into its window, but for those to critical", () => {
    let seen = 0;
    always({
      change({ to, forced, nowMs, settings, earlierMs }) {
        if (forced || to === "critical") return;
        seen++;
        const windowMs = settings.flap_window_seconds * 1_000;
        const inWindow = earlierMs.filter((time) => time > nowMs - windowMs);
        expect(inWindow.length).toBeLessThan(settings.flap_budget);
      },
    });
    expect(seen).toBeGreaterThan(50);
  });

  it("a mean above a critical line means critical at once", () => {
    let seen = 0;
    always({
      after({ state }) {
        if (state.forced !== null || modeOf(state) === "off" || state.window.reports === 0) return;
        if (!exceeds(state.window.means, CRITICAL_LINES, 1)) return;
        seen++;
        expect(state.state).toBe("critical");
      },
    });
    expect(seen).toBeGreaterThan(50);
  });

  it("recovering lasts until quality has held, and critical and degraded lead through it", () => {
    let seen = 0;
    always({
      change({ from, to, forced, enteredAtMs, nowMs, settings, means }) {
        if (forced || to !== "healthy") return;
        expect(["optimizing", "recovering"]).toContain(from);
        if (from !== "recovering") return;
        seen++;
        const lastedMs = nowMs - (enteredAtMs as number);
        expect(lastedMs).toBeGreaterThanOrEqual(settings.recovery_hold_seconds * 1_000);
        const quality = means[FIELD.decision_quality] as number;
        expect(quality > 0.85 || Number.isNaN(quality)).toBe(true);
      },
    });
    expect(seen).toBeGreaterThan(0);
  });

  it("every number published is finite and inside its bounds", () => {
    always({
      message(message, _last, { state }) {
        if (message.mode === "off") return;
        const row = tableRow(state.settings, message.state);
        const { adaptation_bound: bound } = state.settings;
        const parallelism = row.execution_parallelism;
        const stretch = message.monitoring_interval / row.monitoring_interval;
        expect(stretch).toBeGreaterThanOrEqual(Math.max(1 - bound, 0.1) * (1 - 1e-9));
        expect(stretch).toBeLessThanOrEqual((1 + bound) * (1 + 1e-9));
        expect(message.execution_parallelism).toBeLessThanOrEqual(parallelism * 4);
        if (state.parallelismDelta === 0) {
          expect(message.execution_parallelism).toBeGreaterThanOrEqual(
            Math.max(1, parallelism * (1 - bound) - 1e-9),
          );
          expect(message.execution_parallelism).toBeLessThanOrEqual(
            parallelism * (1 + bound) + 1e-9,
          );
        }
        expect(message.analysis_depth).toBeLessThanOrEqual(
          Math.ceil(row.analysis_depth * (1 + bound)),
        );
      },
    });
  });

  it("one message moves a parameter by one step, but for the way back of a change", () => {
    let seen = 0;
    always({
      message(message, last, { state }) {
        if (message.phase === undefined || message.phase === "rollback") return;
        if (last === undefined || message.state !== last.state) return;
        seen++;
        const row = tableRow(state.settings, message.state);
        const { raiseStep, cutStep } = adaptationBounds(row, state.settings);
        const { adaptation_step: raise, decrease_step: cut } = state.settings;
        const parallelism = message.execution_parallelism - last.execution_parallelism;
        expect(parallelism).toBeLessThanOrEqual(raiseStep);
        expect(parallelism).toBeGreaterThanOrEqual(-cutStep);
        const longer =
          (message.monitoring_interval - last.monitoring_interval) / row.monitoring_interval;
        expect(longer).toBeLessThanOrEqual(raise + 1e-9);
        expect(longer).toBeGreaterThanOrEqual(-cut - 1e-9);
      },
    });
    expect(seen).toBeGreaterThan(100);
  });

  it("what is applied by measure says what is expected of it", () => {
    always({
      message(message) {
        if (message.mode !== "apply" || message.phase === undefined) return;
        if (message.phase !== "rollback") expect(message.predicted).toBeDefined();
      },
    });
  });

  it("the same input gives the same bytes, also after a restart at any point", () => {
    fc.assert(
      fc.property(runs, fc.nat(40), (steps, cut) => {
        const one = play(steps, {});
        const two = play(steps, {
          after(subject) {
            if (subject.outputs.length % 41 === cut) subject.restart();
          },
        });
        expect(optimizerActor.save(two.state)).toEqual(optimizerActor.save(one.state));
        expect(two.outputs).toEqual(one.outputs);
      }),
    );
  });
});

describe("a sawtooth across an entry line", () => {
  it("makes one transition when its low end stays inside the hysteresis", () => {
    const shape = fc.record({
      low: fc.double({ min: 54.01, max: 59.9, noNaN: true }),
      high: fc.double({ min: 60.1, max: 79.9, noNaN: true }),
      half: fc.integer({ min: 1, max: 40 }),
      quality: fc.constantFrom(0.5, 0.95),
      dwell: fc.constantFrom(0, 30),
    });
    fc.assert(
      fc.property(shape, ({ low, high, half, quality, dwell }) => {
        const subject = new Subject({ min_dwell_seconds: dwell, flap_budget: 1_000 });
        for (let i = 0; i < 400; i++)
          subject.report({
            ...CALM,
            decision_quality: quality,
            cpu_usage: i % (2 * half) < half ? low : high,
          });
        expect(subject.state.transitionCount).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("keeps to the flap budget whatever its height", () => {
    const shape = fc.record({
      low: fc.double({ min: 0, max: 50, noNaN: true }),
      high: fc.double({ min: 61, max: 79, noNaN: true }),
      half: fc.integer({ min: 5, max: 100 }),
    });
    fc.assert(
      fc.property(shape, ({ low, high, half }) => {
        const subject = new Subject({ flap_budget: 3, flap_window_seconds: 600 });
        for (let i = 0; i < 1_200; i++)
          subject.report({ ...CALM, cpu_usage: i % (2 * half) < half ? low : high });
        expect(subject.state.transitionCount).toBeLessThanOrEqual(3 * 3);
      }),
    );
  });
});
