// Real servers and monitors: systems that flood, storage that does not answer, memory that gets short.
import { encodePublicBatch, type InputReply, inputReply, seriesKey } from "@mapek/core/contract";
import { ensureStreams, loadConfig, STREAMS, streamDeclarations } from "@mapek/runtime";
import { createInbox } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type House, openHouse, startMonitor, until } from "./house.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

const T = 1_760_000_000_000;
let next = 0;
/** Samples of one series as a columnar batch, at times never used before. */
function columns(count: number): Uint8Array {
  const from = next;
  next += count;
  return encodePublicBatch({
    series: ["load"],
    index: new Uint16Array(count),
    times: Float64Array.from({ length: count }, (_, i) => T + from + i),
    values: new Float64Array(count),
  });
}
const codesOf = (replies: readonly InputReply[]) => [
  ...new Set(replies.flatMap(({ rejected }) => rejected.map(({ code }) => code))),
];

/** Publishes with a reply subject without waiting; `replies` grows as answers come. */
function publisher(subject: string) {
  const inbox = createInbox();
  const replies: InputReply[] = [];
  const subscription = house.nc.subscribe(inbox, {
    callback: (_, message) => {
      const decoded = inputReply.decode(message.data);
      replies.push(
        decoded.ok
          ? decoded.value
          : { accepted: 0, rejected: [{ index: 0, code: "no answer", message: "" }] },
      );
    },
  });
  return {
    replies,
    send: (data: Uint8Array | string) => house.nc.publish(subject, data, { reply: inbox }),
    stop: () => subscription.unsubscribe(),
  };
}

/** One request after another until told to stop: each answered while the other system floods. */
async function calmSystem(system: string, isOver: () => boolean, replies: InputReply[] = []) {
  while (!isOver())
    replies.push(await house.send(`mapek.metrics.${system}.cpu`, String(replies.length)));
  return replies;
}

describe("a system that floods", () => {
  test("with samples is told to come later; another is taken in whole", async () => {
    await using monitor = await startMonitor(house.server.url, { max_waiting_samples: 4_000 });
    const flood = publisher("mapek.metrics.flood._");
    const MOST = 1_000;
    let over = false;
    let sent = 0;
    const replies: InputReply[] = [];
    const calm = calmSystem("calm", () => over, replies);
    const flooded = async (enough: () => boolean) => {
      while (!enough()) {
        flood.send(columns(1_000));
        if (++sent % 50 === 0) await until("answers", () => sent - flood.replies.length < MOST);
      }
    };
    await flooded(() => sent === 3_000);
    // The flood goes on until the other has had its answers: without a share of its own it would get none.
    await flooded(() => replies.length > 3);
    await until("everything is answered", () => flood.replies.length === sent);
    over = true;
    await calm;
    expect(replies.filter(({ accepted }) => accepted !== 1)).toEqual([]);
    expect(codesOf(flood.replies)).toEqual(["MAPEK_OVERLOADED"]);
    const taken = flood.replies.filter(({ accepted }) => accepted === 1_000).length;
    expect(taken).toBeGreaterThan(0);
    expect(await house.stored("flood/")).toHaveLength(1_000 * taken);
    expect(await house.stored("calm/")).toHaveLength(replies.length);
    expect(await monitor.metric("mapek_overload_refused_total", "flood")).toBe(sent - taken);
    expect(await monitor.metric("mapek_overload_refused_total", "calm")).toBe(0);
    flood.stop();
  });

  test("with new series is refused beyond its limit; another is taken in whole", async () => {
    const LIMIT = 200;
    await using monitor = await startMonitor(house.server.url, { max_series_per_system: LIMIT });
    const flood = publisher("mapek.metrics.labels.cpu");
    const MESSAGES = 2_000;
    let over = false;
    const calm = calmSystem("quiet", () => over);
    for (let i = 0; i < MESSAGES; i++)
      flood.send(JSON.stringify({ value: i, timestamp: T, labels: { id: String(i) } }));
    await until("everything is answered", () => flood.replies.length === MESSAGES);
    over = true;
    const replies = await calm;
    expect(replies.filter(({ accepted }) => accepted !== 1)).toEqual([]);
    expect(codesOf(flood.replies)).toEqual(["MAPEK_SERIES_LIMIT"]);
    expect(flood.replies.filter(({ accepted }) => accepted === 1)).toHaveLength(LIMIT);
    expect(await monitor.metric("mapek_series_refused_total", "labels")).toBe(MESSAGES - LIMIT);
    expect(await house.stored(seriesKey("labels", "cpu", { id: "0" }))).toHaveLength(1);
    flood.stop();
  });
});

test("there are no more systems than may be", async () => {
  await using monitor = await startMonitor(house.server.url, { max_systems: 2 });
  for (const system of ["one", "two", "one"])
    expect(await house.send(`mapek.metrics.${system}.cpu`, "1")).toMatchObject({ accepted: 1 });
  const refused = await house.send("mapek.metrics.three.cpu", "1");
  expect(codesOf([refused])).toEqual(["MAPEK_SYSTEM_LIMIT"]);
  expect(await monitor.metric("mapek_series_refused_total")).toBe(1);
});

test("a system that sends faster than it may is told to come later", async () => {
  await using _monitor = await startMonitor(house.server.url, {
    max_samples_per_second_per_system: 1_000,
  });
  expect(await house.send("mapek.metrics.fast._", columns(10_000))).toMatchObject({
    accepted: 10_000,
  });
  expect(codesOf([await house.send("mapek.metrics.fast._", columns(1))])).toEqual([
    "MAPEK_OVERLOADED",
  ]);
  expect(await house.send("mapek.metrics.slow.cpu", "1")).toMatchObject({ accepted: 1 });
  await until(
    "its allowance is back",
    async () => (await house.send("mapek.metrics.fast._", columns(1))).accepted === 1,
  );
});

