import {
  MODES,
  type OptimizerSettings,
  type Parameters,
  SYSTEM_STATES,
  type SystemState,
} from "@mapek/core/contract";
import fc from "fast-check";
import { parametersIn, START_MS, Subject, transitionsIn } from "./fixtures.ts";

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

/** What raises parallelism in the long run, and what cuts it. */
const QUICK_AND_IN_USE = { cpu_usage: 30, cycle_latency: 0.2, decisions_per_minute: 1e6 };
const SLOW_AND_IN_USE = { ...QUICK_AND_IN_USE, cycle_latency: 1.7 };

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
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("reports" as const),
      measures: fc.constantFrom(QUICK_AND_IN_USE, SLOW_AND_IN_USE),
      times: fc.integer({ min: 30, max: 200 }),
    }),
  },
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
type Timed = [typeof step extends fc.Arbitrary<infer Step> ? Step : never, number];
export const runs: fc.Arbitrary<Timed[]> = fc.array(fc.tuple(step, jump), { maxLength: 40 });

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

/** What is looked at while a run is played. */
export interface Checks {
  change?(change: Change): void;
  message?(message: Parameters, last: Parameters | undefined, subject: Subject): void;
  after?(subject: Subject): void;
}

/** Plays a run and hands over each change of state and each message, with the settings and means of that moment. */
export function play(steps: readonly Timed[], check: Checks): Subject {
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
