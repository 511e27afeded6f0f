import { encodeJson, type InputReply } from "@mapek/core/contract";
import type { Msg } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MapekClient } from "../src/index.ts";
import { type House, openHouse } from "./house.ts";

let house: House;
let client: MapekClient;
let messages: Msg[] = [];
let answer: (attempt: number) => InputReply | undefined;
const stored: InputReply = { accepted: 1, rejected: [] };

beforeAll(async () => {
  house = await openHouse({ withStreams: false });
  client = await house.client({ name: "checkout-loop" });
  for (const subject of ["mapek.signals.>", "mapek.performance.*", "mapek.control.>"])
    house.services.subscribe(subject, {
      callback: (_, message) => {
        messages.push(message);
        const reply = answer(messages.length);
        if (reply !== undefined) message.respond(encodeJson(reply));
      },
    });
  await house.services.flush();
  answer = () => stored;
});
afterEach(() => {
  messages = [];
  answer = () => stored;
});
afterAll(() => house[Symbol.asyncDispose]());

describe("signals", () => {
  it("reach the subject of their loop with id, source and time", async () => {
    const { signal } = client;
    await signal.metricsLearning("checkout", {
      parameter: "latency_ms",
      threshold_value: 200,
      confidence: 0.9,
    });
    await signal.performanceAdaptation("checkout", { cpu_usage: 91 });
    await signal.decisionQuality("checkout", {
      decision_id: "d-1",
      predicted_outcome: 1,
      actual_outcome: 2,
    });
    await signal.anomalyFeedback("checkout", { false_positive: true });
    const last = await signal.resourceOptimization("checkout", {
      resource_type: "cpu",
      utilization: 0.9,
    });
    expect(messages.map(({ subject }) => subject)).toEqual([
      "mapek.signals.checkout.metrics_learning",
      "mapek.signals.checkout.performance_adaptation",
      "mapek.signals.checkout.decision_quality",
      "mapek.signals.checkout.anomaly_feedback",
      "mapek.signals.checkout.resource_optimization",
    ]);
    for (const message of messages) {
      const body = message.json<Record<string, unknown>>();
      expect(body).toMatchObject({
        id: expect.any(String),
        source: "checkout-loop",
        timestamp: expect.any(Number),
      });
      expect(message.headers?.get("Nats-Msg-Id")).toBe(body.id);
    }
    expect(last).toEqual({
      accepted: 1,
      rejected: [],
      id: messages[4]?.headers?.get("Nats-Msg-Id"),
    });
  });

  it("are sent again with the same id when the answer is lost", async () => {
    answer = (attempt) => (attempt === 1 ? undefined : stored);
    await client.signal.performanceAdaptation("checkout", { latency_ms: 3 });
    expect(messages).toHaveLength(2);
    expect(messages[1]?.data).toEqual(messages[0]?.data);
    expect(messages[1]?.headers?.get("Nats-Msg-Id")).toBe(messages[0]?.headers?.get("Nats-Msg-Id"));
  });

  it("that are refused throw the service's code", async () => {
    answer = () => ({
      accepted: 0,
      rejected: [{ index: 0, code: "MAPEK_MESSAGE_INVALID", message: "no" }],
    });
    const refused = client.signal.performanceAdaptation("checkout", { latency_ms: 3 });
    await expect(refused).rejects.toMatchObject({
      name: "MessageError",
      code: "MAPEK_MESSAGE_INVALID",
    });
    answer = () => ({ accepted: 0, rejected: [{ index: 0, code: "MAPEK_OTHER", message: "no" }] });
    const unknown = client.signal.performanceAdaptation("checkout", { latency_ms: 3 });
    await expect(unknown).rejects.toMatchObject({
      code: "MAPEK_CLIENT_REFUSED",
      details: { code: "MAPEK_OTHER" },
    });
  });

  it("that cannot be right are refused before they are sent", async () => {
    const bad = client.signal.resourceOptimization("checkout", {
      resource_type: "cpu",
      utilization: 7,
    });
    await expect(bad).rejects.toMatchObject({ code: "MAPEK_MESSAGE_INVALID" });
    const nowhere = client.signal.performanceAdaptation("no system", { latency_ms: 3 });
    await expect(nowhere).rejects.toMatchObject({ code: "MAPEK_SUBJECT_INVALID" });
    expect(messages).toEqual([]);
  });

  it("whose answer makes no sense end in MAPEK_CLIENT_BAD_REPLY", async () => {
    answer = () => ({ accepted: -1 }) as InputReply;
    const hasty = await house.client({ deadlineMs: 50 });
    await expect(
      hasty.signal.performanceAdaptation("checkout", { latency_ms: 3 }),
    ).rejects.toMatchObject({ code: "MAPEK_CLIENT_BAD_REPLY" });
  });
});

describe("performance and control", () => {
  it("reports reach the optimizer", async () => {
    await client.performance("checkout", { cpu_usage: 40, cycle_latency: 0.2 });
    expect(messages[0]?.subject).toBe("mapek.performance.checkout");
    expect(messages[0]?.json()).toEqual({
      cpu_usage: 40,
      cycle_latency: 0.2,
      timestamp: expect.any(Number),
    });
    await expect(client.performance("checkout", {})).rejects.toMatchObject({
      code: "MAPEK_MESSAGE_INVALID",
    });
  });

  it("commands reach their service", async () => {
    await client.control.learner("checkout", { command: "pin", metric: "m", threshold: 9 });
    await client.control.optimizer("checkout", { command: "force_state", state: "critical" });
    await client.control.feedback("checkout", {
      command: "set_loop",
      loop: "decision_quality",
      enabled: false,
    });
    expect(messages.map(({ subject }) => subject)).toEqual([
      "mapek.control.learner.checkout",
      "mapek.control.optimizer.checkout",
      "mapek.control.feedback.checkout",
    ]);
    await expect(
      client.control.optimizer("checkout", { command: "set_mode", mode: "maybe" as "off" }),
    ).rejects.toMatchObject({ code: "MAPEK_MESSAGE_INVALID" });
  });
});
