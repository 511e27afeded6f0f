// The whole loop, seen from outside: plain NATS messages in, plain NATS messages out.
import { BUCKETS } from "@mapek/runtime";
import { Kvm } from "@nats-io/kv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { waitFor } from "./support/wait-for.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let services: Awaited<ReturnType<typeof startServices>>;
let observer: Observer;

beforeAll(async () => {
  server = await startTestServer();
  services = await startServices({ NATS_URL: server.url });
  observer = await Observer.connect(server.url);
});

afterAll(async () => {
  await observer?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
  await server?.stop();
});

const wave = (i: number) => 50 + 5 * Math.sin(i) + ((i * 7919) % 100) / 100;

describe("a metric", () => {
  it("becomes a recommendation, then a threshold, on the public subjects and in the bucket", async () => {
    for (let i = 0; i < 200; i++) observer.publish("mapek.metrics.shop.latency", String(wave(i)));
    const [provisional, real] = await waitFor("two recommendations", () => {
      const found = observer.on("mapek.recommendations.shop.latency");
      return found.length >= 2 && found;
    });
    expect(provisional).toMatchObject({
      provisional: true,
      system: "shop",
      metric: "latency",
      labels: {},
    });
    expect(real).toMatchObject({ provisional: false, supporting_data: { data_points: 100 } });
    expect(real.recommended_value).toBeGreaterThan(50);
    expect(real.recommended_value).toBeLessThan(60);
    expect(real.confidence).toBeGreaterThan(provisional.confidence);
    const [threshold] = await waitFor("a threshold", () => {
      const found = observer.on("mapek.thresholds.shop.latency");
      return found.length > 0 && found;
    });
    expect(threshold).toMatchObject({
      threshold: real.recommended_value,
      previous: null,
      source: "recommendation",
      strategy: real.strategy,
    });
    const bucket = await new Kvm(observer.nc).open(BUCKETS.thresholds);
    const entry = await waitFor("the threshold in its bucket", () => bucket.get("shop.latency"));
    expect(entry?.json()).toEqual(threshold);
  });

  it("with labels is a series of its own, with its own key in the bucket", async () => {
    for (let i = 0; i < 120; i++)
      observer.publish("mapek.metrics.shop.queue_size", [
        { value: wave(i), labels: { host: "a" } },
        { value: 1_000 + wave(i), labels: { host: "b" } },
      ]);
    const found = await waitFor("both thresholds", () => {
      const all = observer.on("mapek.thresholds.shop.queue_size");
      return all.length === 2 && all;
    });
    expect(found.map(({ labels }) => labels.host).sort()).toEqual(["a", "b"]);
    const bucket = await new Kvm(observer.nc).open(BUCKETS.thresholds);
    const keys = await waitFor("two keys", async () => {
      const all = await Array.fromAsync(await bucket.keys("shop.queue_size.>"));
      return all.length === 2 && all;
    });
    expect(new Set(keys).size).toBe(2);
  });

  it("that leaves its range is one anomaly: opened, then closed", async () => {
    for (let i = 0; i < 400; i++)
      observer.publish("mapek.metrics.shop.errors", {
        value: wave(i),
        timestamp: Date.now() - 500_000 + i * 1_000,
      });
    for (let i = 0; i < 10; i++)
      observer.publish("mapek.metrics.shop.errors", {
        value: 500,
        timestamp: Date.now() - 100_000 + i * 1_000,
      });
    for (let i = 0; i < 60; i++)
      observer.publish("mapek.metrics.shop.errors", {
        value: wave(i),
        timestamp: Date.now() - 90_000 + i * 1_000,
      });
    await waitFor("the end of the anomaly", () =>
      observer.on("mapek.anomalies.shop.errors").some(({ phase }) => phase === "closed"),
    );
    const phases = observer.on("mapek.anomalies.shop.errors");
    expect(phases.filter(({ phase }) => phase === "opened")).toHaveLength(1);
    expect(phases.at(-1)).toMatchObject({ phase: "closed", direction: "above", peak_value: 500 });
    expect(new Set(phases.map(({ anomaly_id }) => anomaly_id)).size).toBe(1);
  });
});

