import { partitionOf, rejected } from "@mapek/core/contract";
import { createInbox, headers, type MsgHdrs } from "@nats-io/transport-node";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ANSWER_MS, waitFor } from "../../../test/support/wait-for.ts";
import { DeadLetters } from "../src/doors/dead-letters.ts";
import { FrontDoor } from "../src/doors/front-door.ts";
import { startQueryDoor } from "../src/doors/query-door.ts";
import { createMetrics, type Metrics } from "../src/metrics.ts";
import { publishAtomically } from "../src/nats/atomic-batch.ts";
import { admitReports, countingInput, countingLogic } from "./support/counting.ts";
import {
  countOf,
  type House,
  PARTITIONS,
  partsOf,
  readAll,
  SYSTEMS,
  send,
  startHost,
  startHouse,
  waitForOutputs,
} from "./support/house.ts";

let house: House;
let metrics: Metrics;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(async () => {
  await house.clear();
  metrics = createMetrics("test");
});

const [SYSTEM = ""] = SYSTEMS;

function openDoor(maxWaiting?: number): FrontDoor {
  const { nc, js, subjects } = house;
  const door = new FrontDoor({
    nc,
    js,
    subjects,
    service: "optimizer",
    partitions: PARTITIONS,
    deadLetters: new DeadLetters(nc, subjects, "optimizer", metrics),
    listen: [subjects.performance("*")],
    admit: admitReports,
    ...(maxWaiting !== undefined && { maxWaiting }),
  });
  onTestFinished(() => door.drain().catch(() => {})); // Some tests did it themselves.
  return door;
}

async function ask(subject: string, body: string | Uint8Array, withHeaders?: MsgHdrs) {
  const options = withHeaders === undefined ? {} : { headers: withHeaders };
  return (await house.nc.request(subject, body, { timeout: ANSWER_MS, ...options })).json();
}
const report = (system: string, body: unknown, id?: string) => {
  const built = headers();
  if (id !== undefined) built.set("Nats-Msg-Id", id);
  return ask(house.subjects.performance(system), JSON.stringify(body), built);
};
/** The stored inputs, bundled or not, in order. */
const inputsOf = async (partition: number | "*") =>
  (await readAll(house, house.subjects.input("optimizer", partition))).flatMap(partsOf);
async function letters() {
  return (await readAll(house, house.subjects.log("rejected", "optimizer"))).map(({ data }) => {
    const letter = rejected.decode(data);
    if (!letter.ok) throw letter.error;
    return letter.value;
  });
}

const ACCEPTED = { accepted: 1, rejected: [] };
const refusedWith = (code: string) => ({
  accepted: 0,
  rejected: [{ index: 0, code, message: expect.any(String) }],
});

