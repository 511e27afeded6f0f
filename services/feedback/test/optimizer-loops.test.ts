import { describe, expect, it } from "vitest";
import { accuracyOf } from "../src/loops/decision-quality.ts";
import { actionsIn, commandsIn, onlyCommand, Subject } from "./fixtures.ts";

const decision = (predicted_outcome: number, actual_outcome: number) => ({
  decision_id: "d",
  predicted_outcome,
  actual_outcome,
});
const POOR = decision(100, 10);
const FAIR = decision(70, 100);
const GOOD = decision(100, 100);
const busy = (utilization: number, resource_type = "cpu") => ({ resource_type, utilization });

/** Signals by which the noise of an objective becomes known, and on which nothing acts. */
function settle(subject: Subject): void {
  for (let i = 0; i < 100; i++) {
    subject.signal("decision_quality", decision(i % 2 ? 68 : 72, 100));
    subject.signal("resource_optimization", busy(i % 2 ? 0.68 : 0.72));
  }
}

describe("performance_adaptation", () => {
  it("has the optimizer re-evaluate and is judged by its pressure", () => {
    const subject = new Subject();
    const body = { cpu_usage: 90, latency_ms: 2_500 };
    const sent = onlyCommand(subject.signal("performance_adaptation", body));
    expect(sent).toEqual({
      to: "optimizer",
      key: "checkout",
      id: "checkout.performance_adaptation.1",
      command: { name: "re_evaluate", cpu_usage: 90, cycle_latency: 2.5 },
    });
    expect(actionsIn(subject.confirm(sent.id, "healthy", "critical"))).toMatchObject([
      {
        status: "applied",
        target: { service: "optimizer", setting: "state", series: null },
        from: "healthy",
        to: "critical",
      },
    ]);
    expect(actionsIn(subject.outcome(sent.id, 1.2, 0.9))).toMatchObject([
      { status: "judged", helped: true, objective: { before: 1.2, after: 0.9, predicted: 1 } },
    ]);
  });

  it("has nothing to roll back when it hurt", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.signal("performance_adaptation", { memory_usage: 90 }));
    subject.confirm(id, "healthy", "critical");
    const outputs = subject.outcome(id, 1, 1.3);
    expect(commandsIn(outputs)).toEqual([]);
    expect(actionsIn(outputs)).toMatchObject([{ helped: false, damping: 0.5 }]);
  });
});

describe("decision_quality", () => {
  it.each([
    [100, 100, 1],
    [90, 100, 0.9],
    [0.5, 0, 0.5],
    [-90, -100, 0.9],
    [100, 10, 0],
  ])("predicted %d, came %d: accuracy %d", (predicted, actual, accuracy) => {
    expect(accuracyOf(predicted, actual)).toBeCloseTo(accuracy, 12);
  });

  it.each([
    ["below 0.5", decision(49.9, 100), 1.2],
    ["0.5 exactly", decision(50, 100), undefined],
    ["in between", FAIR, undefined],
    ["0.9 exactly", decision(90, 100), undefined],
    ["above 0.9", decision(90.1, 100), 0.9],
  ])("accuracy %s", (_name, body, factor) => {
    const outputs = new Subject().signal("decision_quality", body);
    const expected = factor === undefined ? [] : [{ name: "scale_learning_rate", factor }];
    expect(commandsIn(outputs).map(({ command }) => command)).toEqual(expected);
  });

  it("is judged by the mean error of the next decisions against what was to come", () => {
    const subject = new Subject({ judgement_signals: 3 });
    settle(subject);
    for (let i = 0; i < 3; i++) subject.signal("decision_quality", decision(55, 100));
    const { id } = onlyCommand(subject.signal("decision_quality", POOR));
    subject.signal("decision_quality", GOOD, { id: "not evidence: unconfirmed" });
    const [applied] = actionsIn(subject.confirm(id, 0.1, 0.12));
    expect(applied?.objective?.before).toBeCloseTo((0.45 + 0.45 + 1) / 3, 12);
    expect(applied?.objective?.predicted).toBeCloseTo(((0.45 + 0.45 + 1) / 3) * 0.8, 12);
    const early = [FAIR, FAIR].flatMap((body) => subject.signal("decision_quality", body));
    expect(actionsIn(early)).toEqual([]);
    const [judged] = actionsIn(subject.signal("decision_quality", FAIR));
    expect(judged).toMatchObject({ action_id: id, status: "judged", helped: true });
    expect(judged?.objective?.after).toBeCloseTo(0.3, 12);
    // Far from what was known: a new level, which was expected to stay.
    expect(judged?.objective?.expected).toBeCloseTo((0.45 + 0.45 + 1) / 3, 12);
    expect(judged?.objective?.noise).toBeLessThan(0.1);
  });

  it("is not judged while too little is known of its noise, and then only watches for long", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.signal("decision_quality", POOR));
    subject.confirm(id, 0.1, 0.12);
    for (let i = 0; i < 4; i++) subject.signal("decision_quality", FAIR);
    const [judged] = actionsIn(subject.signal("decision_quality", FAIR));
    expect(judged).toMatchObject({ status: "judged", helped: false, damping: 1 });
    expect(judged?.reason).toContain("too little is known of its noise: no clear difference");
    for (let i = 0; i < 69; i++)
      expect(commandsIn(subject.signal("decision_quality", POOR))).toEqual([]);
    expect(commandsIn(subject.signal("decision_quality", POOR))).toHaveLength(1);
  });

  it("makes one step of a burst, whatever its direction, until that is judged", () => {
    const subject = new Subject();
    const first = onlyCommand(subject.signal("decision_quality", POOR));
    subject.confirm(first.id, 0.1, 0.12);
    expect(commandsIn(subject.signal("decision_quality", POOR))).toEqual([]);
    expect(commandsIn(subject.signal("decision_quality", GOOD))).toEqual([]);
  });

  it("undoes what was really changed and moves less afterwards", () => {
    const subject = new Subject();
    settle(subject);
    const { id } = onlyCommand(subject.signal("decision_quality", decision(49, 100)));
    subject.confirm(id, 0.9, 1);
    const outputs = Array.from({ length: 5 }, () => subject.signal("decision_quality", POOR));
    const rollback = commandsIn(outputs.flat()).find((sent) => sent.id === `${id}.rollback`);
    expect(rollback?.command).toEqual({ name: "scale_learning_rate", factor: 0.9 });
    expect(actionsIn(subject.confirm(`${id}.rollback`, 1, 0.9))).toMatchObject([
      { status: "rolled_back", from: 1, to: 0.9, damping: 0.5 },
    ]);
    for (let i = 0; i < 4; i++)
      expect(commandsIn(subject.signal("decision_quality", POOR))).toEqual([]);
    expect(onlyCommand(subject.signal("decision_quality", POOR)).command).toEqual({
      name: "scale_learning_rate",
      factor: 1.2 ** 0.5,
    });
  });

  it("says the mean accuracy", () => {
    const subject = new Subject();
    expect(subject.loop("decision_quality").mean_accuracy).toBeNull();
    for (const body of [POOR, FAIR, GOOD]) subject.signal("decision_quality", body);
    expect(subject.loop("decision_quality").mean_accuracy).toBeCloseTo(1.7 / 3, 12);
  });
});

