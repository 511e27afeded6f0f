import type { InputReply } from "@mapek/core/contract";
import { createInbox } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ANSWER_MS, waitFor } from "../../../test/support/wait-for.ts";
import { DeadLetters } from "../src/doors/dead-letters.ts";
import { FrontDoor, type FrontDoorOptions } from "../src/doors/front-door.ts";
import { LoudRefusals } from "../src/doors/loud-refusals.ts";
import { startQueryDoor } from "../src/doors/query-door.ts";
import { createLogger } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import type { PartitionHost } from "../src/partition/partition-host.ts";
import { admitReports, type CountingInput, type CountingState } from "./support/counting.ts";
import {
  adds,
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
  await house.clear();
});
afterAll(() => house[Symbol.asyncDispose]());

function openDoor(options: Partial<FrontDoorOptions>): FrontDoor {
  const { nc, js, subjects } = house;
  const door = new FrontDoor({
    nc,
    js,
    subjects,
    service: "optimizer",
    partitions: PARTITIONS,
    deadLetters: new DeadLetters(nc, subjects, "optimizer", createMetrics("test")),
    listen: [subjects.performance("*")],
    admit: admitReports,
    ...options,
  });
  onTestFinished(() => door.drain());
  return door;
}

/** Answers to messages that are all sent at once. */
async function sendAtOnce(systems: readonly string[]): Promise<InputReply[]> {
  return await Promise.all(
    systems.map(async (system) => {
      const subject = house.subjects.performance(system);
      return (
        await house.nc.request(subject, '{"value":1}', { timeout: ANSWER_MS })
      ).json<InputReply>();
    }),
  );
}
const codesOf = (replies: readonly InputReply[]) =>
  new Set(replies.flatMap(({ rejected }) => rejected.map(({ code }) => code)));

test("a system that floods a front door is told to come later; others are taken in", async () => {
  const { registry } = createMetrics("test");
  const overloads = new LoudRefusals({
    name: "mapek_overload_refused_total",
    registry,
    log: createLogger("test", "silent"),
  });
  openDoor({ maxWaiting: 100, overloads });
  const flood = Array.from({ length: 400 }, () => "flood");
  const [calm, ...flooded] = await Promise.all([
    sendAtOnce(["calm"]).then(([first]) => first),
    ...flood.map((system) => sendAtOnce([system]).then(([first]) => first)),
    sendAtOnce(["late"]).then(([first]) => first),
  ]);
  const late = flooded.pop();
  expect([calm, late]).toEqual([
    { accepted: 1, rejected: [] },
    { accepted: 1, rejected: [] },
  ]);
  const replies = flooded as InputReply[];
  expect(codesOf(replies)).toEqual(new Set(["MAPEK_OVERLOADED"]));
  const refused = replies.filter(({ accepted }) => accepted === 0).length;
  expect(refused).toBeLessThan(400);
  expect(
    (await registry.getSingleMetric("mapek_overload_refused_total")?.get())?.values,
  ).toMatchObject([{ labels: { system: "flood" }, value: refused }]);
});

test("a front door takes nothing in while memory is short", async () => {
  let short = true;
  openDoor({ memoryShort: () => short });
  expect(codesOf(await sendAtOnce(["any"]))).toEqual(new Set(["MAPEK_OVERLOADED"]));
  short = false;
  expect(await sendAtOnce(["any"])).toEqual([{ accepted: 1, rejected: [] }]);
});

test("a query door works on a bounded number of requests; more are told to come later", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { nc, subjects } = house;
  const door = startQueryDoor({
    nc,
    subjects,
    service: "optimizer",
    partitions: PARTITIONS,
    verbs: { parameters: () => released.then(() => ["done"]) },
  });
  onTestFinished(() => door.drain());
  const inbox = createInbox();
  const answers: { items?: unknown[]; error?: { code: string } }[] = [];
  const inboxes = nc.subscribe(inbox, {
    callback: (_, message) => {
      answers.push(message.json());
    },
  });
  onTestFinished(() => inboxes.unsubscribe());
  const REQUESTS = 300;
  for (let i = 0; i < REQUESTS; i++)
    nc.publish(subjects.requests("optimizer", "parameters", "_"), "{}", { reply: inbox });
  await waitFor("some are refused", () => answers.length === REQUESTS - 256);
  expect(new Set(answers.map(({ error }) => error?.code))).toEqual(new Set(["MAPEK_OVERLOADED"]));
  release();
  await waitFor("all are answered", () => answers.length === REQUESTS);
  expect(answers.filter(({ items }) => items?.[0] === "done")).toHaveLength(256);
});

test("a partition that is behind says by how much", async () => {
  await send(house, ...adds(0, 60));
  const lags: number[] = [];
  let host: PartitionHost<CountingState, CountingInput> | undefined;
  const started = await startHost(house, {
    onFolded: () => {
      lags.push(Math.max(...(host?.status() ?? []).map(({ lagSeconds }) => lagSeconds)));
    },
  });
  host = started.host;
  await using _ = started;
  await waitForOutputs(house, 60);
  expect(SYSTEMS.length).toBe(PARTITIONS);
  expect(Math.max(...lags)).toBeGreaterThan(0);
  expect(Math.max(...lags)).toBeLessThan(60);
  await waitFor("nothing is left", () => host.status().every(({ lagSeconds }) => lagSeconds === 0));
});
