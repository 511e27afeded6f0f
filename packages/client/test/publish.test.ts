import {
  decodeSamples,
  encodeJson,
  type InputReply,
  type SampleColumns,
} from "@mapek/core/contract";
import type { Msg } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MapekClient } from "../src/index.ts";
import { type House, openHouse, until } from "./house.ts";

let house: House;
let client: MapekClient;
/** Plays the monitor: keeps what came and answers as `answer` says; no answer where it says nothing. */
let batches: { message: Msg; columns: SampleColumns }[] = [];
let answer: (columns: SampleColumns, attempt: number) => InputReply | undefined;
const storeAll = (columns: SampleColumns): InputReply => ({
  accepted: columns.values.length,
  rejected: [],
});

beforeAll(async () => {
  house = await openHouse({ withStreams: false });
  client = await house.client();
  house.services.subscribe("mapek.metrics.*.*", {
    queue: "mapek-monitor",
    callback: (_, message) => {
      const decoded = decodeSamples(message.data, message.headers?.get("Content-Type"));
      if (!decoded.ok || decoded.value.kind !== "columns") throw new Error("expected columns");
      batches.push({ message, columns: decoded.value.columns });
      const reply = answer(decoded.value.columns, batches.length);
      if (reply !== undefined && message.reply) message.respond(encodeJson(reply));
    },
  });
  await house.services.flush();
  answer = storeAll;
});
afterEach(() => {
  batches = [];
  answer = storeAll;
  house.reported.length = 0;
});
afterAll(() => house[Symbol.asyncDispose]());

const samplesSeen = () => batches.reduce((sum, { columns }) => sum + columns.values.length, 0);

describe("publish", () => {
  it("gathers values of many series of a system into one batch", async () => {
    client.publish("checkout", "latency_ms", 12.5);
    client.publish("checkout", "errors", 1, { labels: { host: "a" } });
    client.publish("checkout", "latency_ms", { value: 13, timestamp: 1_760_000_000_000 });
    client.publish("billing", "latency_ms", 7);
    await client.flush();
    await until("two batches", () => batches.length === 2);
    const [first, second] = batches;
    expect(first?.message.subject).toBe("mapek.metrics.checkout._");
    expect(first?.message.headers?.get("Content-Type")).toBe("application/msgpack");
    expect(first?.columns.series).toEqual(["latency_ms", ["errors", { host: "a" }]]);
    expect([...(first?.columns.index ?? [])]).toEqual([0, 1, 0]);
    expect([...(first?.columns.values ?? [])]).toEqual([12.5, 1, 13]);
    expect(first?.columns.times[2]).toBe(1_760_000_000_000);
    expect(second?.message.subject).toBe("mapek.metrics.billing._");
  });

  it("sends after its linger time without being asked", async () => {
    client.publish("checkout", "latency_ms", 1);
    await until("a batch", () => batches.length === 1);
  });

  it("cuts batches at 2,000 samples and stamps each sample with a time of its own", async () => {
    const before = Date.now();
    client.publish(
      "checkout",
      "latency_ms",
      Array.from({ length: 4_500 }, (_, value) => ({ value })),
    );
    await client.flush();
    await until("all samples", () => samplesSeen() === 4_500);
    expect(batches.map(({ columns }) => columns.values.length)).toEqual([2_000, 2_000, 500]);
    const times = batches.flatMap(({ columns }) => [...columns.times]);
    expect(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0))).toBe(true);
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times.at(-1)).toBeLessThan(Date.now() + 10);
  });

  it("cuts a batch early where labels make its dictionary large", async () => {
    for (let i = 0; i < 600; i++)
      client.publish("checkout", "m", i, { labels: { text: `${i}`.padEnd(500, "x") } });
    await client.flush();
    await until("all samples", () => samplesSeen() === 600);
    expect(batches.length).toBeGreaterThan(1);
    for (const { message } of batches) expect(message.data.length).toBeLessThan(512 * 1024);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses %s at once and sends none of the call",
    async (bad) => {
      expect(() => client.publish("checkout", "m", [{ value: 1 }, { value: bad }])).toThrow(
        expect.objectContaining({ code: "MAPEK_SAMPLE_NOT_FINITE" }),
      );
      expect(() => client.publish("checkout", "m", bad, { acknowledge: true })).toThrow(
        expect.objectContaining({ code: "MAPEK_SAMPLE_NOT_FINITE" }),
      );
      await client.flush();
      expect(batches).toEqual([]);
    },
  );

  it.each([
    [
      "a system that cannot be a token",
      "MAPEK_SUBJECT_INVALID",
      () => client.publish("a.b", "m", 1),
    ],
    ["a metric without a name", "MAPEK_MESSAGE_INVALID", () => client.publish("a", "", 1)],
    [
      "a bad time",
      "MAPEK_SAMPLE_BAD_TIMESTAMP",
      () => client.publish("a", "m", { value: 1, timestamp: -1 }),
    ],
    [
      "bad labels",
      "MAPEK_SAMPLE_BAD_LABELS",
      () => client.publish("a", "m", 1, { labels: { host: 1 as unknown as string } }),
    ],
  ])("refuses %s", (_, code, work) => {
    expect(work).toThrow(expect.objectContaining({ code }));
  });
});