describe("resource_optimization", () => {
  it("takes one off the parallelism at the first signal above 0.8", () => {
    const subject = new Subject();
    const sent = onlyCommand(subject.signal("resource_optimization", busy(0.9)));
    expect(sent).toMatchObject({
      to: "optimizer",
      command: { name: "adjust_parallelism", delta: -1 },
    });
    const [applied] = actionsIn(subject.confirm(sent.id, 4, 3));
    expect(applied).toMatchObject({ status: "applied", from: 4, to: 3 });
    expect(applied?.objective?.before).toBeCloseTo(0.1, 12);
    expect(applied?.objective?.predicted).toBe(0);
  });

  it.each([0.8, 0.7, 0.6])("leaves %d alone, however long", (utilization) => {
    const subject = new Subject();
    for (let i = 0; i < 300; i++) subject.signal("resource_optimization", busy(utilization));
    expect(commandsIn(subject.outputs)).toEqual([]);
  });

  it("adds one after a resource has been below 0.6 for long enough without a break", () => {
    const subject = new Subject({ low_utilization_seconds: 60 });
    for (let i = 0; i < 60; i++) subject.signal("resource_optimization", busy(0.3));
    subject.signal("resource_optimization", busy(0.6));
    for (let i = 0; i < 60; i++) subject.signal("resource_optimization", busy(0.3));
    expect(commandsIn(subject.outputs)).toEqual([]);
    const sent = onlyCommand(subject.signal("resource_optimization", busy(0.3)));
    expect(sent.command).toEqual({ name: "adjust_parallelism", delta: 1 });
    subject.refuse(sent.id, 16);
    for (let i = 0; i < 59; i++)
      expect(commandsIn(subject.signal("resource_optimization", busy(0.3)))).toEqual([]);
    expect(commandsIn(subject.signal("resource_optimization", busy(0.3)))).toHaveLength(1);
  });

  it("makes one step of a burst, for each resource its own", () => {
    const subject = new Subject();
    for (let i = 0; i < 10; i++) subject.signal("resource_optimization", busy(0.9), { seconds: 0 });
    expect(commandsIn(subject.outputs)).toHaveLength(1);
    expect(commandsIn(subject.signal("resource_optimization", busy(0.9, "disk")))).toHaveLength(1);
  });

  it("is judged by whether utilization went its way", () => {
    const subject = new Subject({ judgement_signals: 2 });
    settle(subject);
    const { id } = onlyCommand(subject.signal("resource_optimization", busy(1)));
    subject.confirm(id, 4, 3);
    subject.signal("resource_optimization", busy(0.65));
    subject.signal("resource_optimization", busy(0.1, "disk"));
    const [judged] = actionsIn(subject.signal("resource_optimization", busy(0.5)));
    expect(judged).toMatchObject({ action_id: id, status: "judged", helped: true });
    expect(judged?.objective?.after).toBeCloseTo(0.05, 12);
  });

  it("steps back when it hurt, and then asks for more evidence", () => {
    const subject = new Subject({ judgement_signals: 2, low_utilization_seconds: 0 });
    settle(subject);
    const { id } = onlyCommand(subject.signal("resource_optimization", busy(0.59)));
    subject.confirm(id, 4, 5);
    const said = [1, 1].flatMap((used) => subject.signal("resource_optimization", busy(used)));
    const rollback = onlyCommand(said);
    expect(rollback).toMatchObject({
      id: `${id}.rollback`,
      command: { name: "adjust_parallelism", delta: -1 },
    });
    expect(actionsIn(subject.confirm(rollback.id, 5, 4))).toMatchObject([
      { status: "rolled_back", from: 5, to: 4 },
    ]);
    expect(commandsIn(subject.signal("resource_optimization", busy(1)))).toEqual([]);
    expect(onlyCommand(subject.signal("resource_optimization", busy(1))).command).toEqual({
      name: "adjust_parallelism",
      delta: -1,
    });
  });
});
