import { encodeMsgpack, LOOPS, type Loop } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { feedbackActor } from "../src/actor.ts";
import { FEEDBACK_ERRORS, FeedbackError } from "../src/errors.ts";
import { verdictOn } from "../src/judgement/effectiveness.ts";
import { actionsIn, commandsIn, onlyCommand, Subject, signalsIn } from "./fixtures.ts";

/** A signal of each loop that leads to an action at once. */
const ACTING = {
  metrics_learning: { parameter: "latency_ms", threshold_value: 200, confidence: 0.9 },
  performance_adaptation: { cpu_usage: 95 },
  decision_quality: { decision_id: "d", predicted_outcome: 100, actual_outcome: 1 },
  anomaly_feedback: { false_positive: true },
  resource_optimization: { resource_type: "cpu", utilization: 0.95 },
} as const;

describe("signals", () => {
  it.each(LOOPS)("of %s are stored and acted on", (loop) => {
    const subject = new Subject();
    const outputs = subject.signal(loop, ACTING[loop]);
    expect(outputs[0]).toMatchObject({ family: "feedback", tokens: ["checkout", loop] });
    expect(signalsIn(outputs)).toEqual([
      {
        version: 1,
        system: "checkout",
        loop,
        id: "s-1",
        source: "test",
        signal: expect.objectContaining({}),
        timestamp: subject.timeMs,
      },
    ]);
    expect(commandsIn(outputs)).toHaveLength(1);
    expect(subject.loop(loop)).toMatchObject({ signals: 1, actions: 1, open: 1, enabled: true });
  });

  it.each(LOOPS)("of %s are stored and not acted on where it is disabled", (loop) => {
    for (const off of [
      new Subject({ loops: { [loop]: false } }),
      disabledByOperator(new Subject(), loop),
    ]) {
      const outputs = off.signal(loop, ACTING[loop]);
      expect(signalsIn(outputs)).toHaveLength(1);
      expect(commandsIn(outputs)).toEqual([]);
      expect(off.loop(loop)).toMatchObject({ enabled: false, signals: 1, actions: 0 });
      off.control({ command: "set_loop", loop, enabled: true });
      const other = loop === "metrics_learning" ? { parameter: "other" } : {};
      expect(commandsIn(off.signal(loop, { ...ACTING[loop], ...other }))).toHaveLength(1);
    }
  });

  it("of a disabled loop still judge its open actions", () => {
    const subject = new Subject({ judgement_signals: 1 });
    const { id } = onlyCommand(subject.signal("decision_quality", ACTING.decision_quality));
    subject.confirm(id, 0.1, 0.12);
    disabledByOperator(subject, "decision_quality");
    const outputs = subject.signal("decision_quality", ACTING.decision_quality);
    expect(actionsIn(outputs)).toMatchObject([{ status: "judged" }]);
  });

  it("of two loops may have the same id, and both are done", () => {
    const subject = new Subject();
    subject.signal("performance_adaptation", ACTING.performance_adaptation, { id: "same" });
    const second = subject.signal("decision_quality", ACTING.decision_quality, { id: "same" });
    expect(second).not.toEqual([]);
    expect(subject.signal("decision_quality", ACTING.decision_quality, { id: "same" })).toEqual([]);
    expect(subject.loop("decision_quality")).toMatchObject({ signals: 1, duplicates: 1 });
  });

  it("that repeat an id are counted and dropped, for ten thousand signals and after a restart", () => {
    const subject = new Subject();
    const send = (id: string) =>
      subject.signal("performance_adaptation", ACTING.performance_adaptation, { id, seconds: 0 });
    send("once");
    for (let i = 0; i < 9_999; i++) send(`n-${i}`);
    subject.restart();
    expect(send("once")).toEqual([]);
    expect(subject.loop("performance_adaptation")).toMatchObject({
      signals: 10_000,
      duplicates: 1,
    });
    send("one more");
    expect(send("once")).not.toEqual([]);
  });

  it("an operator's word on a loop stands until its configured value changes", () => {
    const subject = disabledByOperator(new Subject(), "decision_quality");
    subject.settings({ loops: { metrics_learning: false } });
    expect(subject.loop("decision_quality").enabled).toBe(false);
    subject.settings({ loops: { decision_quality: true } });
    expect(subject.loop("decision_quality").enabled).toBe(true);
  });
});

