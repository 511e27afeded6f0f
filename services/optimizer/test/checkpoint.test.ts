import { type OptimizerInput, optimizerInput, optimizerSettings } from "@mapek/core/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectSameAfterRestore, snapshotPlans } from "../../../test/support/checkpointed.ts";
import { optimizerLogic } from "../src/logic.ts";
import { BUSY, CALM, OVERLOADED, START_MS } from "./fixtures.ts";

const system = fc.constantFrom("zeta", "alpha", "mid", "beta");

const body = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant("performance"),
      system,
      performance: fc.constantFrom(CALM, BUSY, OVERLOADED, { ...BUSY, decision_quality: 0.4 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "tick" }) },
  fc.record({
    kind: fc.constant("control"),
    system,
    control: fc.constantFrom(
      { command: "force_state", state: "critical" },
      { command: "force_state", state: null },
      { command: "set_mode", mode: "shadow" },
    ),
  }),
  fc.record({
    kind: fc.constant("command"),
    system,
    action_id: fc.constantFrom("a", "b", "c"),
    command: fc.constantFrom(
      { name: "scale_learning_rate", factor: 1.2 },
      { name: "adjust_parallelism", delta: -1 },
      { name: "re_evaluate", cpu_usage: 90 },
    ),
  }),
);

const settings = fc.record({
  kind: fc.constant("settings"),
  settings: fc.constantFrom(
    optimizerSettings.parse({ min_dwell_seconds: 0, recovery_hold_seconds: 0 }),
    optimizerSettings.parse({ base_parallelism: 7 }),
  ),
});

const flow = fc.array(
  fc.tuple(fc.oneof({ weight: 40, arbitrary: body }, settings), fc.constantFrom(0, 1, 30, 400)),
  {
    minLength: 1,
    maxLength: 90,
  },
);

test("a checkpoint that was taken while inputs flowed leads to the same state and outputs", () => {
  let overlaps = 0;
  fc.assert(
    fc.property(flow, snapshotPlans, (steps, plan) => {
      let time = START_MS;
      const inputs: OptimizerInput[] = steps.map(([fields, seconds]) => {
        time += seconds * 1_000;
        const checked = optimizerInput.check({ version: 1, time, ...fields });
        if (!checked.ok) throw checked.error;
        return checked.value;
      });
      overlaps += expectSameAfterRestore(optimizerLogic, inputs, plan);
    }),
    { numRuns: 300 },
  );
  expect(overlaps).toBeGreaterThan(100);
});
