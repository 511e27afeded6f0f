import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optimizerActor } from "../src/actor.ts";
import {
  BUSY,
  CALM,
  confirmationsIn,
  OVERLOADED,
  outcomesIn,
  parametersIn,
  Subject,
  subjectIn,
  transitionsIn,
} from "./fixtures.ts";

describe("re_evaluate", () => {
  it("decides at once on the given values, without dwell, and the decision stands", () => {
    const subject = new Subject();
    subject.fill({ ...CALM, cpu_usage: 20 });
    const outputs = subject.command({ name: "re_evaluate", cpu_usage: 70 }, "a-1");
    expect(confirmationsIn(outputs)).toMatchObject([
      { action_id: "a-1", applied: true, from: "healthy", to: "optimizing", system: "checkout" },
    ]);
    expect(confirmationsIn(outputs)[0]?.reason).toContain(
      "mean cpu_usage 70 % > 60 % over 1 report",
    );
    subject.report({ ...CALM, cpu_usage: 70 }, 60);
    expect(subject.state.state).toBe("optimizing");
    expect(subject.state.window.meansByName()).toEqual({ ...CALM, cpu_usage: 70 });
  });

  it("confirms a state that stays", () => {
    const subject = subjectIn("healthy");
    const outputs = subject.command({ name: "re_evaluate", cpu_usage: 10 });
    expect(outputs).toHaveLength(1);
    expect(confirmationsIn(outputs)).toMatchObject([
      { applied: true, from: "healthy", to: "healthy" },
    ]);
  });

  it("brings critical no further than recovering", () => {
    const subject = subjectIn("critical");
    subject.command({
      name: "re_evaluate",
      cpu_usage: 1,
      memory_usage: 1,
      cycle_latency: 0.01,
    });
    expect(subject.state.state).toBe("recovering");
  });

  it("reports its outcome once, after the next ten reports", () => {
    const subject = subjectIn("healthy");
    subject.command({ name: "re_evaluate", cpu_usage: 96, cycle_latency: 2.5 }, "a-1");
    const early = Array.from({ length: 9 }, (_, i) => subject.report({ cpu_usage: 40 + i * 7 }));
    expect(outcomesIn(early.flat())).toEqual([]);
    subject.report({ decision_quality: 0.9 });
    expect(outcomesIn(subject.outputs)).toEqual([]);
    const [outcome] = outcomesIn(subject.report({ memory_usage: 85 }));
    expect(outcome).toMatchObject({ action_id: "a-1", objective: "pressure", before: 1.2 });
    expect(outcome?.after).toBeCloseTo((9 * 0.85 + 1) / 10, 12);
    expect(outcomesIn(subject.fill(CALM))).toEqual([]);
  });

  it("says beside it what would have come without the command, once it has seen how the system goes", () => {
    const subject = subjectIn("healthy");
    const cpuAt = (i: number) => 50 + 6 * Math.sin(i * 12.9898) + 3 * Math.sin(i * 0.7);
    const outcomeAfter = (from: number, effect: number) => {
      subject.command({ name: "re_evaluate", cpu_usage: 80 }, `a-${from}`);
      subject.restart();
      const outputs = Array.from({ length: 10 }, (_, i) =>
        subject.report({ cpu_usage: cpuAt(from + i) + effect }),
      );
      return outcomesIn(outputs.flat())[0]!;
    };
    for (let i = 0; i < 60; i++) subject.report({ cpu_usage: cpuAt(i) });
    expect(outcomeAfter(60, 0)).not.toHaveProperty("expected");
    for (let i = 70; i < 400; i++) subject.report({ cpu_usage: cpuAt(i) });
    const idle = outcomeAfter(400, 0);
    const noise = Math.sqrt(idle.noise_variance ?? Number.NaN);
    expect(idle.before).toBe(1);
    expect(Math.abs(idle.after - (idle.expected ?? Number.NaN))).toBeLessThan(3 * noise);
    expect(idle.samples).toBeGreaterThan(5);
    for (let i = 410; i < 500; i++) subject.report({ cpu_usage: cpuAt(i) });
    const helped = outcomeAfter(500, -20);
    expect(helped.after - (helped.expected ?? Number.NaN)).toBeLessThan(-4 * noise);
  });
});

