import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { position } from "@mapek/core/contract";
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { CheckpointStore } from "../src/checkpoint/checkpoint-store.ts";
import { Checkpointer, type CheckpointSource } from "../src/checkpoint/checkpointer.ts";
import { PartitionCheckpoints } from "../src/checkpoint/partition-checkpoints.ts";
import { restoreState } from "../src/checkpoint/restore.ts";
import { createLogger } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { linkOf } from "../src/nats/link.ts";
import { TimeSlices } from "../src/partition/time-slices.ts";
import { type House, startHouse } from "./support/house.ts";

/** A state of some hundred actors, each of which takes a millisecond to encode, as a window of 50,000 samples does. */
interface State {
  settings: object;
  removed: number;
  readonly actors: Map<string, number>;
}

const ACTORS = 150;
let onPart: (index: number) => void = () => {};

const logic = {
  service: "optimizer" as const,
  schema: 1,
  create: (): State => ({ settings: {}, removed: 0, actors: new Map() }),
  removed: ({ removed }: State) => removed,
  settings: (state: State) => state.settings,
  *snapshot(state: State): Generator<Uint8Array> {
    yield Buffer.from("shared");
    let index = 0;
    for (const [key, count] of state.actors) {
      const until = performance.now() + 1;
      while (performance.now() < until);
      onPart(index++);
      yield Buffer.from(`${key}=${count}`);
    }
  },
  restorePart(state: State, part: Uint8Array): string | undefined {
    const [key = "", count] = Buffer.from(part).toString().split("=");
    if (count === undefined) return undefined;
    state.actors.set(key, Number(count));
    return key;
  },
};

function sourceOf() {
  return {
    index: 0,
    state: {
      settings: {},
      removed: 0,
      actors: new Map(Array.from({ length: ACTORS }, (_, i) => [`actor-${i}`, 0])),
    },
    running: true,
    epoch: 1,
    foldedSeq: 1,
    failures: 0,
    streamCreated: "then",
    checkpoints: new PartitionCheckpoints(),
  } satisfies CheckpointSource<State>;
}

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(async () => {
  onPart = () => {};
  await house.clear();
});

/** A checkpointer of one source, until the end of the block. */
function startCheckpointer(source: CheckpointSource<State>, connection = house.connection) {
  const metrics = createMetrics("test");
  const warnings: string[] = [];
  const log = createLogger("test", "silent");
  log.warn = (_: object, text = "") => warnings.push(text);
  const store = new CheckpointStore(connection);
  const checkpointer = new Checkpointer<State>({
    logic,
    store,
    intervalMs: 20,
    metrics,
    log,
    sources: () => [source],
  });
  checkpointer.start();
  return {
    store,
    warnings,
    refused: async () => (await metrics.checkpointRefused.get()).values,
    failed: async (code: string) =>
      (await metrics.checkpointFailures.get()).values.some(({ labels }) => labels.code === code),
    written: () => waitFor("a checkpoint is written", () => source.checkpoints.isWaiting(Infinity)),
    restore: (stream: { created: string; firstSeq: number; lastSeq: number }, inputSeq: number) =>
      restoreState(
        {
          logic,
          partition: 0,
          store,
          slices: new TimeSlices(5),
          metrics,
          log,
        },
        position.schema.parse({
          version: 1,
          input_seq: inputSeq,
          first_seq: 1,
          outputs_done: 0,
          checkpoints: source.checkpoints.namesFor(Infinity),
          owner: "",
          epoch: 1,
          time: 0,
        }),
        stream,
      ),
    stop: () => checkpointer.stop(),
    [Symbol.asyncDispose]: () => checkpointer.stop(),
  };
}