/** Storage that takes everything and answers nothing: a subscriber in the place of the stream. */
async function silenceStorage(): Promise<() => Promise<void>> {
  await house.jsm.streams.delete(STREAMS.samples);
  const silent = house.nc.subscribe("mapek-kb.samples.*", { callback: () => {} });
  await house.nc.flush();
  return async () => {
    silent.unsubscribe();
    await ensureStreams(house.jsm, streamDeclarations(loadConfig()));
  };
}

test("memory stays below its bound while nothing can be stored, everything is answered, and it passes", async () => {
  const LIMIT_MB = 400;
  const unbounded = { max_waiting_samples: 1e9, max_waiting_bytes: 1e12 };
  await using monitor = await startMonitor(house.server.url, unbounded, { max_mb: LIMIT_MB });
  const bytes = () => monitor.metric("mapek_process_resident_memory_bytes");
  const flood = publisher("mapek.metrics.memory._");
  const restore = await silenceStorage();
  const SAMPLES = 50_000;
  const message = columns(SAMPLES);
  let sent = 0;
  let largest = 0;
  const isRefused = () => codesOf(flood.replies).includes("MAPEK_OVERLOADED");
  // More than the bound, at least: what is refused costs nothing.
  while (!isRefused() || sent * message.length < 1.2 * LIMIT_MB * 1_048_576) {
    flood.send(message);
    sent++;
    await house.nc.flush();
    // More on its way than the server keeps for a reader, and it would cut the monitor off.
    await until("answers", () => sent - flood.replies.length < 50);
    if (sent % 10 === 0) largest = Math.max(largest, await bytes());
  }
  expect(largest).toBeLessThan(LIMIT_MB * 1_048_576);
  await restore();
  await until("everything is answered", () => flood.replies.length === sent);
  const taken = flood.replies.filter(({ accepted }) => accepted === SAMPLES).length;
  // Where the test was slow, batches were given up after all attempts: that is said too.
  expect(["MAPEK_OVERLOADED", "MAPEK_NOT_STORED"]).toEqual(
    expect.arrayContaining(codesOf(flood.replies)),
  );
  await until(
    "it takes samples in again",
    async () => (await house.send("mapek.metrics.memory.cpu", "1")).accepted === 1,
  );
  expect((await house.stored("memory/load")).length).toBeGreaterThanOrEqual(taken * SAMPLES);
  flood.stop();
});

test("while memory is short everything is refused, and the health endpoint says so", async () => {
  await using monitor = await startMonitor(house.server.url, {}, { max_mb: 60 });
  await until("memory is short", async () => {
    const { memory } = (await monitor.health()) as { memory: { short: boolean } };
    return memory.short;
  });
  const refused = await house.send("mapek.metrics.short.cpu", "1");
  expect(codesOf([refused])).toEqual(["MAPEK_OVERLOADED"]);
  expect((await monitor.health()).status).toBe("memory_short");
  expect(refused.rejected[0]?.message).toContain("memory is short");
  expect(await monitor.metric("mapek_memory_limit_bytes")).toBe(60 * 1_048_576);
  expect(await monitor.metric("mapek_memory_bytes")).toBeGreaterThan(0.85 * 60 * 1_048_576);
});

test("a server that stands still is waited for: what waits is bounded, and everything is answered afterwards", async () => {
  await using monitor = await startMonitor(house.server.url, {
    max_waiting_samples: 20_000,
    batch_linger_ms: 1_000,
    batch_samples: 65_535,
  });
  const flood = publisher("mapek.metrics.still._");
  const MESSAGES = 400;
  for (let i = 0; i < MESSAGES / 2; i++) flood.send(columns(1_000));
  await until("samples wait", async () => (await monitor.metric("mapek_samples_waiting")) > 0);
  house.server.kill("SIGSTOP");
  try {
    for (let i = 0; i < MESSAGES / 2; i++) flood.send(columns(1_000));
    expect(await monitor.metric("mapek_samples_waiting")).toBeLessThanOrEqual(21_000);
  } finally {
    house.server.kill("SIGCONT");
  }
  await until("everything is answered", () => flood.replies.length === MESSAGES);
  const taken = flood.replies.filter(({ accepted }) => accepted === 1_000).length;
  expect(taken).toBeGreaterThan(0);
  expect(codesOf(flood.replies)).toEqual(["MAPEK_OVERLOADED"]);
  expect(await house.stored("still/")).toHaveLength(taken * 1_000);
  flood.stop();
});

test("a monitor that does not read is given up by the server; it comes back, and says so", async () => {
  await using monitor = await startMonitor(house.server.url);
  const message = columns(50_000);
  monitor.signal("SIGSTOP");
  try {
    // More than the 64 MiB that the server keeps for one reader.
    for (let sent = 0; sent < 100 * 1_048_576; sent += message.length) {
      house.nc.publish("mapek.metrics.unread._", message);
      await house.nc.flush();
    }
  } finally {
    monitor.signal("SIGCONT");
  }
  await until(
    "it is connected again",
    async () => (await monitor.metric("mapek_connection_events_total")) >= 2,
  );
  await until("it takes samples in", async () => {
    const reply = await house.send("mapek.metrics.unread.cpu", "1").catch(() => undefined);
    return reply?.accepted === 1;
  });
});
