import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { RuntimeError } from "../src/errors.ts";
import {
  MAX_BATCH_MESSAGES,
  type Publication,
  publishAtomically,
} from "../src/nats/atomic-batch.ts";
import { countOf, type House, readAll, startHouse } from "./support/house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
  await house.clear();
});
afterAll(() => house[Symbol.asyncDispose]());

const bytes = (text: string) => new TextEncoder().encode(text);
const outputs = (family: string, count: number): Publication[] =>
  Array.from({ length: count }, (_, i) => ({
    subject: `mapek-kb.log.actions.${family}.n`,
    data: bytes(String(i)),
  }));
const record = (name: string, expected: number): Publication => ({
  subject: `mapek-kb.position.test.${name}`,
  data: bytes("record"),
  expectedLastSubjectSequence: expected,
  rollup: true,
});
const refusal = (work: Promise<unknown>): Promise<RuntimeError> =>
  work.then(
    () => Promise.reject(new Error("it was stored")),
    (error: RuntimeError) => error,
  );

describe("what is stored", () => {
  test("one message", async () => {
    const [message] = outputs("one", 1) as [Publication];
    const seq = await publishAtomically(house.nc, [message]);
    expect(await readAll(house, message.subject)).toEqual([
      { seq, subject: message.subject, data: message.data },
    ]);
  });

  test.each([2, 5, MAX_BATCH_MESSAGES])(
    "%i messages, in order and without a gap",
    async (count) => {
      const messages = outputs(`many-${count}`, count);
      const first = await publishAtomically(house.nc, messages);
      const stored = await readAll(house, messages[0]?.subject ?? "");
      expect(stored).toEqual(messages.map((message, i) => ({ ...message, seq: first + i })));
    },
  );

  test("batches of one connection at the same time do not mix", async () => {
    const firsts = await Promise.all(
      Array.from({ length: 20 }, (_, i) => publishAtomically(house.nc, outputs(`at-once-${i}`, 7))),
    );
    for (const [i, first] of firsts.entries()) {
      const stored = await readAll(house, `mapek-kb.log.actions.at-once-${i}.n`);
      expect(stored.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => first + n));
    }
  });

  test("a record on the expected sequence takes the place of the one before", async () => {
    const first = await publishAtomically(house.nc, [record("a", 0)]);
    const second = await publishAtomically(house.nc, [...outputs("a", 3), record("a", first)]);
    const token = second + 3;
    expect(await readAll(house, record("a", 0).subject)).toMatchObject([{ seq: token }]);
    await publishAtomically(house.nc, [record("a", token)]);
    expect(await countOf(house, record("a", 0).subject)).toBe(1);
  });
});

describe("a wrong expectation", () => {
  test.each([1, 3])(
    "stores nothing of a batch with %i outputs, and nobody sees it",
    async (count) => {
      const name = `fenced-${count}`;
      const stored = await publishAtomically(house.nc, [record(name, 0)]);
      const seen: string[] = [];
      const subscription = house.nc.subscribe(`mapek.actions.${name}.>`, {
        callback: (_, { subject }) => {
          seen.push(subject);
        },
      });
      const error = await refusal(
        publishAtomically(house.nc, [...outputs(name, count), record(name, stored + 1)]),
      );
      expect(error).toMatchObject({
        code: "MAPEK_PARTITION_FENCED",
        consequence: "fenced",
        details: { err_code: 10071 },
      });
      // What is stored later is republished later: had the refused outputs been, they were seen first.
      await publishAtomically(house.nc, [...outputs(`${name}.after`, 1), record(name, stored)]);
      await waitFor("the output after it", () => seen.length > 0);
      expect(seen).toEqual([`mapek.actions.${name}.after.n`]);
      expect(await countOf(house, `mapek-kb.log.actions.${name}.n`)).toBe(0);
      subscription.unsubscribe();
    },
  );

  test("of a single message", async () => {
    const error = await refusal(publishAtomically(house.nc, [record("single", 7)]));
    expect(error).toMatchObject({
      code: "MAPEK_PARTITION_FENCED",
      details: { err_code: 10071 },
    });
  });
});

test("outputs are republished after their commit, in order, with their sequences", async () => {
  const seen: [string, number][] = [];
  const subscription = house.nc.subscribe("mapek.actions.republished.n", {
    callback: (_, message) => {
      seen.push([message.string(), Number(message.headers?.get("Nats-Sequence"))]);
    },
  });
  const first = await publishAtomically(house.nc, outputs("republished", 4));
  await waitFor("four outputs", () => seen.length === 4);
  expect(seen).toEqual([0, 1, 2, 3].map((i) => [String(i), first + i]));
  subscription.unsubscribe();
});