test("inputs flow while a checkpoint is written: none waits for more than a few parts", async () => {
  const source = sourceOf();
  await using checkpointer = startCheckpointer(source);
  let written = false;
  const waited: number[] = [];
  let parts = 0;
  onPart = () => parts++;
  const flow = (async () => {
    while (!written) {
      const before = parts;
      await nextTurn();
      waited.push(parts - before);
      source.foldedSeq++;
      for (const key of source.state.actors.keys()) source.state.actors.set(key, source.foldedSeq);
    }
  })();
  await checkpointer.written();
  written = true;
  await flow;
  expect(Math.max(...waited)).toBeLessThanOrEqual(10);
  const stream = { created: "then", firstSeq: 1, lastSeq: source.foldedSeq };
  const { state, seq, savedAt } = await checkpointer.restore(stream, source.foldedSeq);
  expect(state.actors.size).toBe(ACTORS);
  const through = savedAt?.through ?? 0;
  expect(through - seq).toBeGreaterThan(20);
  for (const [key, at] of state.actors) {
    if (at === 0) continue;
    expect(savedAt?.hasFolded(at)?.(key)).toBe(true);
    expect(savedAt?.hasFolded(at + 1)?.(key) ?? false).toBe(false);
  }
});

describe("a checkpoint is given up, and the next one is good", () => {
  test.each<[string, (source: ReturnType<typeof sourceOf>) => void]>([
    ["an actor failed meanwhile", (source) => source.failures++],
    [
      "an actor was removed meanwhile",
      (source) => {
        source.state.removed++;
      },
    ],
    [
      "the settings changed meanwhile",
      (source) => {
        source.state.settings = {};
      },
    ],
  ])("%s", async (_, change) => {
    const source = sourceOf();
    let changes = 0;
    onPart = (index) => {
      if (index === 20 && changes++ === 0) change(source);
    };
    await using checkpointer = startCheckpointer(source);
    await checkpointer.written();
    expect(await checkpointer.failed("MAPEK_CHECKPOINT_ABANDONED")).toBe(true);
    expect(changes).toBe(2);
    await waitFor("only the good one is stored", async () => {
      expect(await checkpointer.store.names()).toEqual(["optimizer.0.1.2"]);
      return true;
    });
  });
});

describe("one that is being written when the host stops", () => {
  /** Actors whose parts do not get smaller by compression: some pieces are stored before the last is encoded. */
  const largeSource = () => {
    const source = sourceOf();
    source.state.actors.clear();
    for (let i = 0; i < 12; i++) source.state.actors.set(randomBytes(200_000).toString("hex"), i);
    return source;
  };
  const stream = async () => (await house.jsm.streams.info("OBJ_mapek_checkpoints")).state;

  test("leaves nothing behind once the stop is over, whatever was stored of it", async () => {
    const source = largeSource();
    const checkpointer = startCheckpointer(source);
    let stopped: Promise<void> | undefined;
    onPart = (index) => {
      if (index === 10) stopped = checkpointer.stop();
    };
    await waitFor("it was being written", () => stopped !== undefined);
    await stopped;
    const { messages, last_seq } = await stream();
    expect(last_seq).toBeGreaterThan(1);
    expect(messages).toBe(0);
    expect(source.checkpoints.isWaiting(Infinity)).toBe(false);
    expect(await checkpointer.failed("MAPEK_CHECKPOINT_ABANDONED")).toBe(false);
  });

  test("is removed where all of it was stored and no position can name it any more", async () => {
    const source = largeSource();
    const checkpointer = startCheckpointer(source);
    const { write } = CheckpointStore.prototype;
    let stopped: Promise<void> | undefined;
    const spy = vi.spyOn(CheckpointStore.prototype, "write").mockImplementation(async function (
      this: CheckpointStore,
      ...args
    ) {
      await write.apply(this, args);
      expect((await stream()).messages).toBeGreaterThan(1);
      stopped = checkpointer.stop();
    });
    onTestFinished(() => spy.mockRestore());
    await waitFor("it was written", () => stopped !== undefined);
    await stopped;
    expect((await stream()).messages).toBe(0);
    expect(source.checkpoints.isWaiting(Infinity)).toBe(false);
  });
});