describe("scale_learning_rate", () => {
  it("multiplies the row's rate in every state and publishes it", () => {
    const subject = subjectIn("healthy");
    const outputs = subject.command({ name: "scale_learning_rate", factor: 1.2 });
    expect(confirmationsIn(outputs)).toMatchObject([{ applied: true, from: 0.1, to: 0.12 }]);
    expect(parametersIn(outputs)).toMatchObject([
      { learning_rate: 0.12, changed: ["learning_rate"] },
    ]);
    subject.command({ name: "re_evaluate", cpu_usage: 65 });
    expect(subject.parameters).toMatchObject({ state: "optimizing", learning_rate: 0.36 });
    subject.command({ name: "scale_learning_rate", factor: 1 / 1.2 });
    expect(subject.parameters.learning_rate).toBe(0.3);
  });

  it("stays within 0.05–1, refuses at the bound and does not wind up there", () => {
    const subject = subjectIn("healthy");
    for (let i = 0; i < 50; i++) subject.command({ name: "scale_learning_rate", factor: 1.2 });
    expect(subject.parameters.learning_rate).toBe(1);
    expect(confirmationsIn(subject.outputs).at(-1)).toMatchObject({
      applied: false,
      from: 1,
      to: 1,
    });
    subject.command({ name: "scale_learning_rate", factor: 0.9 });
    expect(subject.parameters.learning_rate).toBe(0.9);
    subject.command({ name: "scale_learning_rate", factor: 1e-9 });
    expect(subject.parameters.learning_rate).toBe(0.05);
  });
});

describe("adjust_parallelism", () => {
  it("moves the parallelism of every state, never under 1", () => {
    const subject = subjectIn("healthy");
    const outputs = subject.command({ name: "adjust_parallelism", delta: -1 });
    expect(confirmationsIn(outputs)).toMatchObject([{ applied: true, from: 4, to: 3 }]);
    expect(subject.parameters.execution_parallelism).toBe(3);
    subject.command({ name: "re_evaluate", cpu_usage: 95 });
    expect(subject.parameters.execution_parallelism).toBe(1);
    const [refused] = confirmationsIn(subject.command({ name: "adjust_parallelism", delta: -1 }));
    expect(refused).toMatchObject({ applied: false, from: 1, to: 1 });
    expect(refused?.reason).toBe("execution_parallelism stays 1: bounds 1–4");
  });

  it("rises to four times the row and no further", () => {
    const subject = subjectIn("healthy");
    const outputs = subject.command({ name: "adjust_parallelism", delta: 100 });
    expect(confirmationsIn(outputs)).toMatchObject([{ applied: true, from: 4, to: 16 }]);
  });
});

describe("a repeated command", () => {
  it("changes nothing and is confirmed with the first answer", () => {
    const subject = subjectIn("healthy");
    const first = subject.command({ name: "adjust_parallelism", delta: -1 }, "a-1");
    const saved = optimizerActor.save(subject.state);
    const again = subject.command({ name: "adjust_parallelism", delta: -1 }, "a-1");
    expect(again).toEqual(
      confirmationsIn(first).map((input) => expect.objectContaining({ input })),
    );
    expect(optimizerActor.save(subject.state)).toEqual(saved);
  });

  it("is remembered for a thousand commands, and after a restart", () => {
    const subject = subjectIn("healthy");
    subject.command({ name: "adjust_parallelism", delta: 1 }, "first");
    for (let i = 0; i < 999; i++)
      subject.command({ name: "scale_learning_rate", factor: 1 }, `noise-${i}`);
    subject.restart();
    subject.command({ name: "adjust_parallelism", delta: 1 }, "first");
    expect(subject.parameters.execution_parallelism).toBe(5);
    subject.command({ name: "scale_learning_rate", factor: 1 }, "one-more");
    subject.command({ name: "adjust_parallelism", delta: 1 }, "first");
    expect(subject.parameters.execution_parallelism).toBe(6);
    expect(subject.state.answers.size).toBe(1_000);
  });
});