describe("acknowledged publish", () => {
  it("resolves once the batch is stored", async () => {
    const reply = await client.publish("checkout", "m", 1, { acknowledge: true });
    expect(reply).toEqual({ accepted: 1, rejected: [] });
    expect(batches).toHaveLength(1);
  });

  it("sends the same bytes again when the answer is lost", async () => {
    answer = (columns, attempt) => (attempt === 1 ? undefined : storeAll(columns));
    const reply = await client.publish("checkout", "m", [{ value: 1 }, { value: 2 }], {
      acknowledge: true,
    });
    expect(reply.accepted).toBe(2);
    expect(batches).toHaveLength(2);
    expect(batches[1]?.message.data).toEqual(batches[0]?.message.data);
  });

  it("tries again on MAPEK_OVERLOADED, and gives up with that code at the deadline", async () => {
    const overloaded = { index: 0, code: "MAPEK_OVERLOADED", message: "try later" };
    answer = (columns, attempt) =>
      attempt < 3 ? { accepted: 0, rejected: [overloaded] } : storeAll(columns);
    await client.publish("checkout", "m", 1, { acknowledge: true });
    expect(batches).toHaveLength(3);
    answer = () => ({ accepted: 0, rejected: [overloaded] });
    const hasty = await house.client({ deadlineMs: 100 });
    await expect(hasty.publish("checkout", "m", 1, { acknowledge: true })).rejects.toMatchObject({
      name: "MessageError",
      code: "MAPEK_OVERLOADED",
    });
  });

  it("tells each caller about its own samples", async () => {
    answer = (columns) => ({
      accepted: columns.values.length - 1,
      rejected: [{ index: 2, code: "MAPEK_SAMPLE_IN_FUTURE", message: "too far ahead" }],
    });
    const [first, second] = await Promise.all([
      client.publish("checkout", "a", [{ value: 1 }, { value: 2 }], { acknowledge: true }),
      client.publish("checkout", "b", [{ value: 3 }, { value: 4 }], { acknowledge: true }),
    ]);
    expect(batches).toHaveLength(1);
    expect(first).toEqual({ accepted: 2, rejected: [] });
    expect(second).toMatchObject({ accepted: 1, rejected: [{ index: 0 }] });
  });

  it("rejects when the message as a whole was refused", async () => {
    answer = () => ({
      accepted: 0,
      rejected: [{ index: 0, code: "MAPEK_MESSAGE_TOO_LARGE", message: "too many" }],
    });
    const samples = [{ value: 1 }, { value: 2 }];
    await expect(
      client.publish("checkout", "m", samples, { acknowledge: true }),
    ).rejects.toMatchObject({ code: "MAPEK_MESSAGE_TOO_LARGE" });
  });

  it("puts the answer together where a call needed several batches", async () => {
    answer = (columns) => ({
      accepted: columns.values.length - 1,
      rejected: [{ index: 1, code: "MAPEK_SERIES_LIMIT", message: "one too many" }],
    });
    const samples = Array.from({ length: 3_000 }, (_, value) => ({ value }));
    const reply = await client.publish("checkout", "m", samples, { acknowledge: true });
    expect(reply.accepted).toBe(2_998);
    expect(reply.rejected.map(({ index }) => index)).toEqual([1, 2_001]);
  });

  it("rejects with MAPEK_CLIENT_NO_SERVICE or MAPEK_CLIENT_TIMEOUT at the deadline", async () => {
    const alone = await house.client({
      deadlineMs: 80,
      attemptTimeoutMs: 50,
      prefixes: { public: "nobody", stored: "nobody-kb" },
    });
    await expect(alone.publish("a", "m", 1, { acknowledge: true })).rejects.toMatchObject({
      code: "MAPEK_CLIENT_NO_SERVICE",
    });
    answer = () => undefined;
    const hasty = await house.client({ deadlineMs: 80, attemptTimeoutMs: 50 });
    await expect(hasty.publish("a", "m", 1, { acknowledge: true })).rejects.toMatchObject({
      code: "MAPEK_CLIENT_TIMEOUT",
    });
  });
});

