import { encodeMsgpack, position } from "@mapek/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { publishAtomically } from "../src/nats/atomic-batch.ts";
import { STREAMS } from "../src/nats/streams.ts";
import { countingLogic } from "./support/counting.ts";
import {
  adds,
  countOf,
  expectNothingLostOrTwice,
  type House,
  PARTITIONS,
  readAll,
  replay,
  SYSTEMS,
  send,
  startHost,
  startHouse,
  waitForOutputs,
} from "./support/house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(async () => {
  await house.clear();
});

const [SYSTEM = ""] = SYSTEMS;
type Host = Awaited<ReturnType<typeof startHost>>;

const ready = (name: string, { host }: Host) => waitFor(`${name} is ready`, () => host.ready);
const outputsStored = (count: number) => waitForOutputs(house, count);
const expectUndisturbed = ({ host }: Host) => expectNothingLostOrTwice(house, host);

async function positionOf(partition: number) {
  const [record] = await readAll(house, house.subjects.position("optimizer", partition));
  if (record === undefined) return undefined;
  const decoded = position.decode(record.data);
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
}

async function deadLetters() {
  const letters = await readAll(house, house.subjects.log("rejected", "optimizer"));
  return letters.map(({ data }) => JSON.parse(Buffer.from(data).toString()));
}

describe("outputs", () => {
  test("are stored once, and the position of a drained host leaves nothing to do", async () => {
    const first = await startHost(house);
    await ready("the host", first);
    await send(house, ...adds(0, 30));
    await outputsStored(30);
    await first.host.drain();
    for (const partition of SYSTEMS.keys()) {
      const inputs = await readAll(house, house.subjects.input("optimizer", partition));
      expect(await positionOf(partition)).toMatchObject({
        input_seq: inputs.at(-1)?.seq,
        first_seq: inputs[0]?.seq,
        outputs_done: 0,
        owner: first.owner,
        epoch: 1,
      });
    }
    const told: unknown[] = [];
    await using second = await startHost(house, { onFolded: (input) => told.push(input) });
    await ready("the second host", second);
    await expectUndisturbed(second);
    expect(told).toEqual([]);
    await first[Symbol.asyncDispose]();
  });

  test("of inputs that were folded before are suppressed, those after them are not", async () => {
    const first = await startHost(house);
    await ready("the host", first);
    await send(house, ...adds(0, 9));
    await outputsStored(9);
    await first[Symbol.asyncDispose]();
    await send(house, ...adds(100, 6));
    await using second = await startHost(house);
    await ready("the second host", second);
    await outputsStored(15);
    await expectUndisturbed(second);
    expect((await positionOf(0))?.epoch).toBe(2);
  });

  test("of one input may fill several commits", async () => {
    await using host = await startHost(house);
    await ready("the host", host);
    await send(house, { kind: "burst", system: SYSTEM, outputs: 2_500 }, ...adds(0, 3));
    await outputsStored(2_503);
    await expectUndisturbed(host);
  });

  test.each([1, 998, 999, 1_000])(
    "of an input of which %i are stored go on from there",
    async (done) => {
      const burst = { kind: "burst", system: SYSTEM, outputs: 2_500 };
      await send(house, { kind: "add", system: SYSTEM, value: 1 }, burst, ...adds(0, 3));
      const [add, split] = await readAll(house, house.subjects.input("optimizer", 0));
      // What a host had stored that ended between two commits.
      const { outputs } = await replay(house);
      const [subject = "", all = []] =
        Object.entries(outputs).find(([name]) => name.includes(SYSTEM)) ?? [];
      for (const data of all.slice(0, 1 + done)) house.nc.publish(subject, data);
      await outputsStored(1 + done);
      await publishAtomically(house.nc, [
        {
          subject: house.subjects.position("optimizer", 0),
          data: position.encode({
            version: 1,
            input_seq: (split?.seq ?? 0) - 1,
            first_seq: add?.seq ?? 0,
            outputs_done: done,
            owner: "one that is gone",
            epoch: 7,
            time: 0,
          }),
        },
      ]);
      await using host = await startHost(house);
      await ready("the host", host);
      await outputsStored(2_504);
      await expectUndisturbed(host);
      expect((await positionOf(0))?.epoch).toBe(8);
    },
  );

  test("too large for a server are a failure of the actor, and the partition goes on", async () => {
    await using host = await startHost(house);
    await ready("the host", host);
    await send(house, { kind: "large", system: SYSTEM, bytes: 1_000_000 }, ...adds(0, 1));
    await outputsStored(1);
    expect(await deadLetters()).toMatchObject([
      { code: "MAPEK_ACTOR_FAILED", reason: expect.stringContaining("at most 1000000") },
    ]);
  });

  test("do not depend on those who measure", async () => {
    await using host = await startHost(house, {
      onFolded: () => {
        throw new Error("a broken gauge");
      },
    });
    await ready("the host", host);
    await send(house, ...adds(0, 3));
    await outputsStored(3);
    await expectUndisturbed(host);
    expect(await deadLetters()).toEqual([]);
  });
});