describe("a signal of each loop leads to an action that its target confirmed", () => {
  const SYSTEM = "cart";
  const send = async (loop: string, body: object) => {
    const answer = await observer.request(`mapek.signals.${SYSTEM}.${loop}`, body);
    expect(answer).toEqual({ accepted: 1, rejected: [] });
    return waitFor(`an action of ${loop}`, () =>
      observer
        .on(`mapek.actions.${SYSTEM}.${loop}`)
        .find(
          ({ status, target }) =>
            status === "applied" && (loop !== "anomaly_feedback" || target.series),
        ),
    );
  };
  const parameters = () => observer.on(`mapek.parameters.${SYSTEM}`).at(-1);

  it("metrics_learning moves the threshold by the learning rate", async () => {
    for (let i = 0; i < 120; i++)
      observer.publish(`mapek.metrics.${SYSTEM}.latency`, String(wave(i)));
    const before = await waitFor(
      "the first threshold",
      () => observer.on(`mapek.thresholds.${SYSTEM}.latency`)[0],
    );
    await observer.request(`mapek.signals.${SYSTEM}.metrics_learning`, {
      parameter: "latency",
      threshold_value: 90,
      confidence: 0.95,
    });
    const after = await waitFor(
      "a moved threshold",
      () => observer.on(`mapek.thresholds.${SYSTEM}.latency`)[1],
    );
    expect(after).toMatchObject({ previous: before.threshold, source: "signal" });
    expect(after.threshold).toBeCloseTo(before.threshold + 0.1 * (90 - before.threshold), 9);
    const action = await waitFor("its action", () =>
      observer
        .on(`mapek.actions.${SYSTEM}.metrics_learning`)
        .find(({ from }) => from === before.threshold),
    );
    expect(action).toMatchObject({
      status: "applied",
      to: after.threshold,
      action_id: after.action_id,
    });
  });

  it("decision_quality raises the learning rate when decisions miss", async () => {
    const action = await send("decision_quality", {
      decision_id: "d1",
      predicted_outcome: 10,
      actual_outcome: 1,
    });
    expect(action).toMatchObject({ from: 0.1, to: 0.12, target: { setting: "learning_rate" } });
    await waitFor("the published rate", () => parameters()?.learning_rate === 0.12);
  });

  it("anomaly_feedback lowers the series' sensitivity after a false alarm", async () => {
    const action = await send("anomaly_feedback", { false_positive: 1, metric: "latency" });
    expect(action.to).toBeLessThan(action.from);
    const { items } = await observer.request(`mapek.requests.learner.learning.${SYSTEM}`, {
      metric: "latency",
    });
    expect(items[0].sensitivity).toBeLessThan(1);
  });

  it("a label of a found anomaly changes the next judgement, and the action is judged by later labels", async () => {
    const metric = `mapek.metrics.${SYSTEM}.errors`;
    const start = Date.now() - 900_000;
    let at = start;
    const publish = (value: number) => {
      at += 1_000;
      observer.publish(metric, { value, timestamp: at });
    };
    for (let i = 0; i < 400; i++) publish(wave(i));
    for (let i = 0; i < 5; i++) publish(500);
    const { anomaly_id, opened_at } = await waitFor(
      "the anomaly",
      () => observer.on(`mapek.anomalies.${SYSTEM}.errors`)[0],
    );
    const sensitivity = async () => {
      const { items } = await observer.request(`mapek.requests.learner.learning.${SYSTEM}`, {
        metric: "errors",
      });
      return items[0].sensitivity;
    };
    const before = await sensitivity();
    const label = (body: object) =>
      observer.request(`mapek.signals.${SYSTEM}.anomaly_feedback`, { ...body, anomaly_id });
    expect(await label({ false_positive: 1 })).toEqual({ accepted: 1, rejected: [] });
    const actions = (status: string) =>
      observer
        .on(`mapek.actions.${SYSTEM}.anomaly_feedback`)
        .filter(
          (action) => action.status === status && action.target.series === `${SYSTEM}/errors`,
        );
    const applied = await waitFor("the applied action", () => actions("applied")[0]);
    expect(anomaly_id).toBe(`${SYSTEM}/errors@${opened_at}`);
    expect(applied).toMatchObject({ from: before, helped: null });
    expect(applied.to).toBeLessThan(before);
    expect(await sensitivity()).toBeLessThan(before);
    for (let i = 0; i < 5; i++) await label({ true_positive: 1 });
    const judged = await waitFor("its judgement", () =>
      actions("judged").find(({ action_id }) => action_id === applied.action_id),
    );
    expect(judged.objective).toMatchObject({ name: "label_error", before: 1, after: 0 });
    const { items } = await observer.request(`mapek.requests.feedback.effectiveness.${SYSTEM}`, {
      loop: "anomaly_feedback",
      metric: "errors",
    });
    expect(items[0].series).toMatchObject([{ series: `${SYSTEM}/errors`, recall: 1 }]);
    expect(items[0].series[0].precision).toBeCloseTo(5 / 6, 1);
  });

  it("resource_optimization takes one from the parallelism when a resource is busy", async () => {
    const action = await send("resource_optimization", { resource_type: "cpu", utilization: 0.93 });
    expect(action).toMatchObject({ from: 4, to: 3, target: { setting: "execution_parallelism" } });
    await waitFor("the published parallelism", () => parameters()?.execution_parallelism === 3);
  });

  it("performance_adaptation has the optimizer decide now", async () => {
    const action = await send("performance_adaptation", {
      cpu_usage: 95,
      memory_usage: 50,
      latency_ms: 400,
    });
    expect(action).toMatchObject({ from: "healthy", to: "critical", target: { setting: "state" } });
    await waitFor("the published interval", () => parameters()?.monitoring_interval === 10);
    expect(observer.on(`mapek.transitions.${SYSTEM}`)).toMatchObject([
      { from: "healthy", to: "critical", count: 1 },
    ]);
  });

  it("and all of it is in the history, by loop and limit", async () => {
    for (const loop of [
      "metrics_learning",
      "decision_quality",
      "anomaly_feedback",
      "resource_optimization",
      "performance_adaptation",
    ]) {
      const signals = await waitFor(`signals of ${loop}`, async () => {
        const { items } = await observer.request(`mapek.requests.feedback.signals.${SYSTEM}`, {
          loop,
        });
        return items.length > 0 && items;
      });
      expect(signals.every((signal: { loop: string }) => signal.loop === loop)).toBe(true);
      const { items: actions } = await observer.request(
        `mapek.requests.feedback.actions.${SYSTEM}`,
        { loop, limit: 1 },
      );
      expect(actions).toMatchObject([{ loop, system: SYSTEM }]);
    }
    const { items } = await observer.request(`mapek.requests.optimizer.transitions.${SYSTEM}`);
    expect(items).toMatchObject([{ from: "healthy", to: "critical" }]);
  });
});