function disabledByOperator(subject: Subject, loop: Loop): Subject {
  subject.control({ command: "set_loop", loop, enabled: false });
  return subject;
}

describe("verdicts", () => {
  it.each([
    ["clearly less", 0.5, 0.47, "helped"],
    ["hardly less", 0.5, 0.48, "neutral"],
    ["the same", 0.5, 0.5, "neutral"],
    ["hardly more", 0.5, 0.54, "neutral"],
    ["clearly more", 0.5, 0.56, "hurt"],
    ["at the goal and stayed", 0.05, 0.1, "helped"],
    ["from the goal away", 0.05, 0.2, "hurt"],
    ["from nothing to little beyond the goal", 0, 0.105, "hurt"],
  ])("%s: %d to %d", (_name, before, after, verdict) => {
    expect(verdictOn(before, after, 0.1)).toBe(verdict);
  });

  it("move effectiveness and damping: hurt halves the step, help returns it half-way", () => {
    const subject = new Subject();
    const judge = (before: number, after: number) => {
      const { id } = onlyCommand(subject.signal("performance_adaptation", { cpu_usage: 95 }));
      subject.confirm(id, "healthy", "critical");
      return actionsIn(subject.outcome(id, before, after))[0];
    };
    expect(judge(1, 0.9)).toMatchObject({ effectiveness: 1, damping: 1 });
    expect(judge(1, 1.5)).toMatchObject({ effectiveness: 0.5, damping: 0.5, helped: false });
    expect(judge(1, 1)).toMatchObject({ effectiveness: 1 / 3, damping: 0.525, helped: false });
    expect(judge(1, 0.8)).toMatchObject({ effectiveness: 0.5, damping: 0.7625, helped: true });
    for (let i = 0; i < 6; i++) judge(1, 2);
    expect(judge(1, 2)).toMatchObject({ damping: 0.1 });
    expect(subject.loop("performance_adaptation")).toMatchObject({
      actions: 11,
      judged: 11,
      helped: 2,
      hurt: 8,
      effectiveness: 2 / 11,
    });
    for (let i = 0; i < 100; i++) judge(1, 0.5);
    expect(subject.loop("performance_adaptation")).toMatchObject({ judged: 111, effectiveness: 1 });
  });
});