describe("bounds and the end", () => {
  it("drops, counts and reports once what is beyond its buffer", async () => {
    const small = await house.client({ maxPendingSamples: 10 });
    const samples = Array.from({ length: 8 }, (_, value) => ({ value }));
    small.publish("checkout", "m", samples);
    small.publish("checkout", "m", samples);
    small.publish("checkout", "m", samples);
    await expect(
      small.publish("checkout", "m", samples, { acknowledge: true }),
    ).rejects.toMatchObject({ code: "MAPEK_CLIENT_BUFFER_FULL" });
    expect(small.stats).toMatchObject({ published: 8, dropped: 16, pending: 8 });
    expect(house.reported.map((error) => (error as { code?: string }).code)).toEqual([
      "MAPEK_CLIENT_BUFFER_FULL",
    ]);
    await small.flush();
    await until("nothing pending", () => small.stats.pending === 0);
    small.publish("checkout", "m", samples);
    expect(small.stats.dropped).toBe(16);
    await small.flush();
    await until("both batches", () => samplesSeen() === 16);
  });

  it("sends what is pending before it closes, and refuses work afterwards", async () => {
    const brief = await house.client({ batchLingerMs: 60_000 });
    brief.publish("checkout", "m", 1);
    await Promise.all([brief.close(), brief.close()]);
    await until("the sample", () => samplesSeen() === 1);
    expect(() => brief.publish("checkout", "m", 1)).toThrow(
      expect.objectContaining({ code: "MAPEK_CLIENT_CLOSED" }),
    );
  });

  it("keeps acknowledged samples through a restart of the server", async () => {
    const waiting = client.publish("checkout", "m", 1, { acknowledge: true });
    await waiting;
    house.server.kill("SIGKILL");
    const promise = client.publish("checkout", "m", 2, { acknowledge: true });
    await house.server.restart();
    expect(await promise).toEqual({ accepted: 1, rejected: [] });
  });

  it("names a server that does not answer, and bad options", async () => {
    await expect(
      house.client({ servers: "nats://user:secret@127.0.0.1:1", connectTimeoutMs: 500 }),
    ).rejects.toMatchObject({
      code: "MAPEK_CLIENT_UNREACHABLE",
      message: expect.not.stringContaining("secret"),
    });
    await expect(house.client({ batchSamples: 70_000 })).rejects.toMatchObject({
      code: "MAPEK_CLIENT_BAD_OPTION",
    });
  });
});
