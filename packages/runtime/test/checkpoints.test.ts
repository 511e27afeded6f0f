import { position } from "@mapek/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { saveState } from "../../../test/support/state-bytes.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { CheckpointStore } from "../src/checkpoint/checkpoint-store.ts";
import { publishAtomically } from "../src/nats/atomic-batch.ts";
import { connect } from "../src/nats/connect.ts";
import { STREAMS } from "../src/nats/streams.ts";
import { countingLogic } from "./support/counting.ts";
import {
  adds,
  countOf,
  expectNothingLostOrTwice,
  type House,
  PARTITIONS,
  readAll,
  SYSTEMS,
  send,
  startHost,
  startHouse,
  waitForOutputs,
} from "./support/house.ts";

const STREAM = "OBJ_mapek_checkpoints";
const OFTEN = { checkpointIntervalMs: 50 };

let house: House;
let store: CheckpointStore;
beforeAll(async () => {
  house = await startHouse();
  store = new CheckpointStore(house.connection);
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(async () => {
  await house.clear();
});

type Host = Awaited<ReturnType<typeof startHost>>;
const isReady = ({ host }: Host) => waitFor("the host is ready", () => host.ready);

async function positionOf(partition: number) {
  const subject = house.subjects.position("optimizer", partition);
  const stored = await house.jsm.streams.getMessage(STREAMS.knowledge, { last_by_subj: subject });
  const decoded = stored === null ? undefined : position.decode(stored.data);
  return decoded?.ok ? decoded.value : undefined;
}

const named = async (partition: number): Promise<string[]> =>
  ((await positionOf(partition))?.checkpoints ?? []).map(({ name }) => name);

/** Sends inputs until each partition's position names so many checkpoints, and drains the host. */
async function withCheckpoints(count: number): Promise<number> {
  await using host = await startHost(house, OFTEN);
  await isReady(host);
  let sent = 0;
  await waitFor(`${count} checkpoints of each partition are named`, async () => {
    await send(house, ...adds(sent, PARTITIONS));
    sent += PARTITIONS;
    for (let partition = 0; partition < PARTITIONS; partition++)
      if ((await named(partition)).length < count) return false;
    return true;
  });
  await waitForOutputs(house, sent);
  return sent;
}

/** Rewrites an object under its own name. */
async function rewrite(name: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.read(name)) pieces.push(piece);
  const bytes = change(Buffer.concat(pieces));
  await store.write(
    name,
    (async function* () {
      yield bytes;
    })(),
  );
}

const flipped = (bytes: Buffer): Buffer => {
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] as number) ^ 4;
  return bytes;
};

const refusals = async ({ metrics }: Host): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await metrics.checkpointRefused.get()).values.map(({ labels, value }) => [labels.code, value]),
  );
const folded = async ({ metrics }: Host): Promise<number> =>
  (await metrics.inputs.get()).values[0]?.value ?? 0;
const inputsStored = () => countOf(house, house.subjects.input("optimizer", "*"));

/** How many messages each subject of the object store holds. */
async function objects(): Promise<{ metas: number; chunks: number }> {
  const info = await house.jsm.streams.info(STREAM, { subjects_filter: ">" });
  const subjects = Object.keys(info.state.subjects ?? {});
  const of = (kind: string) =>
    subjects.filter((subject) => subject.startsWith(`$O.mapek_checkpoints.${kind}.`)).length;
  return { metas: of("M"), chunks: of("C") };
}

