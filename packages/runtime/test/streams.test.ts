import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StreamConfig } from "@nats-io/jetstream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestServer } from "../../../test/support/nats.ts";
import { startAgeingProxy, startPlainServer } from "../../../test/support/plain-server.ts";
import { loadConfig } from "../src/config/load-config.ts";
import type { RuntimeError } from "../src/errors.ts";
import { type Connection, compareVersions, connect } from "../src/nats/connect.ts";
import { ensureStreams } from "../src/nats/ensure-streams.ts";
import { HOUSE_FORMAT } from "../src/nats/house-format.ts";
import { BUCKETS, MEMBERS_BUCKET, STREAMS, streamDeclarations } from "../src/nats/streams.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let connection: Connection;
const declarations = streamDeclarations(loadConfig());
const names = declarations.map(({ name }) => name);

beforeAll(async () => {
  server = await startTestServer();
  connection = await connect(natsAt(server.url), "test");
});
afterAll(async () => {
  await connection.nc.close();
  await server.stop();
});

const natsAt = (url: string) =>
  loadConfig({ flags: { "nats.url": url, "nats.connect_timeout_seconds": 2 } }).nats;
const refusal = (work: Promise<unknown>): Promise<RuntimeError> =>
  work.then(
    () => Promise.reject(new Error("it went well")),
    (error: RuntimeError) => error,
  );

async function configs(): Promise<Record<string, StreamConfig>> {
  const found = await Promise.all(names.map((name) => connection.jsm.streams.info(name)));
  return Object.fromEntries(found.map(({ config }) => [config.name, config]));
}

/** Changes a stream behind the house's back. */
async function change(name: string, fields: Partial<StreamConfig>): Promise<void> {
  const { config } = await connection.jsm.streams.info(name);
  await connection.jsm.streams.update(name, { ...config, ...fields });
}

describe("ensureStreams", () => {
  beforeEach(async () => {
    for (const name of names) await connection.jsm.streams.delete(name).catch(() => {});
  });

  test("makes every stream, and leaves them as they are the second time", async () => {
    await ensureStreams(connection.jsm, declarations);
    const made = await configs();
    expect(Object.keys(made).sort()).toEqual(
      [
        ...Object.values(STREAMS),
        ...[...Object.values(BUCKETS), MEMBERS_BUCKET].map((name) => `KV_${name}`),
        "OBJ_mapek_checkpoints",
      ].sort(),
    );
    expect(made[STREAMS.knowledge]).toMatchObject({
      allow_atomic: true,
      max_age: 30 * 86_400 * 1e9,
      republish: { src: "mapek-kb.log.>", dest: "mapek.>" },
    });
    expect(made[STREAMS.signals]?.max_msgs).toBe(10_000);
    expect(made[STREAMS.actions]?.max_msgs).toBe(5_000);
    for (const update of [false, true]) {
      await ensureStreams(connection.jsm, declarations, update);
      expect(await configs()).toEqual(made);
    }
  });

  test("many services may make them at the same time", async () => {
    const connections = await Promise.all(
      [1, 2, 3, 4].map((i) => connect(natsAt(server.url), `starter-${i}`)),
    );
    await Promise.all(connections.map(({ jsm }) => ensureStreams(jsm, declarations)));
    expect(Object.keys(await configs())).toHaveLength(names.length);
    await Promise.all(connections.map(({ nc }) => nc.close()));
  });

  test("a limit that differs is refused with stream, field, both values and what to do", async () => {
    await ensureStreams(connection.jsm, declarations);
    await change(STREAMS.actions, { max_msgs: 77 });
    const error = await refusal(ensureStreams(connection.jsm, declarations));
    expect(error).toMatchObject({
      code: "MAPEK_STREAM_DRIFT",
      consequence: "fatal",
      details: { stream: STREAMS.actions, field: "max_msgs" },
    });
    expect(error.message).toContain("MAPEK_ACTIONS.max_msgs: the server has 77, declared is 5000");
    expect(error.message).toContain("streams.update: true");
  });

  test("a house of the version that wrote no format is taken, one of a newer version is refused", async () => {
    await ensureStreams(connection.jsm, declarations);
    const partitions = { "mapek.partitions": "16" };
    await change(STREAMS.knowledge, { metadata: partitions });
    await ensureStreams(connection.jsm, declarations);
    await change(STREAMS.knowledge, { metadata: { ...partitions, "mapek.format": "999" } });
    await connection.jsm.streams.delete(STREAMS.actions);
    const error = await refusal(ensureStreams(connection.jsm, declarations, true));
    expect(error).toMatchObject({
      code: "MAPEK_HOUSE_TOO_NEW",
      consequence: "fatal",
      details: { stream: STREAMS.knowledge, found: 999, known: HOUSE_FORMAT },
    });
    await expect(connection.jsm.streams.info(STREAMS.actions)).rejects.toThrow("not found");
  });

  test("with update, limits are set, and nothing else", async () => {
    await ensureStreams(connection.jsm, declarations);
    const made = await configs();
    await change(STREAMS.actions, { max_msgs: 77, description: "ours", metadata: {} });
    await change(STREAMS.knowledge, { max_age: 3_600 * 1e9 });
    const hard = await refusal(ensureStreams(connection.jsm, declarations, true));
    expect(hard.details).toEqual({ stream: STREAMS.actions, field: "metadata" });
    const mine = { "mapek.partitions": "16", owner: "team" };
    await change(STREAMS.actions, { metadata: mine });
    await ensureStreams(connection.jsm, declarations, true);
    const now = await configs();
    expect(now[STREAMS.knowledge]).toEqual(made[STREAMS.knowledge]);
    expect(now[STREAMS.actions]).toMatchObject({
      max_msgs: 5_000,
      description: "ours",
      metadata: mine,
    });
  });

  test.each([
    ["allow_atomic", { allow_atomic: false }, "the server has undefined, declared is true"],
    ["republish", { republish: { src: "mapek-kb.log.>", dest: "other.>" } }, '"other.>"'],
    ["subjects", { subjects: ["mapek-kb.log.>"] }, '["mapek-kb.log.>"]'],
  ] as const)("%s that differs is refused, update or not", async (field, fields, text) => {
    await ensureStreams(connection.jsm, declarations);
    await change(STREAMS.knowledge, fields as Partial<StreamConfig>);
    for (const update of [false, true]) {
      const error = await refusal(ensureStreams(connection.jsm, declarations, update));
      expect(error).toMatchObject({
        code: "MAPEK_STREAM_DRIFT",
        details: { stream: STREAMS.knowledge, field },
      });
      expect(error.message).toContain(text);
    }
  });

  test("another number of partitions is drift: keys would move", async () => {
    await ensureStreams(connection.jsm, declarations);
    const others = streamDeclarations(loadConfig({ env: { MAPEK_PARTITIONS: "8" } }));
    const error = await refusal(ensureStreams(connection.jsm, others, true));
    expect(error.message).toMatch(/MAPEK_KNOWLEDGE\.metadata: .*"16".*declared is .*"8"/);
  });

  test("what the server itself refuses is passed on", async () => {
    const taken = { name: "TAKEN", subjects: ["mapek-kb.log.>"] };
    await ensureStreams(connection.jsm, declarations);
    const error = await refusal(ensureStreams(connection.jsm, [taken]));
    expect(error.code).toBe("MAPEK_STREAM_REFUSED");
    expect(error.message).toMatch(/TAKEN: .*overlap/);
    const many = streamDeclarations(loadConfig({ env: { MAPEK_REPLICAS: "3" } }));
    const replicas = await refusal(ensureStreams(connection.jsm, many, true));
    expect(replicas.code).toBe("MAPEK_STREAM_REFUSED");
    expect(replicas.message).toMatch(/MAPEK_KNOWLEDGE: .*replicas/);
  });
});