describe("a stream that is not what it was", () => {
  async function restoredAs(created: string, lastSeq: number) {
    const source = sourceOf();
    source.foldedSeq = 50;
    await using checkpointer = startCheckpointer(source);
    onPart = () => source.foldedSeq++;
    await checkpointer.written();
    return await checkpointer.restore({ created, firstSeq: 1, lastSeq }, 500);
  }

  test("made anew: every input in it is new, and the state is kept", async () => {
    const { state, seq, savedAt, hasGap } = await restoredAs("now", 70);
    expect(state.actors.size).toBe(ACTORS);
    expect([seq, savedAt?.through, hasGap]).toEqual([0, 0, true]);
  });

  test("shortened below the checkpoint: what comes after its end is new", async () => {
    const { seq, savedAt } = await restoredAs("then", 40);
    expect([seq, savedAt?.through]).toEqual([40, 40]);
    expect(savedAt?.hasFolded(41)).toBeUndefined();
  });

  test("shortened within the checkpoint", async () => {
    const { seq, savedAt } = await restoredAs("then", 60);
    expect([seq, savedAt?.through]).toEqual([50, 60]);
    expect(savedAt?.hasFolded(60)?.(`actor-${ACTORS - 1}`)).toBe(true);
    expect(savedAt?.hasFolded(61)).toBeUndefined();
  });
});

test("where the connection is lost, writing and reading end at once, with a code", async () => {
  const source = sourceOf();
  await using checkpointer = startCheckpointer(source);
  await checkpointer.written();
  const { store } = checkpointer;
  const [name] = await store.names();
  const writing = store.write(
    "interrupted",
    (async function* () {
      yield new Uint8Array(300_000);
      house.server.kill("SIGKILL");
      await house.server.exited;
      yield new Uint8Array(300_000);
    })(),
  );
  // By the loss itself, not by a time-out after it.
  await expect(writing).rejects.toMatchObject({
    code: "MAPEK_CHECKPOINT_NOT_WRITTEN",
    cause: { message: expect.stringMatching(/the connection was lost|there is no connection/) },
  });
  const read = async () => {
    for await (const _ of store.read(name as string));
  };
  await expect(read()).rejects.toMatchObject({ code: "MAPEK_CHECKPOINT_UNREADABLE" });
  const stream = { created: "then", firstSeq: 1, lastSeq: 9 };
  await expect(checkpointer.restore(stream, 9)).rejects.toMatchObject({
    code: "MAPEK_CHECKPOINT_UNREADABLE",
  });
  await house.server.restart();
  await waitFor("the connection is back", () => linkOf(house.nc).connected);
  expect((await checkpointer.restore(stream, 9)).state.actors.size).toBe(ACTORS);
});

describe("a server that does not answer for a while", () => {
  test("is asked for the checkpoint again", async () => {
    const source = sourceOf();
    await using checkpointer = startCheckpointer(source, house.impatient);
    await checkpointer.written();
    const { warnings, restore, refused } = checkpointer;
    house.server.kill("SIGSTOP");
    const restoring = restore({ created: "then", firstSeq: 1, lastSeq: 9 }, 9);
    await waitFor("the first request was given up", () =>
      warnings.some((text) => text.includes("asked for again")),
    );
    house.server.kill("SIGCONT");
    const { state, savedAt } = await restoring;
    expect([state.actors.size, savedAt?.through]).toEqual([ACTORS, 1]);
    expect(await refused()).toEqual([]);
  });

  test("ends a read in the middle of an object, with a code", async () => {
    const store = new CheckpointStore(house.connection, 500);
    const pieces = async function* () {
      for (let i = 0; i < 120; i++) yield new Uint8Array(256 * 1_024).fill(i);
    };
    await store.write("large", pieces());
    let bytes = 0;
    const read = async () => {
      for await (const piece of store.read("large")) {
        if (bytes === 0) house.server.kill("SIGSTOP");
        bytes += piece.length;
      }
    };
    await expect(read())
      .rejects.toMatchObject({
        code: "MAPEK_CHECKPOINT_UNREADABLE",
        message: expect.stringContaining("no piece came"),
      })
      .finally(() => house.server.kill("SIGCONT"));
    expect(bytes).toBeLessThan(120 * 256 * 1_024);
  });
});