describe("bad input", () => {
  it.each([
    ["mapek.metrics.shop.latency", "NaN", "MAPEK_SAMPLE_NOT_FINITE", "monitor"],
    ["mapek.signals.shop.decision_quality", "{}", "MAPEK_MESSAGE_INVALID", "feedback"],
    ["mapek.signals.shop.no_such_loop", "{}", "MAPEK_SUBJECT_INVALID", "feedback"],
    ["mapek.performance.shop", '{"cpu_usage":400}', "MAPEK_MESSAGE_INVALID", "optimizer"],
    [
      "mapek.performance.shop",
      '{"version":2,"cpu_usage":4}',
      "MAPEK_MESSAGE_UNKNOWN_VERSION",
      "optimizer",
    ],
    ["mapek.control.learner.shop", '{"command":"explode"}', "MAPEK_MESSAGE_INVALID", "learner"],
  ])(
    "%s %s is refused with %s and kept as a dead letter",
    async (subject, payload, code, service) => {
      const answer = await observer.request(subject, payload);
      expect(answer).toMatchObject({ accepted: 0, rejected: [{ index: 0, code }] });
      const letter = await waitFor("the dead letter", () =>
        observer
          .on(`mapek.rejected.${service}`)
          .find((one) => one.subject === subject && one.code === code),
      );
      expect(Buffer.from(letter.payload, "base64").toString()).toBe(payload);
    },
  );
});

