import { jetstreamManager } from "@nats-io/jetstream";
import { connect as dial, headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer } from "../../../test/support/nats.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { ReadingGate } from "../src/history/reading-gate.ts";
import { readStored, type StoredQuery } from "../src/history/stored-messages.ts";
import { type Connection, connect } from "../src/nats/connect.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let connection: Connection;
const COUNT = 1_000;

beforeAll(async () => {
  server = await startTestServer();
  connection = await connect(loadConfig({ env: { NATS_URL: server.url } }).nats, "reader");
  await connection.jsm.streams.add({ name: "S", subjects: ["s.>"], allow_rollup_hdrs: true });
  for (let i = 0; i < COUNT; i++)
    await connection.js.publish(`s.${i % 4 === 0 ? "wanted" : "other"}.${i % 2}`, String(i));
});

afterAll(async () => {
  await connection?.nc.close();
  await server?.stop();
});

const read = async (query: Omit<StoredQuery, "stream"> & { stream?: string }) => {
  const { items, cut } = await readStored(connection, { stream: "S", ...query }, (message) => [
    { ...message, data: message.data.slice() },
  ]);
  return { messages: items, cut };
};

const numbersOf = (messages: readonly { data: Uint8Array }[]) =>
  messages.map(({ data }) => Number(new TextDecoder().decode(data)));

it("reads what matches, in order", async () => {
  const { messages, cut } = await read({
    filters: ["s.wanted.*"],
    most: COUNT,
  });
  expect(numbersOf(messages)).toEqual(Array.from({ length: 250 }, (_, i) => i * 4));
  expect(messages.every(({ subject }) => subject === "s.wanted.0")).toBe(true);
  expect(cut).toBe(false);
});

it("reads the newest where there are too many, and says so", async () => {
  const { messages, cut } = await read({
    filters: ["s.wanted.*", "s.other.*"],
    most: 40,
  });
  expect(cut).toBe(true);
  expect(messages.length).toBeGreaterThanOrEqual(30);
  expect(messages.length).toBeLessThanOrEqual(40);
  const first = COUNT - messages.length;
  expect(numbersOf(messages)).toEqual(messages.map((_, i) => first + i));
});

it("reads from a time on, and nothing where nothing is", async () => {
  const all = await read({ filters: ["s.>"], most: COUNT });
  const storedSince = (all.messages[COUNT - 1]?.storedAt ?? 0) + 60_000;
  expect((await read({ filters: ["s.>"], most: 9, storedSince })).messages).toEqual([]);
  expect((await read({ filters: ["s.none"], most: 9 })).messages).toEqual([]);
});

it("does not wait for what a rollup has removed", async () => {
  const last = async (body: string) => {
    const rollup = headers();
    rollup.set("Nats-Rollup", "sub");
    await connection.js.publish("s.rolled", body, { headers: rollup });
  };
  for (let i = 0; i < 5; i++) await last(String(i));
  const { messages } = await read({
    filters: ["s.rolled"],
    most: 9,
  });
  expect(numbersOf(messages)).toEqual([4]);
});

it("leaves no consumer behind, and a stream that is not there is unavailable", async () => {
  const nc = await dial({ servers: server.url });
  const jsm = await jetstreamManager(nc);
  await expect(read({ stream: "NONE", filters: ["s.>"], most: 9 })).rejects.toMatchObject({
    code: "MAPEK_REQUEST_UNAVAILABLE",
  });
  await connection.nc.flush();
  expect((await jsm.streams.info("S")).state.consumer_count).toBe(0);
  await nc.close();
});

it("readings at a time are few, those that wait are bounded", async () => {
  let underWay = 0;
  let most = 0;
  const gate = new ReadingGate(2, 3);
  const ended: number[] = [];
  const work = (n: number) => async () => {
    most = Math.max(most, ++underWay);
    await connection.nc.flush();
    underWay--;
    ended.push(n);
    if (n === 1) throw new Error("one that fails gives its place away, too");
    return n;
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((n) => gate.pass(work(n))));
  expect(most).toBe(2);
  expect(ended).toEqual([0, 1, 2, 3, 4]);
  expect(all.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    ...["fulfilled", "fulfilled", "fulfilled"],
    "rejected",
  ]);
  expect((all[5] as PromiseRejectedResult).reason).toMatchObject({ code: "MAPEK_OVERLOADED" });
  expect(await gate.pass(work(6))).toBe(6);
});
