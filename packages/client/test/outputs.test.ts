import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MapekClient, Subscription } from "../src/index.ts";
import { type House, openHouse, until } from "./house.ts";
import {
  aFeedback,
  anAction,
  anAnomaly,
  aRecommendation,
  aThreshold,
  aTransition,
  someParameters,
} from "./messages.ts";

let house: House;
let client: MapekClient;
beforeAll(async () => {
  house = await openHouse();
  client = await house.client();
});
afterAll(() => house[Symbol.asyncDispose]());

describe("subscriptions", () => {
  it("deliver every family once it is committed", async () => {
    const seen: Record<string, unknown> = {};
    const keep = (name: string) => (message: unknown) => {
      seen[name] = message;
    };
    const subscriptions = [
      client.onThreshold({}, keep("threshold")),
      client.onRecommendation({}, keep("recommendation")),
      client.onAnomaly({ system: "checkout" }, keep("anomaly")),
      client.onParameters({ system: "checkout" }, keep("parameters")),
      client.onTransition({}, keep("transition")),
      client.onSignal("*", keep("signal")),
      client.onAction("decision_quality", keep("action"), { system: "checkout" }),
    ];
    await client.connection.flush();
    await house.commit("thresholds", aThreshold());
    await house.commit("recommendations", aRecommendation());
    await house.commit("anomalies", anAnomaly());
    await house.commit("parameters", someParameters());
    await house.commit("transitions", aTransition());
    await house.commit("feedback", aFeedback());
    await house.commit("actions", anAction());
    await until("seven messages", () => Object.keys(seen).length === 7);
    expect(seen).toEqual({
      threshold: aThreshold(),
      recommendation: aRecommendation(),
      anomaly: anAnomaly(),
      parameters: someParameters(),
      transition: aTransition(),
      signal: aFeedback(),
      action: anAction(),
    });
    await stopAll(subscriptions);
  });

  it("deliver what fits their filter only, by true names", async () => {
    const ofOne: string[] = [];
    const others: string[] = [];
    const subscriptions = [
      client.onThreshold({ system: "checkout", metric: "disk /var" }, (it) => {
        ofOne.push(it.metric);
      }),
      client.onSignal("anomaly_feedback", (it) => {
        others.push(it.loop);
      }),
    ];
    await client.connection.flush();
    await house.commit(
      "thresholds",
      aThreshold({ metric: "disk__var" }),
      aThreshold({ metric: "disk /var" }),
      aThreshold({ system: "billing", metric: "disk /var" }),
    );
    await house.commit("feedback", aFeedback(), aFeedback({ loop: "anomaly_feedback" }));
    await until("both", () => ofOne.length > 0 && others.length > 0);
    expect(ofOne).toEqual(["disk /var"]);
    expect(others).toEqual(["anomaly_feedback"]);
    expect(subscriptions[0]?.stats.received).toBe(1);
    await stopAll(subscriptions);
  });

  it("contain a handler that throws or rejects, count it, report it and measure it", async () => {
    house.reported.length = 0;
    let calls = 0;
    const subscription = client.onThreshold({}, async (message) => {
      calls++;
      if (message.threshold === 1) throw new Error("rejects");
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    const throwing = client.onThreshold({}, () => {
      throw new Error("throws");
    });
    await client.connection.flush();
    await house.commit(
      "thresholds",
      aThreshold({ threshold: 1 }),
      aThreshold({ threshold: 2 }),
      aThreshold({ threshold: 3 }),
    );
    await until("three calls", () => calls === 3 && subscription.stats.handlerMs >= 9);
    expect(subscription.stats).toMatchObject({ received: 3, failed: 1, refused: 0 });
    expect(throwing.stats).toMatchObject({ received: 3, failed: 3 });
    await until("four reports", () => house.reported.length === 4);
    for (const error of house.reported)
      expect(error).toMatchObject({ code: "MAPEK_CLIENT_HANDLER_FAILED" });
    await stopAll([subscription, throwing]);
  });

  it("count a message that is not of its family's form, and go on", async () => {
    house.reported.length = 0;
    const seen: number[] = [];
    const subscription = client.onThreshold({}, (message) => {
      seen.push(message.threshold);
    });
    await client.connection.flush();
    house.services.publish("mapek.thresholds.checkout.latency_ms", '{"threshold":"high"}');
    house.services.publish(
      "mapek.thresholds.checkout.latency_ms",
      JSON.stringify({ ...aThreshold(), version: 2 }),
    );
    await house.commit("thresholds", aThreshold({ threshold: 7 }));
    await until("the good one", () => seen.length === 1);
    expect(seen).toEqual([7]);
    expect(subscription.stats).toMatchObject({ received: 3, refused: 2, failed: 0 });
    expect(house.reported.map((error) => (error as { code?: string }).code)).toEqual([
      "MAPEK_MESSAGE_INVALID",
      "MAPEK_MESSAGE_UNKNOWN_VERSION",
    ]);
    await subscription.stop();
    await subscription.stop();
  });

  it("deliver nothing after they are stopped", async () => {
    let calls = 0;
    const stopped = client.onThreshold({}, () => {
      calls++;
    });
    await client.connection.flush();
    await stopped.stop();
    let later = 0;
    const going = client.onThreshold({}, () => {
      later++;
    });
    await client.connection.flush();
    await house.commit("thresholds", aThreshold());
    await until("the other one", () => later === 1);
    expect(calls).toBe(0);
    await going.stop();
  });

  it("refuse a system that cannot be a token", () => {
    expect(() => client.onThreshold({ system: "a.>" }, () => {})).toThrow(
      expect.objectContaining({ code: "MAPEK_SUBJECT_INVALID" }),
    );
  });
});

const stopAll = (subscriptions: Subscription[]) =>
  Promise.all(subscriptions.map((subscription) => subscription.stop()));