describe("front door", () => {
  test("answers when the message is stored, in the partition of its key", async () => {
    openDoor();
    for (const [partition, system] of SYSTEMS.entries()) {
      expect(await report(system, { value: 1 })).toEqual(ACCEPTED);
      // At once: the answer says that it is there.
      const stored = await inputsOf(partition);
      expect(stored).toHaveLength(1);
      expect(countingLogic.decode("", stored[0]?.data ?? new Uint8Array())).toMatchObject({
        ok: true,
        value: { kind: "add", system, value: 1 },
      });
    }
    expect(await report("another", { value: 1 })).toEqual(ACCEPTED);
    expect(await inputsOf(partitionOf("another", PARTITIONS))).toHaveLength(2);
  });

  test("takes messages without a reply subject too", async () => {
    openDoor();
    house.nc.publish(house.subjects.performance(SYSTEM), '{"value":1}');
    await waitFor("it is stored", async () => (await inputsOf(0)).length === 1);
  });

  test("of several doors one takes a message in", async () => {
    openDoor();
    openDoor();
    for (let value = 0; value < 20; value++) await report(SYSTEM, { value });
    expect(await inputsOf("*")).toHaveLength(20);
  });

  test("a key of null goes to every partition, or to none", async () => {
    openDoor();
    expect(await report("everybody", { value: 7 })).toEqual(ACCEPTED);
    const stored = await inputsOf("*");
    expect(stored.map(({ subject }) => subject)).toEqual(
      Array.from({ length: PARTITIONS }, (_, p) => house.subjects.input("optimizer", p)),
    );
    expect(new Set(stored.map(({ data }) => Buffer.from(data).toString("hex"))).size).toBe(1);
    expect((stored.at(-1)?.seq ?? 0) - (stored[0]?.seq ?? 0)).toBe(PARTITIONS - 1);
  });

  test("a message that comes again under its id is stored once; ids belong to their systems", async () => {
    openDoor();
    for (let i = 0; i < 3; i++) {
      expect(await report(SYSTEM, { value: 1, id: "in the body" })).toEqual(ACCEPTED);
      expect(await report(SYSTEM, { value: 2 }, "in the header")).toEqual(ACCEPTED);
      expect(await report("other", { value: 3, id: "in the body" })).toEqual(ACCEPTED);
      expect(await report("other", { value: 4 }, "in the header")).toEqual(ACCEPTED);
    }
    expect(await inputsOf("*")).toHaveLength(4);
    await using host = await startHost(house);
    await waitForOutputs(house, 4);
    expect(host.host.gauges()).toMatchObject({ count: 4 });
  });

  test.each([
    ["not JSON", "hello", "MAPEK_MESSAGE_MALFORMED"],
    ["another shape", '{"value":"much"}', "MAPEK_MESSAGE_INVALID"],
    ["a later version", '{"version":2,"value":1}', "MAPEK_MESSAGE_UNKNOWN_VERSION"],
    ["nothing", "", "MAPEK_MESSAGE_MALFORMED"],
  ])("%s is refused with a code, and kept as a dead letter", async (_, body, code) => {
    openDoor();
    const subject = house.subjects.performance(SYSTEM);
    const public_ = house.nc.subscribe("mapek.rejected.optimizer", { max: 1 });
    expect(await ask(subject, body)).toEqual(refusedWith(code));
    for await (const { data } of public_)
      expect(rejected.decode(data)).toMatchObject({ ok: true, value: { code, subject } });
    expect(await letters()).toMatchObject([
      {
        service: "optimizer",
        code,
        subject,
        payload: Buffer.from(body).toString("base64"),
        payload_bytes: body.length,
      },
    ]);
    expect(await inputsOf("*")).toEqual([]);
  });

  test("a token outside its alphabet", async () => {
    openDoor();
    expect(await ask("mapek.performance.a*b", '{"value":1}')).toEqual(
      refusedWith("MAPEK_SUBJECT_INVALID"),
    );
  });

  test("a fault of ours is contained, and the next message taken in", async () => {
    openDoor();
    expect(await report("broken", { value: 1 })).toEqual(refusedWith("MAPEK_NOT_STORED"));
    expect(await report(SYSTEM, { value: 1 })).toEqual(ACCEPTED);
  });

  test("what the server does not take is answered so", async () => {
    openDoor();
    for (const name of await house.jsm.streams.names().next()) await house.jsm.streams.delete(name);
    expect(await report(SYSTEM, { value: 1 })).toEqual(refusedWith("MAPEK_NOT_STORED"));
    expect(await report("everybody", { value: 1 })).toEqual(refusedWith("MAPEK_NOT_STORED"));
  });

  test("says that it is overloaded instead of growing without bound", async () => {
    const door = openDoor(10);
    const answers: unknown[] = [];
    const inbox = createInbox();
    house.nc.subscribe(inbox, {
      callback: (_, message) => {
        answers.push(message.json());
      },
    });
    for (let value = 0; value < 500; value++)
      house.nc.publish(house.subjects.performance(SYSTEM), JSON.stringify({ value }), {
        reply: inbox,
      });
    await waitFor("an answer each", () => answers.length === 500);
    const overloaded = answers.filter((answer) => JSON.stringify(answer).includes("OVERLOADED"));
    expect(overloaded.length).toBeGreaterThan(0);
    expect(overloaded[0]).toEqual(refusedWith("MAPEK_OVERLOADED"));
    expect(await inputsOf("*")).toHaveLength(500 - overloaded.length);
    await door.drain();
  });

  test("drained, it has stored what it took in, and takes nothing more", async () => {
    const door = openDoor();
    const answers: unknown[] = [];
    const inbox = createInbox();
    house.nc.subscribe(inbox, {
      callback: (_, message) => {
        answers.push(message.json());
      },
    });
    for (let value = 0; value < 2_000; value++)
      house.nc.publish(house.subjects.performance(SYSTEM), JSON.stringify({ value }), {
        reply: inbox,
      });
    await door.drain();
    const stored = (await inputsOf("*")).length;
    await waitFor("the answers", () => answers.length >= stored);
    expect(answers).toEqual(Array.from({ length: stored }, () => ACCEPTED));
    await expect(report(SYSTEM, { value: 1 })).rejects.toThrow(/no responders/);
  });
});

describe("dead letters", () => {
  test("hold the first KiB, and are counted beyond the rate at which they are stored", async () => {
    openDoor();
    const body = "x".repeat(5_000);
    for (let i = 0; i < 800; i++) house.nc.publish(house.subjects.performance(SYSTEM), body);
    await waitFor("all of them are counted", async () => {
      const [all] = (await metrics.rejected.get()).values;
      return all?.value === 800 && all.labels.code === "MAPEK_MESSAGE_MALFORMED";
    });
    const dropped = (await metrics.deadLettersDropped.get()).values[0]?.value ?? 0;
    expect(dropped).toBeGreaterThan(100);
    await waitFor("the others are stored", async () => {
      return (await countOf(house, house.subjects.log("rejected", "*"))) === 800 - dropped;
    });
    const [first] = await letters();
    expect(first).toMatchObject({ payload_bytes: 5_000 });
    expect(Buffer.from(first?.payload ?? "", "base64").toString()).toBe(body.slice(0, 1_024));
  });
});

