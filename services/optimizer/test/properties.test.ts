import {
  MODES,
  type OptimizerSettings,
  type Parameters,
  SYSTEM_STATES,
  type SystemState,
} from "@mapek/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optimizerActor } from "../src/actor.ts";
import { adaptationBounds } from "../src/bounds.ts";
import { tableRow } from "../src/parameter-table.ts";
import { FIELD } from "../src/performance-window.ts";
import { modeOf } from "../src/state.ts";
import { CRITICAL_LINES, exceeds, WARNING_LINES } from "../src/state-machine.ts";
import { CALM, parametersIn, START_MS, Subject, transitionsIn } from "./fixtures.ts";

const within = (max: number) =>
  fc.oneof(
    fc.double({ min: 0, max, noNaN: true }),
    fc.double({ min: 0, max: Math.min(max, 9), noNaN: true }),
    fc.constantFrom(0, Number.MIN_VALUE, max),
  );

/** Any report that the front door lets in, with a weight on the neighbourhood of the lines. */
const measures = fc.record(
  {
    cpu_usage: fc.oneof(within(100), fc.constantFrom(53.9, 54.1, 59, 61, 71, 73, 79, 81)),
    memory_usage: within(100),
    cycle_latency: fc.oneof(within(86_400), fc.double({ min: 0, max: 6, noNaN: true })),
    decisions_per_minute: within(1e9),
    decision_quality: fc.oneof(within(1), fc.constantFrom(0.8, 0.81, 0.85, 0.86, 1)),
  },
  { requiredKeys: [] },
);

const settings = fc.record({
  base_monitoring_interval: fc.constantFrom(1e-9, 0.5, 60, 3_155_760_000),
  base_parallelism: fc.integer({ min: 1, max: 1_024 }),
  hysteresis: fc.constantFrom(0, 0.1, 0.9),
  min_dwell_seconds: fc.constantFrom(0, 30, 300),
  recovery_hold_seconds: fc.constantFrom(0, 60),
  flap_budget: fc.integer({ min: 1, max: 6 }),
  flap_window_seconds: fc.constantFrom(1, 600, 3_600),
  adaptation_bound: fc.constantFrom(0, 0.2, 0.5, 1),
  adaptation_step: fc.constantFrom(0.01, 0.25, 1),
  decrease_step: fc.constantFrom(0.01, 0.5, 1),
  increase_hold_reports: fc.constantFrom(1, 5),
  canary_share: fc.constantFrom(0.01, 0.5, 1),
  rollback_standard_errors: fc.constantFrom(0, 2),
});

const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant("reports" as const),
      measures,
      times: fc.integer({ min: 1, max: 25 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("tick" as const) }) },
  fc.record({ type: fc.constant("settings" as const), settings }),
  fc.record({
    type: fc.constant("evaluate" as const),
    values: fc.record(
      { cpu_usage: anyNumber, memory_usage: anyNumber, cycle_latency: anyNumber },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    type: fc.constant("command" as const),
    command: fc.oneof(
      fc.record({
        name: fc.constant("adjust_parallelism" as const),
        delta: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      }),
      fc.record({
        name: fc.constant("scale_learning_rate" as const),
        factor: fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
      }),
    ),
  }),
  fc.record({
    type: fc.constant("force" as const),
    state: fc.constantFrom(...SYSTEM_STATES, null, null),
  }),
  fc.record({
    type: fc.constant("mode" as const),
    mode: fc.constantFrom(...MODES, "apply" as const),
  }),
);
/** Seconds to the next input: usual, none, backward, or a jump of years. */
const jump = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 90 }) },
  fc.constantFrom(-1_000_000, -1, 100_000_000),
);
const runs = fc.array(fc.tuple(step, jump), { maxLength: 40 });

interface Change {
  readonly from: SystemState;
  readonly to: SystemState;
  /** When `from` was entered; undefined before the first evaluation. */
  readonly enteredAtMs: number | undefined;
  readonly nowMs: number;
  readonly forced: boolean;
  readonly byEvaluation: boolean;
  readonly settings: OptimizerSettings;
  /** Times of all earlier transitions. */
  readonly earlierMs: readonly number[];
  /** As they were when it was decided. */
  readonly means: Float64Array;
}

/** Plays a run and hands over each change of state and each message, with the settings and means of that moment. */
function play(
  steps: readonly (readonly [ReturnType<typeof step.generate>["value"], number])[],
  check: {
    change?(change: Change): void;
    message?(message: Parameters, last: Parameters | undefined, subject: Subject): void;
    after?(subject: Subject): void;
  },
): Subject {
  const subject = new Subject();
  const earlierMs: number[] = [];
  let last: Parameters | undefined;
  const perform = (act: () => void, byEvaluation = false) => {
    const enteredAtMs = subject.state.enteredAtMs ?? undefined;
    const began = subject.outputs.length;
    act();
    const outputs = subject.outputs.slice(began);
    for (const { from, to, forced } of transitionsIn(outputs)) {
      check.change?.({
        from,
        to,
        enteredAtMs,
        nowMs: subject.state.timeMs,
        forced,
        byEvaluation,
        settings: subject.state.settings,
        earlierMs,
        means: subject.state.window.means,
      });
      earlierMs.push(subject.state.timeMs);
    }
    for (const message of parametersIn(outputs)) {
      check.message?.(message, last, subject);
      last = message;
    }
    check.after?.(subject);
  };
  for (const [one, seconds] of steps) {
    subject.timeMs = Math.max(0, Math.min(subject.timeMs + seconds * 1_000, START_MS * 2));
    switch (one.type) {
      case "reports":
        for (let i = 0; i < one.times; i++)
          perform(() => subject.report({ decision_quality: 0.9, ...one.measures }));
        break;
      case "tick":
        perform(() => subject.tick(0));
        break;
      case "settings":
        perform(() => subject.settings(one.settings));
        break;
      case "evaluate":
        perform(() => subject.command({ name: "re_evaluate", ...one.values }), true);
        break;
      case "command":
        perform(() => subject.command(one.command));
        break;
      case "force":
        perform(() => subject.force(one.state));
        break;
      case "mode":
        perform(() => subject.control({ command: "set_mode", mode: one.mode }));
    }
  }
  return subject;
}

const always = (check: Parameters_<typeof play>[1]) =>
  fc.assert(
    fc.property(runs, (steps) => {
      play(steps, check);
    }),
    { numRuns: 300 },
  );
type Parameters_<F extends (...args: never[]) => unknown> = F extends (...args: infer A) => unknown
  ? A
  : never;

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
    expect(seen).toBeGreaterThan(5);
  });

  it("every number published is finite and inside its bounds", () => {
    always({
      message(message, _last, { state }) {
        if (message.mode === "off") return;
        const row = tableRow(state.settings, message.state);
        const bounds = adaptationBounds(row, state.settings);
        const stretch = message.monitoring_interval / row.monitoring_interval;
        expect(stretch).toBeGreaterThanOrEqual(bounds.minStretch * (1 - 1e-9));
        expect(stretch).toBeLessThanOrEqual(bounds.maxStretch * (1 + 1e-9));
        expect(message.execution_parallelism).toBeLessThanOrEqual(row.execution_parallelism * 4);
        if (state.parallelismDelta === 0) {
          expect(message.execution_parallelism).toBeGreaterThanOrEqual(bounds.minParallelism);
          expect(message.execution_parallelism).toBeLessThanOrEqual(bounds.maxParallelism);
        }
        expect(message.analysis_depth).toBeLessThanOrEqual(
          Math.ceil(row.analysis_depth * bounds.maxStretch),
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
