import { SYSTEM_STATES } from "@mapek/core/contract";
import { describe, expect, it } from "vitest";
import { optimizerActor } from "../src/actor.ts";
import {
  BUSY,
  CALM,
  confirmationsIn,
  OVERLOADED,
  parametersIn,
  Subject,
  subjectIn,
  transitionsIn,
  UNHELD,
} from "./fixtures.ts";

describe("a forced state", () => {
  it.each(SYSTEM_STATES)("%s holds against the measures until released", (forced) => {
    const subject = new Subject();
    subject.report(CALM);
    subject.force(forced);
    expect(subject.parameters.state).toBe(forced);
    subject.fill(OVERLOADED, 100);
    expect(subject.state.state).toBe(forced);
    expect(optimizerActor.dueAt(subject.state)).toBeUndefined();
    subject.force(null);
    expect(subject.state.state).toBe("critical");
  });

  it("is marked in its transitions and lets go without dwell", () => {
    const subject = new Subject();
    subject.report(CALM);
    const forced = subject.control({ command: "force_state", state: "degraded", reason: "drill" });
    const released = subject.force(null);
    expect(transitionsIn([...forced, ...released])).toMatchObject([
      { from: "healthy", to: "degraded", forced: true, reason: "operator forced degraded: drill" },
      { from: "degraded", to: "recovering", forced: true },
    ]);
  });

  it("refuses a re-evaluation", () => {
    const subject = new Subject();
    subject.force("degraded");
    const [answer] = confirmationsIn(subject.command({ name: "re_evaluate", cpu_usage: 99 }));
    expect(answer).toMatchObject({ applied: false, from: "degraded", to: "degraded" });
    expect(answer?.reason).toBe("an operator holds the state degraded");
  });
});

describe("modes", () => {
  it("off publishes the change of mode and then nothing", () => {
    const subject = new Subject({ ...UNHELD });
    const [message] = parametersIn(subject.control({ command: "set_mode", mode: "off" }));
    expect(message).toMatchObject({ mode: "off", state: "healthy", changed: [] });
    expect(subject.fill(OVERLOADED)).toEqual([]);
    expect(subject.force("degraded")).toEqual([]);
    expect(subject.force(null)).toEqual([]);
    expect(subject.settings({ base_parallelism: 9 })).toEqual([]);
    expect(optimizerActor.dueAt(subject.state)).toBeUndefined();
    const back = subject.control({ command: "set_mode", mode: "apply" });
    expect(transitionsIn(back)).toMatchObject([{ from: "healthy", to: "critical" }]);
    expect(parametersIn(back)).toMatchObject([{ mode: "apply", execution_parallelism: 2 }]);
  });

  it("off still gives a new system a value", () => {
    expect(new Subject({ mode: "off" }).parameters).toMatchObject({
      mode: "off",
      state: "healthy",
    });
  });

  it("shadow decides and publishes, marked as such", () => {
    const subject = new Subject({ mode: "shadow" });
    subject.report(OVERLOADED);
    expect(subject.parameters).toMatchObject({ mode: "shadow", state: "critical" });
  });

  it.each(["off", "shadow"] as const)("%s refuses commands with a reason", (mode) => {
    const subject = new Subject({ mode });
    subject.report(BUSY);
    const before = optimizerActor.save(subject.state);
    for (const command of [
      { name: "re_evaluate", cpu_usage: 99 },
      { name: "scale_learning_rate", factor: 1.2 },
      { name: "adjust_parallelism", delta: -1 },
    ] as const) {
      const outputs = subject.command(command);
      const [answer] = confirmationsIn(outputs);
      expect(outputs).toHaveLength(1);
      expect(answer).toMatchObject({ applied: false, reason: `mode is ${mode}, not apply` });
      expect(answer?.from).toBe(answer?.to);
    }
    subject.state.answers.clear();
    expect(optimizerActor.save(subject.state)).toEqual(before);
  });

  it("an operator's mode stands until the configured one changes", () => {
    const subject = new Subject();
    subject.control({ command: "set_mode", mode: "shadow" });
    subject.settings({ base_parallelism: 8 });
    expect(subject.parameters.mode).toBe("shadow");
    subject.settings({ mode: "off" });
    expect(subject.parameters.mode).toBe("off");
  });
});

describe("transitions", () => {
  it("are counted, recorded and bounded at 500", () => {
    const subject = new Subject({ ...UNHELD });
    subject.report(CALM);
    for (let i = 0; i < 260; i++) {
      subject.force("degraded");
      subject.force("healthy");
    }
    const history = optimizerActor.query(subject.state, "transitions", {}) as { count: number }[];
    expect(history.map((transition) => transition.count)).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 21),
    );
    expect(transitionsIn(subject.outputs)).toHaveLength(520);
    const newest = optimizerActor.query(subject.state, "transitions", { limit: 2 });
    expect(newest).toMatchObject([{ count: 519 }, { count: 520 }]);
  });

  it("carry the means that decided", () => {
    const subject = subjectIn("critical");
    expect(transitionsIn(subject.outputs)[0]).toMatchObject({
      from: "healthy",
      to: "critical",
      forced: false,
      performance: OVERLOADED,
      count: 1,
      reason: "mean cpu_usage 95 % > 80 % over 1 report",
    });
  });
});

describe("queries", () => {
  it("answer the parameters with the means beside them", () => {
    const subject = subjectIn("optimizing");
    subject.report({ ...BUSY, cpu_usage: 75 });
    expect(optimizerActor.query(subject.state, "parameters", {})).toEqual([
      {
        ...subject.parameters,
        performance: { ...BUSY, cpu_usage: 70 },
        reports: 2,
        changes: [],
      },
    ]);
    expect(optimizerActor.query(optimizerActor.create("new"), "parameters", {})).toEqual([]);
  });
});