describe("waiting", () => {
  it("ends without a verdict when nothing judges an action in time", () => {
    const subject = new Subject({ judgement_timeout_seconds: 900 });
    const { id } = onlyCommand(subject.signal("performance_adaptation", { cpu_usage: 95 }));
    expect(feedbackActor.dueAt(subject.state)).toBe(subject.timeMs + 900_000);
    subject.tick(500);
    subject.confirm(id, "healthy", "critical");
    const due = feedbackActor.dueAt(subject.state) ?? 0;
    expect(due).toBe(subject.timeMs + 900_000);
    expect(subject.tick(899.999)).toEqual([]);
    const [closed] = actionsIn(subject.tick(0.001));
    expect(closed).toMatchObject({ status: "judged", helped: null, effectiveness: null });
    expect(closed?.reason).toBe("not judged within 900 s");
    expect(feedbackActor.dueAt(subject.state)).toBeUndefined();
    expect(actionsIn(subject.outcome(id, 1, 2))).toEqual([]);
    expect(subject.loop("performance_adaptation")).toMatchObject({ judged: 0, open: 0 });
  });

  it("ends when no confirmation comes, and lets the series act again", () => {
    const subject = new Subject({ influence_window_seconds: 60 });
    const first = onlyCommand(subject.signal("metrics_learning", ACTING.metrics_learning));
    expect(actionsIn(subject.tick(900))).toMatchObject([
      { status: "judged", helped: null, reason: "not confirmed within 900 s" },
    ]);
    expect(subject.confirm(first.id, null, 200)).toEqual([]);
    expect(commandsIn(subject.signal("metrics_learning", ACTING.metrics_learning))).toHaveLength(1);
  });

  it("ends when a rollback is refused or never confirmed", () => {
    for (const end of ["refuse", "silence"]) {
      const subject = new Subject();
      const { id } = onlyCommand(subject.recommend({}, 100));
      subject.confirm(id, 100, 110);
      const rollback = onlyCommand(subject.outcome(id, 0.05, 0.3));
      const outputs = end === "refuse" ? subject.refuse(rollback.id, 110) : subject.tick(900);
      expect(actionsIn(outputs)).toMatchObject([{ action_id: id, status: "refused" }]);
      expect(actionsIn(outputs)[0]?.reason).toMatch(/^rollback/);
      expect(subject.loop("metrics_learning")).toMatchObject({ open: 0 });
    }
  });

  it("is bounded: the oldest of more than a thousand open actions is closed", () => {
    const subject = new Subject({ max_signals_per_source_per_minute: 10_000 });
    for (let i = 0; i < 1_001; i++)
      subject.signal("performance_adaptation", { cpu_usage: 95 }, { seconds: 0 });
    expect(actionsIn(subject.outputs)).toMatchObject([
      { action_id: "checkout.performance_adaptation.1", status: "judged", helped: null },
    ]);
    expect(subject.loop("performance_adaptation")).toMatchObject({ open: 1_000, judged: 0 });
  });

  it("ignores words about actions that it does not know, and repeated ones", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.signal("performance_adaptation", { cpu_usage: 95 }));
    subject.confirm(id, "healthy", "critical");
    for (const unknown of [id, `${id}.rollback`, `${id}.system`, "x", "checkout.nothing.1"])
      expect(subject.confirm(unknown, 1, 2)).toEqual([]);
    expect(subject.outcome("checkout.performance_adaptation.9", 1, 2)).toEqual([]);
  });
});

