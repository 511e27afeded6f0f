import { describe, expect, it } from "vitest";
import { actionsIn, commandsIn, onlyCommand, Subject, signalsIn } from "./fixtures.ts";

const SERIES = "checkout/latency_ms";
const proposal = (threshold_value: number, confidence = 0.9) => ({
  parameter: "latency_ms",
  threshold_value,
  confidence,
});

describe("metrics_learning", () => {
  it("adopts the first recommendation whole, whatever the learning rate", () => {
    const subject = new Subject();
    const outputs = subject.recommend({ recommended_value: 200, confidence: 0.2 }, null);
    expect(signalsIn(outputs)).toMatchObject([
      {
        id: "rec-1",
        loop: "metrics_learning",
        source: "learner",
        signal: { threshold_value: 200 },
      },
    ]);
    expect(onlyCommand(outputs)).toEqual({
      to: "learner",
      key: SERIES,
      id: "checkout.metrics_learning.1",
      command: {
        name: "set_threshold",
        metric: "latency_ms",
        labels: {},
        threshold: 200,
        at: subject.timeMs,
        rate: 0.1,
        strategy: "percentile",
        confidence: 0.2,
        reasoning: "P95 of 100 samples",
        source: "recommendation",
      },
    });
    expect(actionsIn(outputs)).toEqual([]);
    const [applied] = actionsIn(subject.confirm("checkout.metrics_learning.1", null, 200));
    expect(applied).toMatchObject({
      action_id: "checkout.metrics_learning.1",
      signal_id: "rec-1",
      status: "applied",
      target: { service: "learner", setting: "threshold", series: SERIES },
      from: null,
      to: 200,
      helped: null,
      effectiveness: null,
      damping: 1,
    });
    expect(applied?.reason).toContain("200 with confidence 0.2: no threshold was in force");
  });

  it("adopts no provisional recommendation", () => {
    const subject = new Subject();
    const outputs = subject.recommend({ provisional: true }, null);
    expect(signalsIn(outputs)).toHaveLength(1);
    expect(commandsIn(outputs)).toEqual([]);
  });

  it("moves a threshold in force by the system's learning rate", () => {
    const subject = new Subject();
    const first = onlyCommand(subject.recommend({ recommended_value: 200 }, 100));
    expect(first.command).toMatchObject({ threshold: 110 });
    subject.confirm(first.id, 100, 110);
    subject.learningRate(0.5);
    const second = onlyCommand(subject.signal("metrics_learning", proposal(200)));
    expect(second.command).toMatchObject({ threshold: 155, source: "signal", strategy: "manual" });
    expect(second.command).toMatchObject({
      reasoning: "proposed by test with confidence 0.9",
    });
  });

  it("adopts a proposal for a metric of which it knows no threshold", () => {
    const subject = new Subject();
    const labels = { host: "a" };
    const sent = onlyCommand(subject.signal("metrics_learning", { ...proposal(42), labels }));
    expect(sent).toMatchObject({
      key: 'checkout/latency_ms{"host"="a"}',
      command: { threshold: 42, labels },
    });
  });

  it.each([
    ["enough of both", 101, 0.5, { spread: 10 }, 1],
    ["too little confidence", 200, 0.49, { spread: 10 }, 0],
    ["too small a change", 100.99, 0.9, { spread: 10 }, 0],
    ["no change", 100, 0.9, { spread: 10 }, 0],
    ["a change that matters in what usually varies little", 100.99, 0.9, { spread: 0.1 }, 1],
    ["a change beside the window's range alone", 103, 0.9, { p25: 70, p75: 80 }, 1],
    ["too small a one beside it", 100.5, 0.9, { p25: 70, p75: 80 }, 0],
    ["a share where nothing else is known", 110, 0.9, {}, 1],
    ["too small a share", 109, 0.9, {}, 0],
  ])("weighs confidence and change: %s", (_name, value, confidence, supporting_data, count) => {
    const subject = new Subject();
    const recommended = { recommended_value: value, confidence, supporting_data };
    const outputs = subject.recommend(recommended, 100, 0.1);
    expect(commandsIn(outputs)).toHaveLength(count);
    expect(signalsIn(outputs)).toHaveLength(1);
  });

  it("lets what does not follow yet follow at its rate, however near it is", () => {
    const subject = new Subject();
    subject.learningRate(0.2);
    expect(
      onlyCommand(subject.recommend({ recommended_value: 100 }, 100, 0)).command,
    ).toMatchObject({
      name: "set_threshold",
      moved_from: 100,
      threshold: 100,
      rate: 0.2,
    });
    expect(commandsIn(subject.recommend({ metric: "other", recommended_value: 9 }, 9))).toEqual([]);
  });

  it("disabled it tells what follows to stay, and what stays nothing", () => {
    const subject = new Subject();
    subject.control({ command: "set_loop", loop: "metrics_learning", enabled: false });
    const stopped = onlyCommand(subject.recommend({ recommended_value: 120 }, 100, 0.1)).command;
    expect(stopped).toMatchObject({ threshold: 100, moved_from: 100, rate: 0 });
    expect(commandsIn(subject.recommend({ recommended_value: 120 }, 100, 0))).toEqual([]);
  });

  it("moves away from a threshold of 0 and across negative ones", () => {
    const subject = new Subject({ min_change: 1 });
    expect(onlyCommand(subject.recommend({ recommended_value: 5 }, 0)).command).toMatchObject({
      threshold: 0.5,
    });
    const other = { metric: "margin", recommended_value: 10 };
    expect(onlyCommand(subject.recommend(other, -10)).command).toMatchObject({ threshold: -8 });
  });

  it("waits for a series' confirmation before the next action on it, not on others", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.recommend({}, 100));
    expect(commandsIn(subject.recommend({}, 100))).toEqual([]);
    expect(commandsIn(subject.recommend({ metric: "other" }, 100))).toHaveLength(1);
    subject.confirm(id, 100, 110);
    expect(onlyCommand(subject.recommend({}, 110)).command).toMatchObject({ threshold: 119 });
  });

  it("takes a refusal as the end of an action", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.recommend({}, 100));
    const [refused] = actionsIn(subject.refuse(id, 100));
    expect(refused).toMatchObject({ status: "refused", from: 100, to: 100, helped: null });
    expect(refused?.reason).toContain("refused: pinned by an operator");
    expect(actionsIn(subject.outcome(id, 0.2, 0.1))).toEqual([]);
    expect(subject.loop("metrics_learning")).toMatchObject({ open: 0, judged: 0, damping: 1 });
    expect(commandsIn(subject.recommend({}, 100))).toHaveLength(1);
  });

  it("is judged by the learner's exceedance error, beside what was predicted", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.recommend({ confidence: 0.5 }, 100));
    subject.confirm(id, 100, 110);
    const [judged, ...more] = actionsIn(subject.outcome(id, 0.2, 0.1));
    expect(more).toEqual([]);
    expect(judged).toMatchObject({
      status: "judged",
      helped: true,
      effectiveness: 1,
      objective: { name: "exceedance_error", before: 0.2, after: 0.1, predicted: 0.19 },
    });
  });

  it("is judged against what would have come without it, where the learner measured that", () => {
    const subject = new Subject();
    const other = new Subject();
    const judge = (after: number, expected: number, noise_variance: number, of = subject) => {
      const { id } = onlyCommand(of.recommend({}, 100));
      of.confirm(id, 100, 110);
      const outputs = of.outcome(id, 0.3, after, { expected, noise_variance, samples: 50 });
      return actionsIn(outputs)[0];
    };
    // It fell, and would have fallen anyway.
    expect(judge(0.1, 0.1, 1e-4)).toMatchObject({ helped: false, damping: 1 });
    // Far less than it would be, and far more than noise does.
    const helped = judge(0.1, 0.3, 1e-4);
    expect(helped).toMatchObject({ helped: true, objective: { expected: 0.3, noise: 0.01 } });
    expect(helped?.reason).toContain("without it 0.3 ± 0.01 was to come: it helped");
    // Little by itself is much beside an action before it that did the same.
    expect(judge(0.2, 0.25, 0.01, other)).toMatchObject({ helped: false, damping: 1 });
    expect(judge(0.2, 0.25, 0.01)).toMatchObject({ helped: true });
    expect(judge(0.3, 0.25, 0.01)).toMatchObject({ helped: false });
  });

  it("is rolled back and damped when it hurt, and moves less afterwards", () => {
    const subject = new Subject();
    const { id } = onlyCommand(subject.recommend({}, 100));
    subject.confirm(id, 100, 110);
    const outputs = subject.outcome(id, 0.05, 0.3);
    expect(actionsIn(outputs)).toMatchObject([
      { status: "judged", helped: false, effectiveness: 0, damping: 0.5 },
    ]);
    const rollback = onlyCommand(outputs);
    expect(rollback).toMatchObject({
      id: `${id}.rollback`,
      key: SERIES,
      command: { name: "set_threshold", threshold: 100, source: "rollback" },
    });
    expect(actionsIn(subject.confirm(rollback.id, 110, 100))).toMatchObject([
      { status: "rolled_back", action_id: id, from: 110, to: 100, helped: false },
    ]);
    const next = onlyCommand(subject.signal("metrics_learning", proposal(200)));
    expect(next.command).toMatchObject({ threshold: 105 });
  });

  it("does not roll back what has moved on, nor a first threshold", () => {
    const subject = new Subject();
    const first = onlyCommand(subject.recommend({ recommended_value: 100 }, null));
    subject.confirm(first.id, null, 100);
    const second = onlyCommand(subject.recommend({}, 100));
    subject.confirm(second.id, 100, 110);
    const third = onlyCommand(subject.recommend({}, 110));
    subject.confirm(third.id, 110, 119);
    for (const { id } of [first, second]) {
      const outputs = subject.outcome(id, 0.05, 0.3);
      expect(actionsIn(outputs)).toMatchObject([{ status: "judged", helped: false }]);
      expect(actionsIn(outputs)[0]?.reason).toContain("not rolled back");
      expect(commandsIn(outputs)).toEqual([]);
    }
  });

  it("believes the learner that a threshold is no longer in force", () => {
    const subject = new Subject();
    subject.recommend({ confidence: 0 }, 100);
    subject.recommend({ provisional: true }, null);
    const sent = onlyCommand(subject.signal("metrics_learning", proposal(200)));
    expect(sent.command).toMatchObject({ threshold: 200 });
  });

  it("forgets the thresholds used least recently beyond ten thousand", () => {
    const subject = new Subject();
    const learn = (metric: string) =>
      subject.send({ ...recommendationOf(metric), time: subject.timeMs });
    for (let i = 0; i < 10_000; i++) learn(`m${i}`);
    subject.signal("metrics_learning", { ...proposal(200, 0), parameter: "m0" });
    learn("m10000");
    expect(subject.state.thresholds.size).toBe(10_000);
    const known = { ...proposal(200), parameter: "m0" };
    const forgotten = { ...proposal(200), parameter: "m1" };
    const outputs = [
      ...subject.signal("metrics_learning", known),
      ...subject.signal("metrics_learning", forgotten),
    ];
    expect(commandsIn(outputs).map(({ command }) => command)).toMatchObject([
      { threshold: 110 },
      { threshold: 200 },
    ]);
  });
});

/** A recommendation that is too unsure to act on, beside a threshold of 100. */
const recommendationOf = (metric: string) => ({
  version: 1 as const,
  system: "checkout",
  kind: "recommendation" as const,
  in_force: 100,
  recommendation: {
    version: 1 as const,
    system: "checkout",
    metric,
    labels: {},
    recommended_value: 200,
    confidence: 0,
    strategy: "sigma" as const,
    reasoning: "",
    candidates: { percentile: 0, sigma: 0, iqr: 0, adaptive: 0 },
    supporting_data: {},
    provisional: false,
    timestamp: 0,
  },
});