describe("a host that starts", () => {
  test("goes on from the checkpoint, whatever the stream has lost before it", async () => {
    await withCheckpoints(1);
    const before = await readAll(house, house.subjects.input("optimizer", "*"));
    const states = await (async () => {
      await using host = await startHost(house);
      await isReady(host);
      expect(await folded(host)).toBeLessThan(before.length);
      await send(house, ...adds(500, 9));
      await expectNothingLostOrTwice(house, host.host);
      return host.host.states().map((state) => saveState(countingLogic, state));
    })();
    const positions = await Promise.all([0, 1, 2].map(positionOf));
    const oldest = Math.min(...positions.map((at) => at?.checkpoints.at(0)?.seq ?? 0));
    await house.jsm.streams.purge(STREAMS.knowledge, { seq: oldest + 1 });
    await using host = await startHost(house);
    await isReady(host);
    expect(host.host.states().map((state) => saveState(countingLogic, state))).toEqual(states);
    expect(host.host.status().map(({ historyTrimmed }) => historyTrimmed)).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("says so where the stream has lost inputs after the checkpoint", async () => {
    await withCheckpoints(1);
    await (async () => {
      await using host = await startHost(house);
      await isReady(host);
      const stored = await countOf(house, house.subjects.log("actions", ">"));
      await send(house, ...adds(700, 9));
      await waitForOutputs(house, stored + 9);
    })();
    const newest = await readAll(house, house.subjects.input("optimizer", 0));
    // The positions are younger, and stay.
    await house.jsm.streams.purge(STREAMS.knowledge, { seq: newest.at(-1)?.seq as number });
    await using host = await startHost(house);
    await isReady(host);
    expect(host.host.status()[0]?.historyTrimmed).toBe(true);
  });
});

describe("a checkpoint that is refused", () => {
  const newer = async () => (await named(0))[0] as string;
  const subjectsOf = async () =>
    Object.keys(
      (await house.jsm.streams.info(STREAM, { subjects_filter: ">" })).state.subjects ?? {},
    );

  test.each<[string, string, () => Promise<void>]>([
    ["damaged", "MAPEK_CHECKPOINT_CORRUPT", async () => rewrite(await newer(), flipped)],
    [
      "cut off",
      "MAPEK_CHECKPOINT_CORRUPT",
      async () => rewrite(await newer(), (bytes) => bytes.subarray(0, bytes.length - 5)),
    ],
    [
      "of a later version",
      "MAPEK_CHECKPOINT_UNKNOWN_VERSION",
      async () =>
        rewrite(await newer(), (bytes) => {
          bytes.writeUInt32LE(9, 8);
          return bytes;
        }),
    ],
    [
      "of another partition",
      "MAPEK_CHECKPOINT_FOREIGN",
      async () => {
        const pieces: Uint8Array[] = [];
        for await (const piece of store.read((await named(1))[0] as string)) pieces.push(piece);
        await rewrite(await newer(), () => Buffer.concat(pieces));
      },
    ],
    ["missing", "MAPEK_CHECKPOINT_MISSING", async () => store.remove(await newer())],
    [
      "without its pieces",
      "MAPEK_CHECKPOINT_CORRUPT",
      async () => {
        const { nuid } = JSON.parse(
          Buffer.from(
            (
              await house.jsm.streams.getMessage(STREAM, {
                last_by_subj: `$O.mapek_checkpoints.M.${Buffer.from(await newer()).toString("base64url")}${"=".repeat((3 - ((await newer()).length % 3)) % 3)}`,
              })
            )?.data ?? [],
          ).toString(),
        ) as { nuid: string };
        await house.jsm.streams.purge(STREAM, { filter: `$O.mapek_checkpoints.C.${nuid}` });
        expect(await subjectsOf()).not.toContain(`$O.mapek_checkpoints.C.${nuid}`);
      },
    ],
  ])("%s: the one before takes its place", async (_, code, damage) => {
    await withCheckpoints(2);
    await damage();
    await using host = await startHost(house);
    await isReady(host);
    expect(await refusals(host)).toEqual({ [code]: 1 });
    expect(await folded(host)).toBeLessThan(await inputsStored());
    await send(house, ...adds(900, 6));
    await expectNothingLostOrTwice(house, host.host);
  });

  test("and the one before too: the state is rebuilt from the stream", async () => {
    await withCheckpoints(2);
    for (const name of await named(0)) await rewrite(name, flipped);
    await using host = await startHost(house);
    await isReady(host);
    expect(await refusals(host)).toEqual({ MAPEK_CHECKPOINT_CORRUPT: 2 });
    await send(house, ...adds(900, 6));
    await expectNothingLostOrTwice(house, host.host);
  });
});

describe("in the object store", () => {
  test("are two checkpoints a partition, and nothing of those before", async () => {
    await withCheckpoints(2);
    await using host = await startHost(house, OFTEN);
    await isReady(host);
    const first = await named(0);
    await waitFor("others have taken their place", async () => {
      await send(house, ...adds(0, PARTITIONS));
      const now = await named(0);
      return now.length === 2 && !now.some((name) => first.includes(name));
    });
    await host.host.drain();
    await using last = await startHost(house);
    await isReady(last);
    await waitFor("what was left is removed", async () => {
      const all = (await Promise.all([0, 1, 2].map(named))).flat();
      expect((await store.names()).sort()).toEqual(all.sort());
      expect(await objects()).toEqual({ metas: all.length, chunks: all.length });
      return true;
    });
  });

  test("objects that no position names are removed, those of others are not", async () => {
    const object = async function* () {
      yield Uint8Array.from([1]);
    };
    await store.write("optimizer.0.0.1", object());
    await store.write("optimizer.0.999.1", object());
    await store.write("learner.0.0.1", object());
    await using host = await startHost(house);
    await isReady(host);
    await waitFor("the orphan is removed", async () => {
      expect((await store.names()).sort()).toEqual(["learner.0.0.1", "optimizer.0.999.1"]);
      return true;
    });
  });

  test("pieces of an owner that died in the midst of one are removed by the next, young as they are", async () => {
    const dying = await connect(house.config.nats, "dying");
    const half = async (name: string) => {
      let isOpen = true;
      const writing = new CheckpointStore(dying).write(
        name,
        (async function* () {
          yield new Uint8Array(600_000);
          isOpen = false;
          await new Promise(() => {});
        })(),
      );
      writing.catch(() => {});
      await waitFor("pieces are stored", () => !isOpen);
    };
    await withCheckpoints(1);
    const epoch = (await positionOf(0))?.epoch ?? 0;
    const before = await objects();
    await half(`optimizer.0.${epoch}.99`);
    await half(`optimizer.0.${epoch + 1_000}.1`);
    await half(`learner.0.${epoch}.1`);
    await dying.nc.close();
    expect(await objects()).toEqual({ metas: before.metas, chunks: before.chunks + 3 });
    await using host = await startHost(house);
    await isReady(host);
    // Those of a later owner, and of another service, may belong to a write that goes on.
    await waitFor("the pieces are removed", async () => {
      expect(await objects()).toEqual({ metas: before.metas, chunks: before.chunks + 2 });
      return true;
    });
  });

  test("pieces whose writer died are removed when they are old", async () => {
    await store.write(
      "whole",
      (async function* () {
        yield Uint8Array.from([1]);
      })(),
    );
    await house.js.publish("$O.mapek_checkpoints.C.dead", Uint8Array.from([1]));
    await store.removeFragments(Date.now());
    expect(await objects()).toEqual({ metas: 1, chunks: 2 });
    await store.removeFragments(Date.now() + 2 * 3_600_000);
    expect(await objects()).toEqual({ metas: 1, chunks: 1 });
  });
});

test("where none can be written the partitions go on, and the next interval tries again", async () => {
  await using host = await startHost(house, OFTEN);
  await isReady(host);
  const { config } = await house.jsm.streams.info(STREAM);
  await house.jsm.streams.delete(STREAM);
  const failures = async () => (await host.metrics.checkpointFailures.get()).values;
  let sent = 0;
  await waitFor("a failure is counted", async () => {
    await send(house, ...adds(sent, PARTITIONS));
    sent += PARTITIONS;
    return (await failures()).some(({ labels }) => labels.code === "MAPEK_CHECKPOINT_NOT_WRITTEN");
  });
  await waitForOutputs(house, sent);
  await house.jsm.streams.add(config);
  await waitFor("a checkpoint is named", async () => {
    await send(house, ...adds(sent, PARTITIONS));
    sent += PARTITIONS;
    return (await named(0)).length > 0;
  });
  await expectNothingLostOrTwice(house, host.host);
});

test("an actor that fails leads to no wrong checkpoint", async () => {
  await (async () => {
    await using host = await startHost(house, OFTEN);
    await isReady(host);
    for (let i = 0; i < 40; i++)
      await send(house, ...adds(i, 3), { kind: "fail", system: SYSTEMS[i % PARTITIONS] });
    await waitFor("a checkpoint is named", async () => {
      await send(house, ...adds(0, PARTITIONS));
      return (await named(0)).length > 0;
    });
  })();
  await using host = await startHost(house);
  await isReady(host);
  await expectNothingLostOrTwice(house, host.host);
});

test("a stream that has lost its end: the checkpoint's state goes on with what comes then", async () => {
  await withCheckpoints(1);
  const at = await positionOf(0);
  const count = async () => {
    await using host = await startHost(house);
    await isReady(host);
    return host.host.states()[0]?.actors.get(SYSTEMS[0] as string)?.count ?? 0;
  };
  const known = await count();
  const subject = house.subjects.position("optimizer", 0);
  const later = { ...at, version: 1 as const, input_seq: 1_000_000 } as Parameters<
    typeof position.encode
  >[0];
  await publishAtomically(house.nc, [{ subject, data: position.encode(later), rollup: true }]);
  await using host = await startHost(house);
  await isReady(host);
  expect(host.host.status()[0]?.historyTrimmed).toBe(true);
  await send(house, { kind: "add", system: SYSTEMS[0], value: 1 });
  await waitFor(
    "it goes on",
    () => host.host.states()[0]?.actors.get(SYSTEMS[0] as string)?.count === known + 1,
  );
});
