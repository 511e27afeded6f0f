import { describe, expect, it } from "vitest";
import { actionsIn, commandsIn, onlyCommand, type Sent, Subject } from "./fixtures.ts";

const SERIES = 'checkout/latency_ms{"host"="a"}';
const ANOMALY = `${SERIES}@1760000000000`;

/** Labels by which the noise of the share of wrong ones becomes known, and which move nothing. */
function settle(subject: Subject, about: object): void {
  for (let i = 0; i < 40; i++) {
    subject.signal("anomaly_feedback", { true_positive: 20, ...about });
    subject.signal("anomaly_feedback", {
      true_positive: 18,
      false_positive: 1,
      false_negative: 1,
      ...about,
    });
  }
}

const factors = (sent: readonly Sent[]) =>
  sent.map(({ command }) => (command.name === "scale_sensitivity" ? command.factor : undefined));

describe("anomaly_feedback", () => {
  it("lowers the sensitivity of a false alarm's series, and more weakly of its system", () => {
    const subject = new Subject();
    const outputs = subject.signal("anomaly_feedback", {
      false_positive: true,
      anomaly_id: ANOMALY,
    });
    const id = "checkout.anomaly_feedback.1";
    expect(commandsIn(outputs)).toEqual([
      {
        to: "learner",
        key: SERIES,
        id,
        command: {
          name: "scale_sensitivity",
          metric: "latency_ms",
          labels: { host: "a" },
          factor: 0.8,
          known_kind_factor: 0.8 ** 0.25,
          anomaly_opened_at: 1_760_000_000_000,
          verdict: "false_positive",
          weight: 1,
        },
      },
      {
        to: "learner",
        key: null,
        id: `${id}.system`,
        command: { name: "scale_sensitivity", metric: null, labels: {}, factor: 0.8 ** (1 / 16) },
      },
    ]);
    expect(actionsIn(outputs)).toMatchObject([
      { action_id: `${id}.system`, status: "applied", from: null, to: 0.8 ** (1 / 16) },
    ]);
    expect(actionsIn(subject.confirm(id, 1, 0.8))).toMatchObject([
      { action_id: id, status: "applied", from: 1, to: 0.8, target: { series: SERIES } },
    ]);
  });

  it.each([
    [{ false_positive: 1 }, 0.8],
    [{ false_positive: 2 }, 0.64],
    [{ false_positive: 50 }, 0.5],
    [{ false_negative: 1 }, 1.25],
    [{ false_negative: true }, 1.25],
    [{ false_negative: 9 }, 2],
    [{ false_negative: 2, false_positive: 1 }, 1.25],
  ])("%j scales by the count, within bounds", (body, factor) => {
    const subject = new Subject();
    const outputs = subject.signal("anomaly_feedback", { ...body, metric: "latency_ms" });
    expect(factors(commandsIn(outputs))[0]).toBeCloseTo(factor, 12);
    expect(commandsIn(outputs)[0]?.key).toBe("checkout/latency_ms");
  });

  it.each([{ true_positive: 3 }, { false_positive: 1, false_negative: 1 }])(
    "%j moves nothing",
    (body) => {
      const subject = new Subject();
      expect(commandsIn(subject.signal("anomaly_feedback", body))).toEqual([]);
    },
  );

  it.each([
    ["nothing that names a series", {}],
    ["an id without a series", { anomaly_id: "a-17" }],
    ["a series of another system", { anomaly_id: "other/latency_ms@1" }],
  ])("moves the system only, and at once, with %s", (_name, about) => {
    const subject = new Subject();
    const outputs = subject.signal("anomaly_feedback", { false_negative: 1, ...about });
    expect(onlyCommand(outputs)).toMatchObject({
      key: null,
      id: "checkout.anomaly_feedback.1.system",
      command: { metric: null, factor: 1.25 ** 0.25 },
    });
    expect(actionsIn(outputs)).toMatchObject([
      { status: "applied", from: null, to: 1.25 ** 0.25, target: { series: null } },
    ]);
  });

  it("leaves the system its full share of a label that names no anomaly", () => {
    const outputs = new Subject().signal("anomaly_feedback", {
      false_positive: 1,
      metric: "latency_ms",
    });
    expect(commandsIn(outputs).map(({ command }) => command)).toEqual([
      { name: "scale_sensitivity", metric: "latency_ms", labels: {}, factor: 0.8 },
      { name: "scale_sensitivity", metric: null, labels: {}, factor: 0.8 ** 0.25 },
    ]);
  });

  it("teaches a kind of burst what was said of it, and takes the lesson back by its opposite", () => {
    const lessonOf = (sent: Sent | undefined) => {
      if (sent?.command.name !== "scale_sensitivity") return undefined;
      const { anomaly_opened_at, verdict, weight, factor } = sent.command;
      return { anomaly_opened_at, verdict, weight, factor };
    };
    const opened = { anomaly_opened_at: 1_760_000_000_000, weight: 1 };
    const teach = (body: object) => new Subject().signal("anomaly_feedback", body);
    const right = commandsIn(teach({ true_positive: 1, anomaly_id: ANOMALY }));
    expect(right.map(lessonOf)).toEqual([{ ...opened, verdict: "true_positive", factor: 1 }]);
    const missed = commandsIn(teach({ false_negative: 1, anomaly_id: ANOMALY }));
    expect(lessonOf(missed[0])).toEqual({ ...opened, verdict: "false_negative", factor: 1.25 });
    const mixed = teach({ false_positive: 2, true_positive: 1, anomaly_id: ANOMALY });
    expect(lessonOf(commandsIn(mixed)[0])).toMatchObject({ verdict: undefined });
    const untimed = teach({ false_positive: 1, anomaly_id: `${SERIES}@soon` });
    expect(lessonOf(commandsIn(untimed)[0])).toMatchObject({ verdict: undefined, factor: 0.8 });
  });

  it("weighs a label by damping, the source's weight and what its source may still move", () => {
    const subject = new Subject({ source_weights: { "*": 0.5, trusted: 1 } });
    const weights = (source: string, count: number) =>
      Array.from({ length: count }, (_, i) => {
        const anomaly_id = `checkout/latency_ms@${i}`;
        const outputs = subject.signal(
          "anomaly_feedback",
          { false_positive: 1, anomaly_id },
          { source, seconds: 0 },
        );
        const command = commandsIn(outputs)[0]?.command;
        return command?.name === "scale_sensitivity" ? command.weight : undefined;
      });
    expect(weights("somebody", 1)).toEqual([0.5]);
    const trusted = weights("trusted", 5);
    expect(trusted.slice(0, 3)).toEqual([1, 1, 1]);
    // ln(8) · 4/5 / 2 may come at once; ln(1.25) each.
    expect(trusted[3]).toBeCloseTo((Math.log(8) * 0.4) / Math.log(1.25) - 3, 9);
    expect(trusted[4]).toBeUndefined();
  });

  it("is judged by the labels that follow about the same series, and undone when it hurt", () => {
    const subject = new Subject({ judgement_signals: 2 });
    const label = (body: object, anomaly_id = ANOMALY) =>
      subject.signal("anomaly_feedback", { ...body, anomaly_id });
    settle(subject, { metric: "latency_ms", labels: { host: "a" } });
    const { id } = commandsIn(label({ true_positive: 9, false_positive: 1 }))[0] as Sent;
    const [applied] = actionsIn(subject.confirm(id, 1, 0.8));
    expect(applied?.objective?.before).toBeCloseTo(0.1, 12);
    expect(applied?.objective?.predicted).toBeCloseTo(0.08, 12);
    label({ true_positive: 1 }, "checkout/other@1");
    label({ false_negative: 1 });
    const series = { metric: "latency_ms", labels: { host: "a" } };
    const outputs = subject.signal("anomaly_feedback", { true_positive: 1, ...series });
    expect(actionsIn(outputs)[0]).toMatchObject({
      action_id: id,
      status: "judged",
      helped: false,
      objective: { after: 0.5 },
    });
    const sent = commandsIn(outputs);
    expect(sent.map((command) => command.id)).toEqual([`${id}.rollback`, `${id}.system.rollback`]);
    expect(factors(sent)[0]).toBeCloseTo(1.25, 12);
    expect(factors(sent)[1]).toBeCloseTo(0.8 ** -0.25, 12);
    expect(actionsIn(outputs)[1]).toMatchObject({
      action_id: `${id}.system`,
      status: "rolled_back",
    });
    expect(actionsIn(subject.confirm(`${id}.rollback`, 0.8, 1))).toMatchObject([
      { action_id: id, status: "rolled_back", from: 0.8, to: 1 },
    ]);
    expect(factors(commandsIn(label({ false_positive: 1 })))[0]).toBeCloseTo(0.8 ** 0.5, 12);
  });

  it("takes back what a report of a missed one taught by the time that it named", () => {
    const subject = new Subject({ judgement_signals: 2 });
    const label = (body: object) =>
      subject.signal("anomaly_feedback", { ...body, anomaly_id: ANOMALY });
    settle(subject, { metric: "latency_ms", labels: { host: "a" } });
    const [missed] = commandsIn(label({ false_negative: 1 })) as [Sent];
    subject.confirm(missed.id, 1, 1.25);
    const sent = [...Array(3)].flatMap(() => commandsIn(label({ false_positive: 1 })));
    expect(sent.find((one) => one.id === `${missed.id}.rollback`)?.command).toMatchObject({
      anomaly_opened_at: 1_760_000_000_000,
      verdict: "false_positive",
      weight: 1,
    });
  });

  it("undoes a system-wide action without waiting for a word on it", () => {
    const subject = new Subject({ judgement_signals: 1 });
    settle(subject, {});
    const mixed = { true_positive: 9, false_positive: 1 };
    const sent = onlyCommand(subject.signal("anomaly_feedback", mixed));
    const outputs = subject.signal("anomaly_feedback", { true_positive: 1, false_negative: 1 });
    expect(actionsIn(outputs).map((action) => [action.status, action.helped])).toEqual([
      ["judged", false],
      ["rolled_back", false],
      ["applied", null],
    ]);
    const [rollback] = commandsIn(outputs);
    expect(rollback?.id).toBe(`${sent.id}.rollback`);
    expect(factors([sent])[0]! * factors([rollback as Sent])[0]!).toBeCloseTo(1, 12);
  });

  it("tracks precision and recall of a series and of its system, newer labels counting more", () => {
    const subject = new Subject();
    const figures = () =>
      subject.loop("anomaly_feedback") as {
        precision: number;
        recall: number;
        series: { series: string; precision: number; labels: number }[];
      };
    const label = (body: object, metric = "latency_ms") =>
      subject.signal("anomaly_feedback", { ...body, metric });
    expect(figures()).toMatchObject({ precision: null, recall: null, labels: 0, series: [] });
    label({ true_positive: 3, false_positive: 1, false_negative: 2 });
    expect(figures().precision).toBeCloseTo(0.75, 12);
    expect(figures().recall).toBeCloseTo(0.6, 12);
    label({ false_positive: 1 }, "errors");
    expect(figures().series).toMatchObject([
      { series: "checkout/latency_ms", precision: 0.75 },
      { series: "checkout/errors", precision: 0, labels: 1 },
    ]);
    expect(figures().precision).toBeLessThan(0.61);
    for (let i = 0; i < 500; i++) label({ true_positive: 1 });
    expect(figures().precision).toBeGreaterThan(0.98);
    for (let i = 0; i < 500; i++) label({ false_positive: 1 });
    expect(figures().precision).toBeLessThan(0.02);
    subject.restart();
    expect(figures().series.at(-1)).toMatchObject({ series: "checkout/latency_ms" });
  });

  it("halves an older label with so many later ones, and with so much time", () => {
    const subject = new Subject({ label_half_life_count: 4, label_half_life_seconds: 1_000 });
    const labels = () => subject.loop("anomaly_feedback").labels as number;
    subject.signal("anomaly_feedback", { true_positive: 8 });
    expect(labels()).toBe(8);
    subject.signal("anomaly_feedback", { false_positive: 4 }, { seconds: 0 });
    expect(labels()).toBeCloseTo(8 / 2 + 4, 12);
    subject.signal("anomaly_feedback", { false_positive: 4 }, { seconds: 1_000 });
    expect(labels()).toBeCloseTo(8 / 4 + 4, 12);
    expect(subject.loop("anomaly_feedback").precision).toBeCloseTo(1 / 6, 12);
  });
});
