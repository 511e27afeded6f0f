// Several instances share the partitions; any of them may come, go, die or hang.
import { position } from "@mapek/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { CheckpointStore } from "../src/checkpoint/checkpoint-store.ts";
import { STREAMS } from "../src/nats/streams.ts";
import { Committer } from "../src/partition/committer.ts";
import { Partition } from "../src/partition/partition.ts";
import { TimeSlices } from "../src/partition/time-slices.ts";
import { type Child, startChild } from "./support/child.ts";
import { type CountingInput, type CountingState, countingLogic } from "./support/counting.ts";
import {
  adds,
  expectNothingLostOrTwice,
  type House,
  PARTITIONS,
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

type Host = Awaited<ReturnType<typeof startHost>>;

const owned = ({ host }: Host): number[] =>
  host.status().flatMap(({ role, partition }) => (role === "owner" ? [partition] : []));

/** Every partition is owned and settled by exactly one of the hosts, in even shares. */
const shared = (...hosts: readonly Host[]) =>
  waitFor("the partitions are shared", () => {
    const all = hosts.map(owned);
    const least = Math.floor(PARTITIONS / hosts.length);
    return (
      hosts.every(({ host }) => host.ready) &&
      all.flat().sort().join() === [...SYSTEMS.keys()].join() &&
      all.every(({ length }) => length >= least && length <= least + 1)
    );
  });

const positionOf = async (partition: number) => {
  const subject = house.subjects.position("optimizer", partition);
  const stored = await house.jsm.streams.getMessage(STREAMS.knowledge, { last_by_subj: subject });
  const decoded = position.decode(stored?.data ?? new Uint8Array());
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
};

const ownerOf = async (partition: number) => (await positionOf(partition)).owner;

/** A steady flow to every partition, and the longest time for which one of them put nothing out. */
function startFlow() {
  let stopped = false;
  const lastAt = new Map<string, number>();
  let longestMs = 0;
  const subscription = house.nc.subscribe("mapek.actions.>", {
    callback: (_error, { subject }) => {
      const now = performance.now();
      longestMs = Math.max(longestMs, now - (lastAt.get(subject) ?? now));
      lastAt.set(subject, now);
    },
  });
  const done = (async () => {
    for (let i = 0; !stopped; i++) {
      await send(house, { kind: "add", system: SYSTEMS[i % SYSTEMS.length], value: i });
      if (i % SYSTEMS.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const flowing = () => {
    const now = performance.now();
    return lastAt.size === PARTITIONS && [...lastAt.values()].every((at) => now - at < 250);
  };
  return {
    /** Every partition puts out. */
    flowing: () => waitFor("all partitions put out", flowing),
    /** The longest pause of a partition since the last call, ms. */
    longestPause() {
      const now = performance.now();
      const longest = Math.max(longestMs, ...[...lastAt.values()].map((at) => now - at));
      longestMs = 0;
      return longest;
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await done;
      subscription.unsubscribe();
    },
  };
}

describe("members that come and go", () => {
  test("share the partitions evenly, and every partition goes on", async () => {
    const first = await startHost(house);
    await shared(first);
    await using flow = startFlow();
    await flow.flowing();
    flow.longestPause();
    const second = await startHost(house);
    await shared(first, second);
    const third = await startHost(house);
    await shared(first, second, third);
    await flow.flowing();
    const joining = flow.longestPause();
    await first[Symbol.asyncDispose]();
    await shared(second, third);
    await second[Symbol.asyncDispose]();
    await shared(third);
    await flow.flowing();
    const leaving = flow.longestPause();
    console.log(
      `longest pause of a partition: ${joining.toFixed(0)} ms while two joined, ${leaving.toFixed(0)} ms while two left`,
    );
    await flow[Symbol.asyncDispose]();
    await expectNothingLostOrTwice(house, third.host);
    await third[Symbol.asyncDispose]();
  });

  test("a follower that is no longer wanted stops", async () => {
    await using first = await startHost(house);
    await shared(first);
    const second = await startHost(house);
    await waitFor("it follows", () => second.host.status().some(({ role }) => role === "follower"));
    await second[Symbol.asyncDispose]();
    await shared(first);
    await send(house, ...adds(0, 9));
    await expectNothingLostOrTwice(house, first.host);
  });
});

describe("a member that is not heard of", () => {
  const startThree = async () => {
    const victim: Child = startChild({ NATS_URL: house.server.url });
    await victim.ready();
    const second = await startHost(house);
    const third = await startHost(house);
    const all = async () => {
      const owners = new Set(await Promise.all(SYSTEMS.map((_, partition) => ownerOf(partition))));
      return owners.size === PARTITIONS && second.host.ready && third.host.ready;
    };
    await waitFor("three share", all);
    return { victim, second, third };
  };

  test("killed: its partitions run elsewhere", async () => {
    const { victim, second, third } = await startThree();
    await using flow = startFlow();
    await flow.flowing();
    flow.longestPause();
    victim.process.kill("SIGKILL");
    await victim.exited;
    await waitFor("two share", () => owned(second).length + owned(third).length === PARTITIONS);
    await flow.flowing();
    const pause = flow.longestPause();
    console.log(`killed: its partitions ran elsewhere after ${pause.toFixed(0)} ms`);
    await flow[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await shared(third);
    await expectNothingLostOrTwice(house, third.host);
    await third[Symbol.asyncDispose]();
  });

  test("stopped and woken as a zombie: it changes nothing, and joins again", async () => {
    const { victim, second, third } = await startThree();
    await using flow = startFlow();
    await flow.flowing();
    victim.process.kill("SIGSTOP");
    await waitFor("two share", () => owned(second).length + owned(third).length === PARTITIONS);
    await flow.flowing();
    victim.process.kill("SIGCONT");
    await waitFor(
      "it has its share again",
      () => owned(second).length === 1 && owned(third).length === 1,
    );
    await flow.flowing();
    await flow[Symbol.asyncDispose]();
    victim.process.kill("SIGTERM");
    expect(await victim.exited).toBe(0);
    await second[Symbol.asyncDispose]();
    await shared(third);
    await expectNothingLostOrTwice(house, third.host);
    await third[Symbol.asyncDispose]();
  });
});

test("a lost lease stops everything at once; regained, the same life goes on", async () => {
  await using one = await startHost(house);
  await shared(one);
  await using flow = startFlow();
  await flow.flowing();
  const before = await positionOf(0);
  house.server.kill("SIGSTOP");
  await waitFor("the lease is lost", () => !one.host.ready);
  house.server.kill("SIGCONT");
  await flow.flowing();
  await flow[Symbol.asyncDispose]();
  expect((await positionOf(0)).epoch).toBeLessThanOrEqual(before.epoch + 1);
  await expectNothingLostOrTwice(house, one.host);
});

test("two that both believe to own a partition: the one fenced stores nothing more", async () => {
  await using host = await startHost(house);
  await host.host.drain();
  const { connection, subjects } = house;
  const { metrics } = host;
  const log = { warn() {}, error() {}, info() {} } as never;
  const lease = { valid: true, regained: async () => {} };
  const committer = new Committer(connection.nc, metrics, log, lease);
  const life = (owner: string) =>
    new Partition<CountingState, CountingInput>({
      connection,
      subjects,
      logic: countingLogic,
      partition: 0,
      partitions: PARTITIONS,
      owner,
      committer,
      store: new CheckpointStore(connection),
      slices: new TimeSlices(8),
      metrics,
      log,
      lease,
      follow: false,
      onClaimed: () => {},
      onFolded: () => {},
    });
  const older = life("older");
  const olderEnds = older.run().catch((error: unknown) => error);
  await waitFor("the older one runs", () => older.claimed && older.restored);
  const newer = life("newer");
  const newerRuns = newer.run();
  await waitFor("the newer one runs", () => newer.claimed && newer.restored);
  await send(house, ...adds(0, 30).filter(({ system }) => system === SYSTEMS[0]));
  expect(await olderEnds).toMatchObject({ code: "MAPEK_PARTITION_FENCED" });
  await waitForOutputs(house, 10);
  newer.stop();
  await newerRuns;
  await using last = await startHost(house);
  await shared(last);
  await expectNothingLostOrTwice(house, last.host);
});
