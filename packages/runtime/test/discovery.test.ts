import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ANSWER_MS, waitFor } from "../../../test/support/wait-for.ts";
import { startChild } from "./support/child.ts";
import { type House, startHouse } from "./support/house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
  await house.clear();
});
afterAll(() => house[Symbol.asyncDispose]());

// What the published schemas of io.nats.micro.v1 ask for.
const name = z.string().regex(/^[a-zA-Z0-9_-]+$/);
const int = z.number().int();
const identity = {
  name,
  id: z.string().regex(/^[\w-]+$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  metadata: z.record(z.string(), z.string()),
};
const response = <Shape extends z.ZodRawShape>(verb: string, shape: Shape) =>
  z.strictObject({
    type: z.literal(`io.nats.micro.v1.${verb}_response`),
    ...identity,
    ...shape,
  });
const PING = response("ping", {});
const INFO = response("info", {
  description: z.string(),
  subjects: z.array(z.string().min(1)),
  endpoints: z.array(
    z.strictObject({
      name,
      subject: z.string().min(1),
      queue_group: z.string(),
      metadata: z.null(),
    }),
  ),
});
const STATS = response("stats", {
  started: z.iso.datetime(),
  endpoints: z.array(
    z.strictObject({
      name,
      subject: z.string().min(1),
      queue_group: z.string(),
      num_requests: int,
      num_errors: int,
      last_error: z.string(),
      processing_time: int,
      average_processing_time: int,
    }),
  ),
});

/** What all that hear a subject answer, of `count` that shall. */
async function answersOf(subject: string, count: number): Promise<unknown[]> {
  const answers: unknown[] = [];
  const inbox = house.nc.subscribe("_INBOX.discovery", {
    callback: (_, message) => {
      answers.push(message.json());
    },
  });
  house.nc.publish(subject, "", { reply: "_INBOX.discovery" });
  await waitFor(`${count} answers`, () => answers.length >= count);
  await house.nc.flush();
  inbox.unsubscribe();
  return answers;
}

test("two instances are found by kind and by id, and tell what they have done", async () => {
  const env = { NATS_URL: house.server.url };
  await using one = startChild(env);
  await using other = startChild(env);
  await Promise.all([one.ready(), other.ready()]);

  const pings = (await answersOf("$SRV.PING", 2)).map((body) => PING.parse(body));
  expect(pings.map((ping) => ping.name)).toEqual(["mapek-optimizer", "mapek-optimizer"]);
  expect(new Set(pings.map(({ id }) => id)).size).toBe(2);
  expect(await answersOf("$SRV.PING.mapek-optimizer", 2)).toHaveLength(2);

  const { id } = pings[0] ?? { id: "" };
  const [info] = (await answersOf(`$SRV.INFO.mapek-optimizer.${id}`, 1)).map((body) =>
    INFO.parse(body),
  );
  expect(info).toMatchObject({
    id,
    subjects: ["mapek.performance.*", "mapek.requests.optimizer.*.*"],
    endpoints: [
      { name: "mapek-performance", queue_group: "mapek-optimizer" },
      { name: "mapek-requests-optimizer", queue_group: "mapek-optimizer" },
    ],
  });

  await house.nc.request("mapek.performance.shop", '{"value":1}', { timeout: ANSWER_MS });
  await house.nc.request("mapek.performance.shop", "not a report", { timeout: ANSWER_MS });
  await house.nc.request("mapek.requests.optimizer.nonsense._", "{}", { timeout: ANSWER_MS });
  const stats = (await answersOf("$SRV.STATS.mapek-optimizer", 2)).map((body) => STATS.parse(body));
  const endpoints = stats.flatMap((body) => body.endpoints);
  const sum = (endpoint: string, field: "num_requests" | "num_errors" | "processing_time") =>
    endpoints.filter((one) => one.name === endpoint).reduce((all, one) => all + one[field], 0);
  expect(sum("mapek-performance", "num_requests")).toBe(2);
  expect(sum("mapek-performance", "num_errors")).toBe(1);
  expect(sum("mapek-performance", "processing_time")).toBeGreaterThan(0);
  expect(sum("mapek-requests-optimizer", "num_errors")).toBe(1);
  expect(endpoints.map(({ last_error }) => last_error).join()).toContain("MAPEK_MESSAGE_MALFORMED");

  one.process.kill("SIGTERM");
  await one.exited;
  expect(await answersOf("$SRV.PING", 1)).toHaveLength(1);
});

test("only inboxes are answered", async () => {
  await using child = startChild({ NATS_URL: house.server.url });
  await child.ready();
  const heard: string[] = [];
  const spy = house.nc.subscribe("elsewhere.>", {
    callback: (_, message) => {
      heard.push(message.subject);
    },
  });
  house.nc.publish("$SRV.INFO", "", { reply: "elsewhere.answers" });
  expect(await answersOf("$SRV.PING", 1)).toHaveLength(1);
  expect(heard).toEqual([]);
  spy.unsubscribe();
});