describe("what cannot be a batch is refused before anything is sent", () => {
  test.each([
    ["no messages", () => []],
    ["too many", () => outputs("bounds", MAX_BATCH_MESSAGES + 1)],
    [
      "one that is too large",
      () => [{ subject: "mapek-kb.log.actions.bounds.n", data: new Uint8Array(2 ** 20 + 1) }],
    ],
  ])("%s", async (_, messages) => {
    const error = await refusal(publishAtomically(house.nc, messages()));
    expect(error.code).toBe("MAPEK_BATCH_INVALID");
    expect(await countOf(house, "mapek-kb.log.actions.bounds.n")).toBe(0);
  });
});

describe("what the server refuses keeps the server's reason", () => {
  test.each([
    ["at its end", (bad: Publication) => [...outputs("nowhere", 2), bad]],
    [
      "in its middle",
      (bad: Publication) => [...outputs("nowhere", 1), bad, ...outputs("nowhere", 1)],
    ],
    ["alone", (bad: Publication) => [bad]],
  ])("a subject without a stream, %s", async (_, messages) => {
    const bad = { subject: "nobody.takes.this", data: bytes("x") };
    const error = await refusal(publishAtomically(house.nc, messages(bad), { leaderMs: 300 }));
    expect(error).toMatchObject({ code: "MAPEK_BATCH_REFUSED", consequence: "retry" });
    expect(await countOf(house, "mapek-kb.log.actions.nowhere.n")).toBe(0);
  });

  test("a subject whose stream comes a moment later is waited for", async () => {
    const messages = ["a", "b"].map((name) => ({ subject: `late.${name}`, data: bytes(name) }));
    const stored = publishAtomically(house.nc, messages);
    await house.nc.flush();
    await house.jsm.streams.add({ name: "LATE", subjects: ["late.>"], allow_atomic: true });
    expect(await stored).toBe(1);
    expect((await house.jsm.streams.info("LATE")).state.messages).toBe(2);
  });

  test("a stream without atomic batches", async () => {
    await house.jsm.streams.add({ name: "PLAIN", subjects: ["plain.>"] });
    const messages = ["a", "b"].map((name) => ({ subject: `plain.${name}`, data: bytes(name) }));
    const error = await refusal(publishAtomically(house.nc, messages));
    expect(error).toMatchObject({ code: "MAPEK_BATCH_REFUSED", details: { err_code: 10174 } });
    const rollup = { subject: "plain.a", data: bytes("a"), rollup: true };
    expect(await refusal(publishAtomically(house.nc, [rollup]))).toMatchObject({
      code: "MAPEK_BATCH_REFUSED",
      details: { err_code: 10111 },
    });
  });

  test("the compare-and-set subject written twice in one batch", async () => {
    const twice = { subject: record("twice", 0).subject, data: bytes("x") };
    const error = await refusal(publishAtomically(house.nc, [twice, record("twice", 0)]));
    expect(error.code).toBe("MAPEK_PARTITION_FENCED");
    expect(await countOf(house, twice.subject)).toBe(0);
  });
});

test("no answer: whether it is stored is unknown", async () => {
  house.server.kill("SIGSTOP");
  try {
    const error = await refusal(
      publishAtomically(house.nc, outputs("unknown", 3), { answerMs: 100 }),
    );
    expect(error).toMatchObject({ code: "MAPEK_COMMIT_UNKNOWN", consequence: "fenced" });
    expect(error.cause).toBeInstanceOf(Error);
  } finally {
    house.server.kill("SIGCONT");
  }
  // This one was: the server had it in its socket.
  await waitFor("the batch is stored", async () => {
    return (await countOf(house, "mapek-kb.log.actions.unknown.n")) === 3;
  });
});

test("a subscriber that answers in the server's place with something else leaves it unknown", async () => {
  const subscription = house.nc.subscribe("nobody.but.us", {
    callback: (_, message) => {
      message.respond("not JSON");
    },
  });
  await house.nc.flush();
  const messages = [{ subject: "nobody.but.us", data: bytes("x") }];
  const error = await refusal(publishAtomically(house.nc, messages));
  expect(error.code).toBe("MAPEK_COMMIT_UNKNOWN");
  subscription.unsubscribe();
});
