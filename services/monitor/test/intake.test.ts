import {
  decodeSampleBatch,
  encodeMsgpack,
  encodePublicBatch,
  partitionOf,
  type Rejected,
  rejected,
  seriesKey,
} from "@mapek/core/contract";
import { STREAMS } from "@mapek/runtime";
import { headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HISTORY_HEADER } from "../src/intake.ts";
import { type House, type Monitor, openHouse, startMonitor, until } from "./house.ts";

const MAX_SAMPLES = 1_000;
const MAX_SERIES = 300;
const PARTITIONS = 16;

let house: House;
let monitor: Monitor;
beforeAll(async () => {
  house = await openHouse();
  monitor = await startMonitor(house.server.url, {
    max_samples_per_message: MAX_SAMPLES,
    max_series_per_system: MAX_SERIES,
  });
});
afterAll(async () => {
  await monitor[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
});

const T = 1_760_000_000_000;
const accepted = (count: number) => ({ accepted: count, rejected: [] });
const plain = ({ key, time, value }: { key: string; time: number; value: number }) => [
  key,
  time,
  value,
];
const codesOf = ({ rejected: list }: { rejected: { index: number; code: string }[] }) =>
  list.map(({ index, code }) => [index, code]);

/** Dead letters that come while `act` runs, until there are `count`. */
async function deadLetters(count: number, act: () => void): Promise<Rejected[]> {
  const letters: Rejected[] = [];
  const subscription = house.nc.subscribe("mapek.rejected.monitor", {
    callback: (_, message) => {
      const decoded = rejected.decode(message.data);
      if (!decoded.ok) throw decoded.error;
      letters.push(decoded.value);
    },
  });
  await house.nc.flush();
  act();
  await until(`${count} dead letters`, () => letters.length >= count);
  subscription.unsubscribe();
  return letters;
}

describe("samples in every form, with a reply", () => {
  test.each(["65.2", " -1e3 ", "0", "+.5"])("%j as text gets the time it came at", async (text) => {
    const system = `text-${Buffer.from(text).toString("hex")}`;
    const before = Date.now();
    expect(await house.send(`mapek.metrics.${system}.cpu`, text)).toEqual(accepted(1));
    const [sample, ...others] = await house.stored(`${system}/`);
    expect(others).toEqual([]);
    expect(sample).toMatchObject({ key: `${system}/cpu`, value: Number(text), history: false });
    expect(sample?.time).toBeGreaterThanOrEqual(before);
    expect(sample?.time).toBeLessThan(Date.now() + 1);
  });

  test("a JSON sample", async () => {
    expect(await house.send("mapek.metrics.json.cpu", '{"value":65.2}')).toEqual(accepted(1));
    const labels = { host: "a" };
    const whole = { value: 1, timestamp: T, labels, metric: "cpu.true/name" };
    expect(await house.send("mapek.metrics.json.cpu", JSON.stringify(whole))).toEqual(accepted(1));
    const samples = await house.stored("json/");
    expect(samples.map(({ key, value }) => [key, value])).toContainEqual(["json/cpu", 65.2]);
    expect(samples.map(plain)).toContainEqual([seriesKey("json", "cpu.true/name", labels), T, 1]);
  });

  test("an array of JSON samples, and an empty one", async () => {
    const rows = Array.from({ length: 500 }, (_, i) => ({
      value: i,
      timestamp: T + i,
      labels: { host: String(i % 3) },
    }));
    const reply = await house.send("mapek.metrics.rows.cpu", JSON.stringify(rows));
    expect(reply).toEqual(accepted(500));
    const samples = await house.stored("rows/");
    expect(samples.map(plain).sort()).toEqual(
      rows
        .map(({ value, timestamp, labels }) => [seriesKey("rows", "cpu", labels), timestamp, value])
        .sort(),
    );
    expect(await house.send("mapek.metrics.rows.cpu", "[]")).toEqual(accepted(0));
  });

  test("MessagePack of a number, a sample and an array", async () => {
    const send = (body: unknown, type?: string) => {
      const extra = headers();
      if (type !== undefined) extra.set("Content-Type", type);
      return house.send("mapek.metrics.pack.cpu", encodeMsgpack(body), extra);
    };
    expect(await send(4.5, "application/msgpack")).toEqual(accepted(1));
    expect(await send({ value: 5.5, timestamp: T })).toEqual(accepted(1));
    expect(
      await send([
        { value: 6, timestamp: T + 1 },
        { value: 7, timestamp: T + 2 },
      ]),
    ).toEqual(accepted(2));
    const values = (await house.stored("pack/")).map(({ value }) => value);
    expect(values.sort()).toEqual([4.5, 5.5, 6, 7]);
  });

  test("a columnar batch, where NaN stands for the time of arrival", async () => {
    const data = encodePublicBatch({
      series: ["cpu", ["memory", { host: "a" }]],
      index: Uint16Array.of(0, 1, 0),
      times: Float64Array.of(T, T + 0.5, Number.NaN),
      values: Float64Array.of(1, 2, 3),
    });
    const before = Date.now();
    expect(await house.send("mapek.metrics.columns._", data)).toEqual(accepted(3));
    const samples = await house.stored("columns/");
    expect(samples.map(plain)).toContainEqual(["columns/cpu", T, 1]);
    expect(samples.map(plain)).toContainEqual([
      seriesKey("columns", "memory", { host: "a" }),
      T + 0.5,
      2,
    ]);
    expect(samples.find(({ value }) => value === 3)?.time).toBeGreaterThanOrEqual(before);
  });

  test("history is stored as such, whatever its age", async () => {
    const extra = headers();
    extra.set(HISTORY_HEADER, "1");
    const sample = JSON.stringify({ value: 1, timestamp: 1_000 });
    expect(await house.send("mapek.metrics.past.cpu", sample, extra)).toEqual(accepted(1));
    expect(await house.send("mapek.metrics.past.cpu", "2")).toEqual(accepted(1));
    const samples = await house.stored("past/");
    expect(samples.map(({ value, history }) => [value, history]).sort()).toEqual([
      [1, true],
      [2, false],
    ]);
  });
});

test("without a reply subject they are stored all the same", async () => {
  const { nc } = house;
  nc.publish("mapek.metrics.silent.a", "1");
  nc.publish("mapek.metrics.silent.b", '[{"value":2},{"value":3}]');
  nc.publish("mapek.metrics.silent.c", encodeMsgpack({ value: 4 }));
  await until("four samples", async () => (await house.stored("silent/")).length === 4);
});

test("the answer comes only after the samples are in the stream", async () => {
  for (let i = 0; i < 30; i++) {
    const metric = `m${i}`;
    expect(await house.send(`mapek.metrics.answer.${metric}`, String(i))).toEqual(accepted(1));
    const key = seriesKey("answer", metric);
    const last = await house.jsm.streams.getMessage(STREAMS.samples, {
      last_by_subj: house.subjects.samples(partitionOf(key, PARTITIONS)),
    });
    const decoded = decodeSampleBatch(last?.data ?? new Uint8Array());
    expect(decoded.ok && decoded.value.series).toContain(key);
  }
});

describe("rejected, by index and with a code", () => {
  test("rows", async () => {
    const rows = [
      { value: 1 },
      { value: "high" },
      { value: 2, timestamp: Date.now() + 3_600_000 },
      { value: 3, labels: { host: 7 } },
      { value: 4, timestamp: -5 },
      { value: 5, version: 9 },
      17,
      { value: 6, labels: JSON.parse('{"__proto__":"x"}') },
      { value: 7, timestamp: Date.now() + 60_000 },
    ];
    const reply = await house.send("mapek.metrics.faults.cpu", JSON.stringify(rows));
    expect(reply.accepted).toBe(2);
    expect(codesOf(reply)).toEqual([
      [1, "MAPEK_SAMPLE_NOT_FINITE"],
      [2, "MAPEK_SAMPLE_IN_FUTURE"],
      [3, "MAPEK_SAMPLE_BAD_LABELS"],
      [4, "MAPEK_SAMPLE_BAD_TIMESTAMP"],
      [5, "MAPEK_MESSAGE_UNKNOWN_VERSION"],
      [6, "MAPEK_MESSAGE_INVALID"],
      [7, "MAPEK_SAMPLE_BAD_LABELS"],
    ]);
    expect((await house.stored("faults/")).map(({ value }) => value).sort()).toEqual([1, 7]);
  });

  test("columns", async () => {
    const now = Date.now();
    const data = encodePublicBatch({
      series: ["cpu"],
      index: new Uint16Array(5),
      times: Float64Array.of(T, T, now + 3_600_000, -1, now),
      values: Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY, 1, 2, 3),
    });
    const reply = await house.send("mapek.metrics.badcolumns._", data);
    expect(reply.accepted).toBe(1);
    expect(codesOf(reply)).toEqual([
      [0, "MAPEK_SAMPLE_NOT_FINITE"],
      [1, "MAPEK_SAMPLE_NOT_FINITE"],
      [2, "MAPEK_SAMPLE_IN_FUTURE"],
      [3, "MAPEK_SAMPLE_BAD_TIMESTAMP"],
    ]);
  });

  test.each([
    ["MAPEK_SAMPLE_NOT_FINITE", "NaN"],
    ["MAPEK_SAMPLE_NOT_FINITE", "-Infinity"],
    ["MAPEK_SAMPLE_NOT_FINITE", "1e999"],
    ["MAPEK_SAMPLE_NOT_FINITE", "12 apples"],
    ["MAPEK_MESSAGE_MALFORMED", "{value:1}"],
    ["MAPEK_MESSAGE_MALFORMED", ""],
    ["MAPEK_MESSAGE_MALFORMED", Uint8Array.of(0x82, 0xa1)],
    ["MAPEK_SAMPLE_NOT_FINITE", encodeMsgpack({ value: Number.NaN })],
    ["MAPEK_MESSAGE_INVALID", encodeMsgpack([["a"], new Uint8Array(2), new Uint8Array(8), null])],
  ])("a whole message: %s for %j", async (code, data) => {
    const reply = await house.send("mapek.metrics.whole.cpu", data);
    expect(reply.accepted).toBe(0);
    expect(codesOf(reply)).toEqual([[0, code]]);
    expect(reply.rejected[0]?.message).not.toBe("");
  });

  test("a subject whose tokens are none", async () => {
    const reply = await house.send("mapek.metrics.shop.a$b", "1");
    expect(codesOf(reply)).toEqual([[0, "MAPEK_SUBJECT_INVALID"]]);
  });

  test("more samples than a message may hold", async () => {
    const rows = JSON.stringify(Array.from({ length: MAX_SAMPLES + 1 }, () => ({ value: 1 })));
    const reply = await house.send("mapek.metrics.large.cpu", rows);
    expect(reply.accepted).toBe(0);
    expect(codesOf(reply)).toEqual([[0, "MAPEK_MESSAGE_TOO_LARGE"]]);
    expect(await house.stored("large/")).toEqual([]);
  });

  test("more series than a system may have; those that it has go on", async () => {
    const rows = Array.from({ length: MAX_SERIES + 2 }, (_, i) => ({ value: i, metric: `m${i}` }));
    const reply = await house.send("mapek.metrics.crowd.cpu", JSON.stringify(rows));
    expect(reply.accepted).toBe(MAX_SERIES);
    expect(codesOf(reply)).toEqual([
      [MAX_SERIES, "MAPEK_SERIES_LIMIT"],
      [MAX_SERIES + 1, "MAPEK_SERIES_LIMIT"],
    ]);
    expect(await house.send("mapek.metrics.crowd.m0", "1")).toEqual(accepted(1));
    expect(codesOf(await house.send("mapek.metrics.crowd.other", "1"))).toEqual([
      [0, "MAPEK_SERIES_LIMIT"],
    ]);
    expect(await house.send("mapek.metrics.nocrowd.other", "1")).toEqual(accepted(1));
  });
});

