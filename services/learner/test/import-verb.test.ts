import { decodeSampleBatch, encodeMsgpack, MessageError, Subjects } from "@mapek/core/contract";
import {
  connect,
  ensureStreams,
  loadConfig,
  type ServiceContext,
  STREAMS,
  streamDeclarations,
} from "@mapek/runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer } from "../../../test/support/nats.ts";
import { importVerb } from "../src/import-verb.ts";

const START = 1_000;

let server: Awaited<ReturnType<typeof startTestServer>>;
let context: Pick<ServiceContext, "connection" | "subjects" | "config">;
beforeAll(async () => {
  server = await startTestServer();
  const config = loadConfig({ flags: { "nats.url": server.url } });
  const connection = await connect(config.nats, "test");
  await ensureStreams(connection.jsm, streamDeclarations(config));
  context = { connection, subjects: new Subjects(), config };
});
afterAll(async () => {
  await context.connection.nc.close();
  await server.stop();
});

const take = (body: unknown, system: string | undefined = "shop") =>
  importVerb(context as ServiceContext)(system, {}, { data: encodeMsgpack(body) } as never);

const exportOf = (metric: string, count: number) => ({
  version: 1,
  metric,
  labels: { host: "a" },
  timestamps: Array.from({ length: count }, (_, i) => START + i),
  values: Array.from({ length: count }, (_, i) => i / 3),
});

/** What the stream holds of a metric, in its order. */
async function stored(metric: string): Promise<{ batches: number; values: number[] }> {
  const consumer = await context.connection.js.consumers.get(STREAMS.samples);
  const values: number[] = [];
  let batches = 0;
  if ((await consumer.info()).num_pending === 0) return { batches, values };
  for await (const message of await consumer.consume()) {
    const decoded = decodeSampleBatch(message.data);
    if (!decoded.ok) throw decoded.error;
    expect(decoded.value.history).toBe(true);
    if (decoded.value.series[0] === `shop/${metric}{"host"="a"}`) {
      batches++;
      values.push(...decoded.value.values);
    }
    if (message.info.pending === 0) break;
  }
  return { batches, values };
}

test("samples of any age are stored as history before the answer", async () => {
  expect(await take(exportOf("cpu", 3))).toEqual([
    { metric: "cpu", labels: { host: "a" }, imported: 3 },
  ]);
  expect(await stored("cpu")).toEqual({ batches: 1, values: [0, 1 / 3, 2 / 3] });
});

test("as many as one message may hold are more than the server takes at once", async () => {
  const body = exportOf("large", 65_535);
  expect(await take(body)).toMatchObject([{ imported: 65_535 }]);
  const { batches, values } = await stored("large");
  expect(values).toEqual(body.values);
  expect(batches).toBeGreaterThan(1);
});

test("none is no fault", async () => {
  expect(await take(exportOf("none", 0))).toMatchObject([{ imported: 0 }]);
});

test.each([
  ["MAPEK_MESSAGE_INVALID", { ...exportOf("bad", 2), values: [1] }, "shop"],
  ["MAPEK_MESSAGE_INVALID", { ...exportOf("bad", 1), values: [Number.NaN] }, "shop"],
  ["MAPEK_MESSAGE_TOO_LARGE", exportOf("bad", 65_536), "shop"],
  ["MAPEK_SUBJECT_INVALID", exportOf("bad", 1), undefined],
])("%s", async (code, body, system) => {
  const verb = importVerb(context as ServiceContext);
  const answer = verb(system, {}, { data: encodeMsgpack(body) } as never);
  await expect(answer).rejects.toThrow(MessageError);
  await expect(answer).rejects.toMatchObject({ code });
  expect((await stored("bad")).values).toEqual([]);
});