describe("any mix of inputs", () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("signal" as const), loop: fc.constantFrom(...LOOPS) }),
    fc.record({
      type: fc.constant("decision" as const),
      actual: fc.double({ min: -200, max: 200, noNaN: true }),
    }),
    fc.record({
      type: fc.constant("resource" as const),
      utilization: fc.double({ min: 0, max: 1, noNaN: true }),
      resource: fc.constantFrom("cpu", "disk"),
    }),
    fc.record({
      type: fc.constant("label" as const),
      false_positive: fc.nat(3),
      true_positive: fc.nat(3),
      metric: fc.constantFrom("latency_ms", undefined),
    }),
    fc.record({
      type: fc.constant("recommend" as const),
      value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      inForce: fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    }),
    fc.record({ type: fc.constant("answer" as const), applied: fc.boolean(), nth: fc.nat(40) }),
    fc.record({
      type: fc.constant("outcome" as const),
      nth: fc.nat(40),
      after: fc.double({ min: 0, max: 2, noNaN: true }),
    }),
    fc.record({ type: fc.constant("tick" as const) }),
    fc.record({
      type: fc.constant("control" as const),
      loop: fc.constantFrom(...LOOPS),
      enabled: fc.boolean(),
    }),
  );
  const steps = fc.array(fc.tuple(step, fc.constantFrom(0, 1, 30, 400)), { maxLength: 80 });
  type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

  function play(subject: Subject, played: Steps, from = 0): void {
    played.forEach(([step, seconds], at) => {
      const id = `p-${from + at}`;
      const sent = commandsIn(subject.outputs);
      const nth = "nth" in step ? sent[step.nth % Math.max(1, sent.length)] : undefined;
      switch (step.type) {
        case "signal":
          subject.signal(step.loop, ACTING[step.loop], { seconds, id });
          break;
        case "decision":
          subject.signal(
            "decision_quality",
            { decision_id: "d", predicted_outcome: 100, actual_outcome: step.actual },
            { seconds, id },
          );
          break;
        case "resource": {
          const { resource: resource_type, utilization } = step;
          subject.signal("resource_optimization", { resource_type, utilization }, { seconds, id });
          break;
        }
        case "label": {
          const { type: _, metric, ...counts } = step;
          if (counts.false_positive + counts.true_positive === 0) break;
          const about = metric === undefined ? {} : { metric };
          subject.signal("anomaly_feedback", { ...counts, ...about }, { seconds, id });
          break;
        }
        case "recommend":
          subject.recommend({ recommended_value: step.value }, step.inForce);
          break;
        case "answer":
          if (nth === undefined) break;
          if (step.applied) subject.confirm(nth.id, 1, 2);
          else subject.refuse(nth.id, 1);
          break;
        case "outcome":
          if (nth !== undefined) subject.outcome(nth.id, 1, step.after);
          break;
        case "tick":
          subject.tick(seconds);
          break;
        case "control":
          subject.control({ command: "set_loop", loop: step.loop, enabled: step.enabled });
          break;
      }
    });
  }

  it("gives the same bytes again, and continues the same after a restart at any point", () => {
    fc.assert(
      fc.property(steps, fc.nat(80), (played, cut) => {
        const one = new Subject();
        play(one, played);
        const two = new Subject();
        play(two, played.slice(0, cut));
        two.restart();
        play(two, played.slice(cut), Math.min(cut, played.length));
        expect(two.outputs).toEqual(one.outputs);
        expect(feedbackActor.save(two.state)).toEqual(feedbackActor.save(one.state));
        expect(feedbackActor.dueAt(two.state)).toBe(feedbackActor.dueAt(one.state));
      }),
    );
  });

  it("begins each action once, ends it once, and keeps damping and effectiveness within bounds", () => {
    fc.assert(
      fc.property(steps, (played) => {
        const subject = new Subject({ judgement_signals: 2 });
        play(subject, played);
        subject.tick(10_000);
        subject.tick(10_000);
        const messages = actionsIn(subject.outputs);
        for (const message of messages) {
          expect(message.damping).toBeGreaterThanOrEqual(0.1);
          expect(message.damping).toBeLessThanOrEqual(1);
        }
        const own = commandsIn(subject.outputs)
          .map(({ id }) => id)
          .filter((id) => !id.endsWith(".rollback"));
        expect(new Set(own).size).toBe(own.length);
        for (const loop of LOOPS) {
          const { actions, open } = subject.loop(loop) as { actions: number; open: number };
          expect(open).toBe(0);
          const ids = Array.from({ length: actions }, (_, i) => `checkout.${loop}.${i + 1}`);
          for (const id of ids) {
            const statuses = messages.filter((m) => m.action_id === id).map((m) => m.status);
            expect(statuses.join(" ")).toMatch(
              /^(refused|judged|applied judged( rolled_back| refused)?)$/,
            );
          }
        }
        expect(feedbackActor.dueAt(subject.state)).toBeUndefined();
      }),
    );
  });
});

describe("loading a state", () => {
  it("refuses with each code what it does not know", () => {
    const codeOf = (bytes: Uint8Array): string => {
      try {
        feedbackActor.load(bytes);
        return "loaded";
      } catch (error) {
        return (error as FeedbackError).code;
      }
    };
    const seen = [
      codeOf(new Uint8Array([0xc1, 0xff])),
      codeOf(encodeMsgpack({ system: "checkout" })),
      codeOf(encodeMsgpack({ schema: 1 })),
    ];
    expect(seen).toEqual([
      "MAPEK_FEEDBACK_STATE_MALFORMED",
      "MAPEK_FEEDBACK_STATE_MALFORMED",
      "MAPEK_FEEDBACK_STATE_UNKNOWN_VERSION",
    ]);
    expect(new Set(seen)).toEqual(new Set(Object.keys(FEEDBACK_ERRORS)));
    expect(new FeedbackError("MAPEK_FEEDBACK_STATE_MALFORMED", "x").consequence).toBe("skip");
  });
});