test("a burst of 20,000 text messages is stored, each exactly once", async () => {
  const count = 20_000;
  for (let i = 0; i < count; i++) house.nc.publish(`mapek.metrics.burst.m${i % 40}`, String(i));
  await house.nc.flush();
  await until("all samples", async () => (await house.stored("burst/")).length >= count);
  const samples = await house.stored("burst/");
  expect(samples).toHaveLength(count);
  expect(new Set(samples.map(({ value }) => value)).size).toBe(count);
  // Equal times of a series would be taken for duplicates by the learner.
  expect(new Set(samples.map(({ key, time }) => `${key}@${Math.round(time * 1_000)}`)).size).toBe(
    count,
  );
  for (const { key, value } of samples) expect(key).toBe(`burst/m${value % 40}`);
  // In far fewer messages than samples.
  expect(new Set(samples.map(({ seq }) => seq)).size).toBeLessThan(count / 4);
});

describe("dead letters", () => {
  test("say what, why and from where, with the first KiB of the payload", async () => {
    const payload = `{"value":${"x".repeat(5_000)}`;
    const [letter, ...others] = await deadLetters(1, () =>
      house.nc.publish("mapek.metrics.letters.cpu", payload),
    );
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      service: "monitor",
      code: "MAPEK_MESSAGE_MALFORMED",
      subject: "mapek.metrics.letters.cpu",
      payload_bytes: Buffer.byteLength(payload),
    });
    expect(Buffer.from(letter?.payload ?? "", "base64").toString()).toBe(payload.slice(0, 1_024));
    expect(letter?.reason).not.toBe("");
    expect(Math.abs(Date.now() - (letter?.timestamp ?? 0))).toBeLessThan(60_000);
  });

  test("one stands for all faults of a message, in log and stream alike", async () => {
    const rows = [{ value: "a" }, { value: 1 }, { value: "b" }];
    const letters = await deadLetters(1, () =>
      house.nc.publish("mapek.metrics.letters.rows", JSON.stringify(rows)),
    );
    expect(letters.map(({ code }) => code)).toEqual(["MAPEK_SAMPLE_NOT_FINITE"]);
    const stored = await house.jsm.streams.getMessage(STREAMS.knowledge, {
      last_by_subj: house.subjects.log("rejected", "monitor"),
    });
    expect(stored?.json<Rejected>().subject).toBe("mapek.metrics.letters.rows");
  });

  test("are bounded in rate; all are counted", async () => {
    const count = 10_000;
    const [countedBefore, droppedBefore] = [
      await monitor.metric("mapek_rejected_total"),
      await monitor.metric("mapek_dead_letters_dropped_total"),
    ];
    const startedAt = performance.now();
    const letters = await deadLetters(100, () => {
      for (let i = 0; i < count; i++) house.nc.publish("mapek.metrics.flood.cpu", "bad");
    });
    await until(
      "all are counted",
      async () => (await monitor.metric("mapek_rejected_total")) >= countedBefore + count,
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const dropped = (await monitor.metric("mapek_dead_letters_dropped_total")) - droppedBefore;
    expect(count - dropped).toBeLessThanOrEqual(500 + 100 * seconds + 1);
    expect(letters.length).toBeLessThanOrEqual(count - dropped);
    expect(dropped).toBeGreaterThan(0);
  });
});

