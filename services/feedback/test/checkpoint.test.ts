import { type FeedbackInput, feedbackInput, feedbackSettings, LOOPS } from "@mapek/core/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectSameAfterRestore, snapshotPlans } from "../../../test/support/checkpointed.ts";
import { feedbackLogic } from "../src/logic.ts";

const START_MS = 1_760_000_000_000;
const system = fc.constantFrom("zeta", "alpha", "mid", "beta");

const signal = (loop: string, bodies: fc.Arbitrary<object>) =>
  fc.record({
    kind: fc.constant("signal"),
    system,
    loop: fc.constant(loop),
    id: fc.nat({ max: 60 }).map(String),
    source: fc.constant("test"),
    signal: bodies,
  });

const body = fc.oneof(
  signal(
    "metrics_learning",
    fc.record({
      parameter: fc.constantFrom("latency_ms", "errors"),
      labels: fc.constant({}),
      threshold_value: fc.integer({ min: 1, max: 500 }),
      confidence: fc.constantFrom(0.4, 0.9),
    }),
  ),
  signal("performance_adaptation", fc.constant({ cpu_usage: 91 })),
  signal(
    "decision_quality",
    fc.record({
      decision_id: fc.constant("d"),
      predicted_outcome: fc.constant(100),
      actual_outcome: fc.integer({ min: 0, max: 200 }),
    }),
  ),
  signal(
    "anomaly_feedback",
    fc.record({
      true_positive: fc.nat(3),
      false_positive: fc.nat(3),
      false_negative: fc.constant(0),
      metric: fc.constantFrom("latency_ms", "errors"),
      labels: fc.constant({}),
    }),
  ),
  signal(
    "resource_optimization",
    fc.record({
      resource_type: fc.constantFrom("cpu", "disk"),
      utilization: fc.constantFrom(0.3, 0.7, 0.95),
    }),
  ),
  { weight: 2, arbitrary: fc.constant({ kind: "tick" }) },
  fc.record({
    kind: fc.constant("control"),
    system,
    control: fc.record({
      command: fc.constant("set_loop"),
      loop: fc.constantFrom(...LOOPS),
      enabled: fc.boolean(),
    }),
  }),
);

const settings = fc.record({
  kind: fc.constant("settings"),
  settings: fc.constantFrom(
    feedbackSettings.parse({ min_confidence: 0.1 }),
    feedbackSettings.parse({ judgement_timeout_seconds: 60 }),
  ),
});

const flow = fc.array(
  fc.tuple(fc.oneof({ weight: 40, arbitrary: body }, settings), fc.constantFrom(0, 1, 30, 400)),
  {
    minLength: 1,
    maxLength: 90,
  },
);

/** Inputs, and after each command of theirs the answer of who got it. */
function played(steps: readonly (readonly [object, number])[]): FeedbackInput[] {
  const state = feedbackLogic.create(0);
  const inputs: FeedbackInput[] = [];
  let time = START_MS;
  const fold = (fields: object) => {
    const checked = feedbackInput.check({ version: 1, time, ...fields });
    if (!checked.ok) throw checked.error;
    inputs.push(checked.value);
    return feedbackLogic.receive(state, checked.value);
  };
  steps.forEach(([fields, seconds], i) => {
    time += seconds * 1_000;
    for (const output of fold(fields)) {
      if (output.to !== "learner" && output.to !== "optimizer") continue;
      if (!("action_id" in output.input) || i % 3 === 0) continue;
      const { action_id, system: of } = output.input;
      fold({
        kind: "confirmation",
        system: of,
        action_id,
        applied: true,
        from: 10,
        to: 12,
        reason: "",
      });
      if (i % 2 === 0)
        fold({ kind: "outcome", system: of, action_id, objective: "any", before: 1, after: i % 4 });
    }
  });
  return inputs;
}

test("a checkpoint that was taken while inputs flowed leads to the same state and outputs", () => {
  let overlaps = 0;
  fc.assert(
    fc.property(flow, snapshotPlans, (steps, plan) => {
      overlaps += expectSameAfterRestore(feedbackLogic, played(steps), plan);
    }),
    { numRuns: 300 },
  );
  expect(overlaps).toBeGreaterThan(100);
});
