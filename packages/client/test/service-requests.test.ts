import { encodeJson, type Request, type SeriesExport } from "@mapek/core/contract";
import type { Msg } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MapekClient } from "../src/index.ts";
import { type House, openHouse } from "./house.ts";

let house: House;
let client: MapekClient;
let asked: Msg[] = [];
/** Answers with items, an error, raw bytes, or nothing at all. */
let answer: (message: Msg) => unknown;

beforeAll(async () => {
  house = await openHouse({ withStreams: false });
  client = await house.client();
  house.services.subscribe("mapek.requests.>", {
    callback: (_, message) => {
      asked.push(message);
      const found = answer(message);
      if (found !== undefined) message.respond(encodeJson(found));
    },
  });
  await house.services.flush();
});
afterEach(() => {
  asked = [];
});
afterAll(() => house[Symbol.asyncDispose]());

const refusal = (code: string) => ({ error: { code, message: `${code}: because` } });

describe("requests", () => {
  it("name service, verb and system, and give the items", async () => {
    answer = () => ({ items: [{ mean: 3 }] });
    const items = await client.statistics("checkout", { metric: "m", labels: { host: "a" } });
    expect(items).toEqual([{ mean: 3 }]);
    expect(asked[0]?.subject).toBe("mapek.requests.learner.statistics.checkout");
    expect(asked[0]?.json()).toEqual({ metric: "m", labels: { host: "a" } });
    await client.recommendations("checkout");
    await client.request("feedback", "effectiveness");
    expect(asked.slice(1).map(({ subject }) => subject)).toEqual([
      "mapek.requests.learner.recommendations.checkout",
      "mapek.requests.feedback.effectiveness._",
    ]);
  });

  it("ask the history of the service that keeps it", async () => {
    answer = () => ({ items: [] });
    await client.history({ kind: "signals", loop: "decision_quality", limit: 5 });
    await client.history({ kind: "actions", system: "checkout" });
    await client.history({ kind: "transitions", system: "checkout" });
    expect(asked.map(({ subject }) => subject)).toEqual([
      "mapek.requests.feedback.signals._",
      "mapek.requests.feedback.actions.checkout",
      "mapek.requests.optimizer.transitions.checkout",
    ]);
    expect(asked[0]?.json()).toEqual({ loop: "decision_quality", limit: 5 });
  });

  it("throw the code of a refusal", async () => {
    answer = () => refusal("MAPEK_REQUEST_UNKNOWN_VERB");
    await expect(client.request("learner", "dance")).rejects.toMatchObject({
      name: "MessageError",
      code: "MAPEK_REQUEST_UNKNOWN_VERB",
      message: "MAPEK_REQUEST_UNKNOWN_VERB: because",
    });
    answer = () => refusal("MAPEK_INTERNAL");
    await expect(client.request("learner", "series")).rejects.toMatchObject({
      code: "MAPEK_CLIENT_REFUSED",
      details: { code: "MAPEK_INTERNAL" },
    });
    answer = () => ({ nonsense: true });
    await expect(client.request("learner", "series")).rejects.toMatchObject({
      code: "MAPEK_CLIENT_BAD_REPLY",
    });
  });

  it("wait for a partition that is not served now", async () => {
    answer = () =>
      asked.length < 3 ? refusal("MAPEK_REQUEST_UNAVAILABLE") : { items: ["at last"] };
    expect(await client.series("checkout")).toEqual(["at last"]);
    answer = () => refusal("MAPEK_REQUEST_UNAVAILABLE");
    await expect(
      client.request("learner", "series", "checkout", {}, { deadlineMs: 60 }),
    ).rejects.toMatchObject({ code: "MAPEK_REQUEST_UNAVAILABLE" });
  });

  it("say at once that no service is there, and in time that none answers", async () => {
    const alone = await house.client({ prefixes: { public: "nobody", stored: "nobody-kb" } });
    await expect(alone.series("checkout")).rejects.toMatchObject({
      code: "MAPEK_CLIENT_NO_SERVICE",
    });
    answer = () => undefined;
    await expect(
      client.request("learner", "series", "checkout", {}, { timeoutMs: 50 }),
    ).rejects.toMatchObject({ code: "MAPEK_CLIENT_TIMEOUT" });
  });
});

describe("export and import", () => {
  const series = (metric: string, count: number, labels = {}): SeriesExport => ({
    version: 1,
    metric,
    labels,
    timestamps: Array.from({ length: count }, (_, i) => 1_760_000_000_000 + i),
    values: Array.from({ length: count }, (_, i) => i / 7),
  });

  it("exports one request a series", async () => {
    const all = Array.from({ length: 20 }, (_, i) => series(`m${i}`, 3));
    answer = (message) => {
      if (message.subject.includes(".series."))
        return { items: all.map(({ metric, labels }) => ({ system: "a", metric, labels })) };
      const { metric } = message.json<Request>();
      return { items: all.filter((one) => one.metric === metric) };
    };
    const exported = await client.exportMetrics("a");
    expect(asked).toHaveLength(21);
    expect(asked[1]?.json()).toEqual({ metric: "m0", labels: {} });
    expect(exported.map(({ metric }) => metric).sort()).toEqual(
      all.map(({ metric }) => metric).sort(),
    );
  });

  it("imports in messages of at most 5,000 samples and 512 KiB, again when an answer is lost", async () => {
    answer = () => (asked.length === 2 ? undefined : { items: [{ accepted: 1 }] });
    const stored = await client.importMetrics("a", [series("m", 12_000), series("n", 10)]);
    expect(stored).toBe(12_010);
    const chunks = asked.map((message) => message.json<SeriesExport>());
    expect(chunks.map(({ metric, values }) => [metric, values.length])).toEqual([
      ["m", 5_000],
      ["m", 5_000],
      ["m", 5_000],
      ["m", 2_000],
      ["n", 10],
    ]);
    expect(asked[2]?.data).toEqual(asked[1]?.data);
    for (const message of asked) expect(message.data.length).toBeLessThan(512 * 1024);
  });

  it("refuses a series whose columns differ in length", async () => {
    const bad = { ...series("m", 3), values: [1] };
    await expect(client.importMetrics("a", [bad])).rejects.toMatchObject({
      code: "MAPEK_MESSAGE_INVALID",
    });
    expect(asked).toEqual([]);
  });
});