test("its metrics move", async () => {
  expect(await monitor.metric("mapek_samples_total")).toBeGreaterThan(20_000);
  expect(await monitor.metric("mapek_samples_lost_total")).toBe(0);
  expect(await monitor.metric("mapek_samples_waiting")).toBe(0);
  expect(await monitor.metric("mapek_monitor_series")).toBeGreaterThan(300);
});

test("a drain stores what was taken in and ends with 0", async () => {
  await using second = await openHouse();
  await using draining = await startMonitor(second.server.url, { batch_linger_ms: 1_000 });
  for (let i = 0; i < 500; i++) second.nc.publish("mapek.metrics.drain.cpu", String(i));
  await until("all are taken in", async () => {
    const waiting = await draining.metric("mapek_samples_waiting");
    return waiting + (await draining.metric("mapek_samples_total")) === 500;
  });
  draining.stop();
  expect(await draining.exitCode).toBe(0);
  expect(await second.stored("drain/")).toHaveLength(500);
});

test("overload is said so, and passes", async () => {
  await using second = await openHouse();
  await using busy = await startMonitor(second.server.url, {
    max_waiting_samples: 100,
    batch_linger_ms: 1_000,
  });
  const full = JSON.stringify(Array.from({ length: 100 }, (_, value) => ({ value })));
  second.nc.publish("mapek.metrics.load.cpu", full);
  const refused = await second.send("mapek.metrics.load.cpu", "1");
  expect(codesOf(refused)).toEqual([[0, "MAPEK_OVERLOADED"]]);
  expect(refused.rejected[0]?.message).toContain("try later");
  await until(
    "room again",
    async () => (await second.send("mapek.metrics.load.cpu", "2")).accepted === 1,
  );
  expect(await second.stored("load/")).toHaveLength(101);
  expect(await busy.metric("mapek_samples_waiting")).toBe(0);
});