describe("what operators see", () => {
  it("the six metrics are served and have moved", async () => {
    const value = (text: string, name: string) => {
      const lines = text
        .split("\n")
        .filter((line) => line.startsWith(name) && !line.startsWith("#"));
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    };
    const [learner, optimizer, feedback] = await Promise.all([
      services.learner.metrics(),
      services.optimizer.metrics(),
      services.feedback.metrics(),
    ]);
    expect(value(learner, "mapek_threshold_recommendations_total")).toBeGreaterThanOrEqual(4);
    expect(value(learner, "mapek_anomaly_detection_rate")).toBeGreaterThan(0);
    expect(value(optimizer, "mapek_state_transitions_total")).toBeGreaterThanOrEqual(1);
    expect(value(optimizer, "mapek_optimization_latency_ms_count")).toBeGreaterThanOrEqual(1);
    expect(value(feedback, "mapek_feedback_signals_total")).toBeGreaterThanOrEqual(5);
    expect(feedback).toMatch(
      /mapek_decision_quality_accuracy\{system="cart",service="feedback"\} 0\.?\d*/,
    );
    expect(learner).toMatch(
      /mapek_threshold\{service="learner",system="shop",metric="latency"\} 5\d/,
    );
    expect(learner).toMatch(/mapek_threshold\{[^}]*host="b"[^}]*\} 10\d\d/);
  });

  it("every service is alive and ready", async () => {
    for (const service of [
      services.monitor,
      services.learner,
      services.optimizer,
      services.feedback,
    ])
      for (const path of ["/healthz", "/readyz"])
        expect((await fetch(service.http + path)).status).toBe(200);
  });

  it("an operator pins a threshold and nothing moves it until it is unpinned", async () => {
    await observer.request("mapek.control.learner.shop", {
      command: "pin",
      metric: "latency",
      threshold: 77,
    });
    await waitFor("the pinned threshold", () =>
      observer.on("mapek.thresholds.shop.latency").find(({ pinned }) => pinned),
    );
    await observer.request("mapek.signals.shop.metrics_learning", {
      parameter: "latency",
      threshold_value: 200,
      confidence: 1,
    });
    const refused = await waitFor("the refused action", () =>
      observer.on("mapek.actions.shop.metrics_learning").find(({ status }) => status === "refused"),
    );
    expect(refused).toMatchObject({ from: 77, to: 77, reason: expect.stringContaining("pinned") });
    const { items } = await observer.request("mapek.requests.learner.thresholds.shop", {
      metric: "latency",
    });
    expect(items).toMatchObject([{ threshold: 77, pinned: true }]);
  });

  it("exported samples can be imported elsewhere, whatever their age", async () => {
    const { items } = await observer.request("mapek.requests.learner.export.shop", {
      metric: "latency",
      labels: {},
    });
    const [exported] = items;
    expect(exported.values).toHaveLength(200);
    const old = {
      ...exported,
      metric: "copy",
      timestamps: exported.timestamps.map((_: number, i: number) => 1_600_000_000_000 + i * 1_000),
    };
    expect(await observer.request("mapek.requests.learner.import.shop", old)).toEqual({
      items: [{ metric: "copy", labels: {}, imported: 200 }],
    });
    const statistics = await waitFor("statistics of the copy", async () => {
      const answer = await observer.request("mapek.requests.learner.statistics.shop", {
        metric: "copy",
      });
      return answer.items[0]?.statistics.data_points === 200 && answer.items[0].statistics;
    });
    const { items: originals } = await observer.request("mapek.requests.learner.statistics.shop", {
      metric: "latency",
    });
    expect(statistics).toEqual(originals[0].statistics);
  });
});
