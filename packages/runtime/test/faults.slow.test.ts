import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { CheckpointStore } from "../src/checkpoint/checkpoint-store.ts";
import { linkOf } from "../src/nats/link.ts";
import { Committer } from "../src/partition/committer.ts";
import { Partition } from "../src/partition/partition.ts";
import { publicationsOf } from "../src/partition/publication.ts";
import { TimeSlices } from "../src/partition/time-slices.ts";
import { type Child, startChild } from "./support/child.ts";
import { type CountingInput, type CountingState, countingLogic } from "./support/counting.ts";
import {
  countOf,
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
const isReady = ({ host }: Host) => waitFor("the host is ready", () => host.ready);
const outputs = () => countOf(house, house.subjects.log("actions", ">"));
/** Sends some hundred inputs a second until it is stopped; one that the server did not take is left out. */
function startFlow() {
  let stopped = false;
  let sent = 0;
  const done = (async () => {
    for (let i = 0; !stopped; i++) {
      const system = SYSTEMS[i % SYSTEMS.length];
      const burst = i % 200 === 150 && { kind: "burst", system, outputs: 1_200 };
      await send(house, burst || { kind: "add", system, value: i }).then(
        () => sent++,
        () => {},
      );
      if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
    }
  })();
  const stop = async () => {
    stopped = true;
    await done;
  };
  return {
    atLeast: (count: number) => waitFor(`${count} inputs were sent`, () => sent >= count),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

test("killed at any moment, and started again", async () => {
  await using flow = startFlow();
  // Random, but the same in each run.
  for (const more of [3, 700, 2_100]) {
    await using child: Child = startChild({ NATS_URL: house.server.url });
    await child.ready();
    const before = await outputs();
    await waitFor("outputs", async () => (await outputs()) >= before + more);
    child.process.kill("SIGKILL");
    expect(await child.exited).toBe("SIGKILL");
  }
  await flow.stop();
  await using last = await startHost(house);
  await isReady(last);
  await expectNothingLostOrTwice(house, last.host);
});

describe("the server", () => {
  test.each([
    ["stopped and started again", "SIGTERM"],
    ["killed and started again", "SIGKILL"],
  ] as const)("%s under load: partitions go on", async (_, signal) => {
    await using host = await startHost(house);
    await isReady(host);
    await using flow = startFlow();
    await flow.atLeast(60);
    const before = await outputs();
    house.server.kill(signal);
    await house.server.exited;
    await house.server.restart();
    await waitFor("the test is connected again", () => linkOf(house.nc).connected);
    await waitFor("new outputs", async () => (await outputs()) > before + 20);
    await flow.stop();
    await waitFor("the host is ready again", () => host.host.ready);
    await expectNothingLostOrTwice(house, host.host);
  });
});

test("outputs that come while the position is written go with the next commit", async () => {
  const { connection, subjects } = house;
  await using host = await startHost(house);
  await host.host.drain();
  const { metrics, owner } = host;
  const log = { warn() {}, error() {} } as never;
  const lease = { valid: true, regained: async () => {} };
  const committer = new Committer(connection.nc, metrics, log, lease);
  const partition = new Partition<CountingState, CountingInput>({
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
  const running = partition.run();
  await send(house, { kind: "wake", system: SYSTEMS[0], at: 9e12 });
  await waitFor("something to write down", () => partition.ahead);
  house.server.kill("SIGSTOP");
  const writing = committer.storePosition(partition);
  expect(partition.committing).toBe(true);
  const message = { anything: true } as never;
  const late = publicationsOf(
    { to: "log", family: "actions", tokens: ["late"], message },
    subjects,
    PARTITIONS,
  );
  partition.pending.add(1_000, late, 0);
  committer.notify(partition);
  const notifiedAt = performance.now();
  await waitFor("the committer has looked", () => performance.now() - notifiedAt > 40);
  house.server.kill("SIGCONT");
  await writing;
  await waitForOutputs(house, 1);
  partition.stop();
  await running;
});