describe("any mix of inputs", () => {
  const input = fc.oneof(
    fc.record({
      type: fc.constant("report" as const),
      measures: fc.constantFrom(CALM, BUSY, OVERLOADED, { cpu_usage: 50 }, { cycle_latency: 4 }),
    }),
    fc.record({ type: fc.constant("tick" as const) }),
    fc.record({
      type: fc.constant("rate" as const),
      factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
    }),
    fc.record({ type: fc.constant("delta" as const), delta: fc.integer({ min: -9, max: 9 }) }),
    fc.record({
      type: fc.constant("evaluate" as const),
      cpu_usage: fc.double({ min: 0, max: 100, noNaN: true }),
    }),
    fc.record({
      type: fc.constant("force" as const),
      state: fc.constantFrom("critical" as const, "healthy" as const, null),
    }),
    fc.record({
      type: fc.constant("mode" as const),
      mode: fc.constantFrom("apply" as const, "apply" as const, "shadow" as const, "off" as const),
    }),
    fc.record({
      type: fc.constant("settings" as const),
      base_parallelism: fc.integer({ min: 1, max: 12 }),
    }),
  );
  const inputs = fc.array(fc.tuple(input, fc.nat(90)), { maxLength: 60 });

  function play(
    subject: Subject,
    steps: readonly (typeof inputs extends fc.Arbitrary<infer T> ? T : never)[number][],
  ) {
    for (const [step, seconds] of steps) {
      subject.timeMs += seconds * 1_000;
      switch (step.type) {
        case "report":
          subject.report(step.measures, 0);
          break;
        case "tick":
          subject.tick(0);
          break;
        case "rate":
          subject.command({ name: "scale_learning_rate", factor: step.factor });
          break;
        case "delta":
          subject.command({ name: "adjust_parallelism", delta: step.delta });
          break;
        case "evaluate":
          subject.command({ name: "re_evaluate", cpu_usage: step.cpu_usage });
          break;
        case "force":
          subject.force(step.state);
          break;
        case "mode":
          subject.control({ command: "set_mode", mode: step.mode });
          break;
        case "settings":
          subject.settings({ base_parallelism: step.base_parallelism });
          break;
      }
    }
  }

  it("keeps parallelism and learning rate in bounds, confirms each command once, and counts each transition", () => {
    fc.assert(
      fc.property(inputs, (steps) => {
        const subject = new Subject();
        play(subject, steps);
        for (const message of parametersIn(subject.outputs)) {
          expect(message.execution_parallelism).toBeGreaterThanOrEqual(1);
          expect(message.learning_rate).toBeGreaterThanOrEqual(0.05);
          expect(message.learning_rate).toBeLessThanOrEqual(1);
        }
        const commands = steps.filter(([step]) =>
          ["rate", "delta", "evaluate"].includes(step.type),
        );
        expect(confirmationsIn(subject.outputs)).toHaveLength(commands.length);
        const counts = transitionsIn(subject.outputs).map((transition) => transition.count);
        expect(counts).toEqual(counts.map((_, i) => i + 1));
      }),
    );
  });

  it("gives the same bytes again, and continues the same after a restart at any point", () => {
    fc.assert(
      fc.property(inputs, fc.nat(60), (steps, cut) => {
        const one = new Subject();
        play(one, steps);
        const two = new Subject();
        play(two, steps.slice(0, cut));
        two.restart();
        play(two, steps.slice(cut));
        expect(two.outputs).toEqual(one.outputs);
        expect(optimizerActor.save(two.state)).toEqual(optimizerActor.save(one.state));
        expect(optimizerActor.dueAt(two.state)).toBe(optimizerActor.dueAt(one.state));
      }),
    );
  });
});