describe("connect", () => {
  test("no server", async () => {
    const error = await refusal(connect(natsAt("nats://ann:hunter2@127.0.0.1:1"), "test"));
    expect(error).toMatchObject({ code: "MAPEK_NATS_UNREACHABLE", consequence: "fatal" });
    expect(error.message).toContain("nats://…@127.0.0.1:1");
    expect(error.message).not.toContain("hunter2");
  });

  test("a server without JetStream", async () => {
    await using plain = await startPlainServer();
    const error = await refusal(connect(natsAt(plain.url), "test"));
    expect(error).toMatchObject({ code: "MAPEK_NATS_NO_JETSTREAM", consequence: "fatal" });
    expect(error.message).toContain("--jetstream");
  });

  test("a server that is too old", async () => {
    await using proxy = await startAgeingProxy(server, "2.12.0");
    const error = await refusal(connect(natsAt(proxy.url), "test"));
    expect(error).toMatchObject({ code: "MAPEK_NATS_TOO_OLD", consequence: "fatal" });
    expect(error.message).toContain("2.12.0");
    expect(error.message).toContain("2.12.1");
  });

  test("the oldest server that will do", async () => {
    await using proxy = await startAgeingProxy(server, "2.12.1");
    const { nc } = await connect(natsAt(proxy.url), "test");
    expect(nc.info?.version).toBe("2.12.1");
    await nc.close();
  });

  test("a file with credentials that is not there is a fault of the configuration", async () => {
    const nats = { ...natsAt(server.url), credentials_file: "no/such.creds" };
    const error = await refusal(connect(nats, "test"));
    expect(error.code).toBe("MAPEK_CONFIG_BAD_VALUE");
    expect(error.message).toMatch(/nats\.credentials_file: .*no\/such\.creds/);
  });

  test("user and password, or a token, are what the server asks for", async () => {
    const config = join(server.storeDir, "..", "users.conf");
    writeFileSync(config, 'authorization { user: ann, password: "1234" }\n');
    const login = { user: "ann", pass: "1234" };
    await using guarded = await startTestServer({ config, connection: login });
    const refused = await refusal(connect(natsAt(guarded.url), "test"));
    expect(refused.code).toBe("MAPEK_NATS_UNREACHABLE");
    const env = { NATS_URL: guarded.url, NATS_USER: "ann", NATS_PASSWORD: "1234" };
    const { nc } = await connect(loadConfig({ env }).nats, "test");
    await nc.close();
  });

  test.each([
    ["2.12.1", "2.12.1", 0],
    ["2.12.0", "2.12.1", -1],
    ["2.9.25", "2.12.1", -3],
    ["2.15.1-beta.2", "2.15.1", 0],
    ["v3.0", "2.99.9", 1],
  ])("%s against %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(sign));
  });
});