test("large inputs are all folded", async () => {
  const subject = house.subjects.input("optimizer", 0);
  const data = encodeMsgpack({
    version: 1,
    time: 1,
    kind: "add",
    system: SYSTEM,
    value: 1,
    padding: "x".repeat(700_000),
  });
  for (let i = 0; i < 20; i++) await publishAtomically(house.nc, [{ subject, data }]);
  await using _ = await startHost(house);
  await outputsStored(20);
});

describe("inputs that cannot be folded", () => {
  test("become one dead letter each, now and in every replay", async () => {
    const first = await startHost(house);
    await ready("the host", first);
    const subject = house.subjects.input("optimizer", 0);
    const garbage = new Uint8Array(3_000).fill(0xc1);
    await publishAtomically(house.nc, [{ subject, data: garbage }]);
    await publishAtomically(house.nc, [{ subject, data: new Uint8Array() }]);
    await send(house, { kind: "fail", system: SYSTEM }, { kind: "add", system: SYSTEM, value: 5 });
    await outputsStored(1);
    const letters = await deadLetters();
    expect(letters).toMatchObject([
      {
        version: 1,
        service: "optimizer",
        code: "MAPEK_MESSAGE_MALFORMED",
        subject,
        payload: Buffer.from(garbage.subarray(0, 1_024)).toString("base64"),
        payload_bytes: 3_000,
      },
      { code: "MAPEK_MESSAGE_MALFORMED", payload_bytes: 0 },
      { code: "MAPEK_ACTOR_FAILED", reason: "Error: no more than 1" },
    ]);
    await expectUndisturbed(first);
    const counted = await first.metrics.rejected.get();
    expect(counted.values.map(({ labels, value }) => [labels.code, value])).toEqual([
      ["MAPEK_MESSAGE_MALFORMED", 2],
      ["MAPEK_ACTOR_FAILED", 1],
    ]);
    await first[Symbol.asyncDispose]();
    await using second = await startHost(house);
    await ready("the second host", second);
    await send(house, { kind: "add", system: SYSTEM, value: 6 });
    await outputsStored(2);
    await expectUndisturbed(second);
    expect(await deadLetters()).toEqual(letters);
    expect((await second.metrics.rejected.get()).values).toEqual([]);
  });
});

describe("settings", () => {
  const settingsStored = async () => {
    const inputs = await readAll(house, house.subjects.input("optimizer", "*"));
    return inputs
      .map(({ subject, data }) => countingLogic.decode(subject, data))
      .flatMap((input) => (input.ok && input.value.kind === "settings" ? [input.value] : []));
  };

  test("are a message a partition, once, and the host is ready when they were folded", async () => {
    for (const [step, messages] of [
      [2, PARTITIONS],
      [2, PARTITIONS],
      [5, 2 * PARTITIONS],
      [5, 2 * PARTITIONS],
    ] as const) {
      await using host = await startHost(house, { settings: { step } });
      await waitFor("the host is ready", () => {
        if (!host.host.ready) return false;
        expect(host.host.states().map(({ settings }) => settings?.settings)).toEqual(
          Array.from({ length: PARTITIONS }, () => ({ step })),
        );
        return true;
      });
      expect(host.host.status()).toEqual(
        Array.from({ length: PARTITIONS }, (_, partition) => ({
          partition,
          role: "owner",
          restored: true,
          settled: true,
          historyTrimmed: false,
          lagSeconds: 0,
        })),
      );
      expect(await settingsStored()).toHaveLength(messages);
    }
    expect((await settingsStored()).at(-1)?.settings).toEqual({ step: 5 });
  });
});