describe("query door", () => {
  const question = (verb: string, system: string, request: object | string = {}) =>
    ask(
      house.subjects.requests("optimizer", verb, system),
      typeof request === "string" ? request : JSON.stringify(request),
    );
  const openQueries = (verbs = {}) => {
    const { nc, subjects } = house;
    const door = startQueryDoor({
      nc,
      subjects,
      service: "optimizer",
      partitions: PARTITIONS,
      verbs,
    });
    onTestFinished(() => door.drain());
  };

  /** A host whose systems were given 30, 10 and 20: their items' times. */
  async function hosted() {
    openQueries();
    const host = await startHost(house, { settings: { step: 1 } });
    await waitFor("the host is ready", () => host.host.ready);
    for (const [i, value] of [30, 10, 20].entries())
      await send(house, { kind: "add", system: SYSTEMS[i], value });
    await waitForOutputs(house, 3);
    return host;
  }

  test("asks the partition of one system, or all of them and puts their items in order", async () => {
    await using _ = await hosted();
    const item = (i: number, timestamp: number) => ({ system: SYSTEMS[i], count: 1, timestamp });
    expect(await question("parameters", SYSTEMS[1] ?? "")).toEqual({ items: [item(1, 10)] });
    expect(await question("parameters", "_")).toEqual({
      items: [item(1, 10), item(2, 20), item(0, 30)],
    });
    expect(await question("parameters", "_", "")).toMatchObject({ items: { length: 3 } });
    expect(await question("parameters", "_", { limit: 2 })).toEqual({
      items: [item(2, 20), item(0, 30)],
    });
    expect(await question("parameters", "nobody")).toEqual({ items: [] });
    const shares = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) =>
        question("parameters", "_", { partition }),
      ),
    );
    const found = (shares as { items: { system: string }[] }[]).flatMap(({ items }) => items);
    expect(found.map(({ system }) => system).sort()).toEqual(SYSTEMS.slice(0, 3).sort());
    expect(await question("parameters", "_", { partition: PARTITIONS })).toEqual({ items: [] });
  });

  test.each([
    ["an unknown verb", "guess", {}, "MAPEK_REQUEST_UNKNOWN_VERB"],
    ["a bad request", "parameters", { limit: 0 }, "MAPEK_MESSAGE_INVALID"],
    ["no request at all", "parameters", "what?", "MAPEK_MESSAGE_MALFORMED"],
    ["an answer that is too large", "parameters", { metric: "large" }, "MAPEK_REPLY_TOO_LARGE"],
    ["a fault of ours", "transitions", {}, "MAPEK_INTERNAL"],
  ])("%s is answered with a code", async (_, verb, request, code) => {
    await using __ = await hosted();
    expect(await question(verb, SYSTEM, request)).toEqual({
      error: { code, message: expect.any(String) },
    });
    expect(await question("parameters", SYSTEM)).toMatchObject({ items: { length: 1 } });
  });

  test("a partition that nobody serves is unavailable, and while it is restored it does not guess", async () => {
    openQueries();
    const unavailable = {
      error: { code: "MAPEK_REQUEST_UNAVAILABLE", message: expect.any(String) },
    };
    expect(await question("parameters", SYSTEM)).toEqual(unavailable);
    const subject = house.subjects.input("optimizer", 0);
    const data = countingInput.encodeMsgpack({
      version: 1,
      time: 1,
      kind: "add",
      system: SYSTEM,
      value: 1,
    });
    for (let i = 0; i < 5; i++)
      await publishAtomically(
        house.nc,
        Array.from({ length: 1_000 }, () => ({ subject, data })),
      );
    {
      await using first = await startHost(house);
      await waitForOutputs(house, 5_000);
      await first.host.drain();
    }
    await using second = await startHost(house);
    const answers = new Set<unknown>();
    await waitFor("the answer", async () => {
      const { items } = (await question("parameters", SYSTEM)) as { items?: { count: number }[] };
      if (items !== undefined) answers.add(items[0]?.count);
      return second.host.ready && answers.size > 0;
    });
    expect([...answers]).toEqual([5_000]);
  });

  test("verbs of the service's own", async () => {
    openQueries({
      transitions: async (system: string | undefined) => [system ?? "all"],
    });
    expect(await question("transitions", SYSTEM)).toEqual({ items: [SYSTEM] });
    expect(await question("transitions", "_")).toEqual({ items: ["all"] });
  });
});