describe("ticks", () => {
  test("are written when an actor is due, at most one a second, and into its partition only", async () => {
    await using host = await startHost(house);
    await ready("the host", host);
    const before = await countOf(house, house.subjects.input("optimizer", "*"));
    await send(house, { kind: "wake", system: SYSTEM, at: 0 });
    await outputsStored(1);
    await send(house, { kind: "wake", system: SYSTEM, at: 0 });
    await outputsStored(2);
    const inputs = (await readAll(house, house.subjects.input("optimizer", 0)))
      .map(({ subject, data }) => countingLogic.decode(subject, data))
      .flatMap((input) => (input.ok ? [input.value] : []));
    const ticks = inputs.filter(({ kind }) => kind === "tick").map(({ time }) => time);
    expect(ticks).toHaveLength(2);
    expect((ticks[1] ?? 0) - (ticks[0] ?? 0)).toBeGreaterThanOrEqual(990);
    expect(await countOf(house, house.subjects.input("optimizer", "*"))).toBe(before + 4);
    await expectUndisturbed(host);
  });

  test("are not written before an actor is due", async () => {
    await using host = await startHost(house);
    await ready("the host", host);
    const dueAt = Date.now() + 1_200;
    await send(house, { kind: "wake", system: SYSTEM, at: dueAt });
    await outputsStored(1);
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
  });
});

test("the position is written where there are no outputs, too", async () => {
  await using host = await startHost(house);
  await ready("the host", host);
  await send(house, { kind: "wake", system: SYSTEM, at: 9e12 });
  const inputs = await readAll(house, house.subjects.input("optimizer", 0));
  await waitFor(
    "the position follows",
    async () => (await positionOf(0))?.input_seq === inputs.at(-1)?.seq,
  );
  expect((await positionOf(0))?.first_seq).toBe(inputs[0]?.seq);
});

describe("a stream that has lost inputs", () => {
  const trimmed = async ({ metrics }: Host) =>
    (await metrics.historyTrimmed.get()).values.map(({ labels }) => labels.partition);

  async function drained(): Promise<void> {
    await using host = await startHost(house);
    await ready("the host", host);
    await send(house, ...adds(0, 30));
    await outputsStored(30);
  }

  test("at its beginning: it says so, and goes on from what is left", async () => {
    await drained();
    const inputs = await readAll(house, house.subjects.input("optimizer", 0));
    await house.jsm.streams.purge(STREAMS.knowledge, {
      filter: house.subjects.input("optimizer", 0),
      seq: inputs[5]?.seq ?? 0,
    });
    await using host = await startHost(house);
    await ready("the host", host);
    expect(host.host.status().map(({ historyTrimmed }) => historyTrimmed)).toEqual([
      true,
      false,
      false,
    ]);
    expect(await trimmed(host)).toEqual([0]);
    await send(house, { kind: "add", system: SYSTEM, value: 1 });
    await outputsStored(31);
  });

  test("all of them", async () => {
    await drained();
    await house.jsm.streams.purge(STREAMS.knowledge, {
      filter: house.subjects.input("optimizer", 0),
    });
    await using host = await startHost(house);
    await ready("the host", host);
    expect(host.host.status()[0]?.historyTrimmed).toBe(true);
    expect(await trimmed(host)).toEqual([0]);
  });

  test("at its end: what comes then is new, although its sequences are not", async () => {
    await send(house, { kind: "add", system: SYSTEM, value: 1 });
    await publishAtomically(house.nc, [
      {
        subject: house.subjects.position("optimizer", 0),
        data: position.encode({
          version: 1,
          input_seq: 1_000,
          first_seq: 1,
          outputs_done: 0,
          owner: "one that saw more",
          epoch: 1,
          time: 0,
        }),
      },
    ]);
    await using host = await startHost(house);
    await ready("the host", host);
    expect(host.host.status()[0]?.historyTrimmed).toBe(true);
    await send(house, { kind: "add", system: SYSTEM, value: 2 });
    await outputsStored(1);
    await waitFor("the position is that of the stream", async () => {
      return ((await positionOf(0))?.input_seq ?? 1_000) < 1_000;
    });
  });
});
