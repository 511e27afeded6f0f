// The whole house under the users, permissions and TLS that `mapek keys` makes; every refused attempt is a test.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as dialPlain } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { HOUSE_STREAMS, permissionsOf } from "@mapek/access";
import { connect as connectClient } from "@mapek/client";
import { DEFAULT_PREFIXES, OUTPUT_FAMILIES, SERVICES } from "@mapek/core/contract";
import { connect as connectRuntime, loadConfig, streamDeclarations } from "@mapek/runtime";
import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import {
  connect,
  type NatsConnection,
  nkeyAuthenticator,
  nkeys,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificates, type SecureServer, startSecureServer } from "./support/secure-server.ts";
import { ServiceProcess } from "./support/service-process.ts";
import { ANSWER_MS, waitFor } from "./support/wait-for.ts";

const ONE_SYSTEM = { systems: ["shop"], signals: false } as const;

let house: SecureServer;
let services: ServiceProcess[] = [];
let admin: NatsConnection;
const connections = new Map<string, NatsConnection>();
const violations: PermissionViolationError[] = [];
/** Every message of the first tenant's account, as its administrator sees them. */
const arrived: { subject: string; text: string }[] = [];

beforeAll(async () => {
  house = await startSecureServer(
    ["acme", "globex"],
    [
      ["acme", "publisher", { role: "publisher", ...ONE_SYSTEM, signals: true }],
      ["acme", "other", { role: "publisher", systems: ["shop"], signals: true }],
      ["acme", "mute", { role: "publisher", ...ONE_SYSTEM }],
      ["acme", "reader", { role: "reader", ...ONE_SYSTEM }],
      ["acme", "operator", { role: "operator", ...ONE_SYSTEM }],
      ["acme", "loop", { role: "loop", ...ONE_SYSTEM }],
      ["globex", "reader", { role: "reader", systems: ["*"], signals: false }],
    ],
  );
  services = SERVICES.map((name) => new ServiceProcess(name, house.env(`acme/${name}`)));
  await Promise.all(services.map((service) => service.start()));
  admin = await house.connect("acme/admin");
  admin.subscribe(">", {
    callback: (_error, { subject, data }) => {
      arrived.push({ subject, text: new TextDecoder().decode(data.subarray(0, 200)) });
    },
  });
  await admin.flush();
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.end("SIGTERM")));
  await Promise.all([...connections.values(), admin].map((nc) => nc?.close()));
  await house?.[Symbol.asyncDispose]();
});

/** One connection a key, which notes what the server refuses. */
async function as(key: string): Promise<NatsConnection> {
  const known = connections.get(key);
  if (known !== undefined) return known;
  const nc = await house.connect(key);
  connections.set(key, nc);
  void (async () => {
    for await (const status of nc.status())
      if (status.type === "error" && status.error instanceof PermissionViolationError)
        violations.push(status.error);
  })();
  return nc;
}

const refusal = (operation: "publish" | "subscription", subject: string) =>
  waitFor(`a refused ${operation} of ${subject}`, () =>
    violations.some((one) => one.operation === operation && one.subject === subject),
  );

let attempts = 0;

describe("the house under its own users", () => {
  it("makes a threshold of samples, and an action of a signal, each as who they are", async () => {
    const publisher = house.keys.get("acme/publisher")?.publicKey;
    const client = await connectClient({
      servers: house.url,
      tlsCaFile: house.caFile,
      nkeySeedFile: house.keys.get("acme/publisher")?.seedFile,
    });
    const reader = await as("acme/reader");
    const seen: { subject: string; body: Record<string, unknown> }[] = [];
    for (const family of ["thresholds", "feedback", "actions"])
      reader.subscribe(`mapek.${family}.shop.>`, {
        callback: (_error, message) => {
          seen.push({ subject: message.subject, body: message.json() });
        },
      });
    await reader.flush();
    const on = (subject: string) => seen.filter((one) => one.subject === subject);
    const samples = Array.from({ length: 200 }, (_, i) => ({
      value: 50 + 5 * Math.sin(i),
      timestamp: 1_760_000_000_000 + i * 1_000,
    }));
    const stored = await client.publish("shop", "latency", samples, { acknowledge: true });
    expect(stored).toEqual({ accepted: 200, rejected: [] });
    await waitFor("a threshold", () => on("mapek.thresholds.shop.latency").length > 0);
    // Who sends is what the server knows, whatever the payload claims.
    await client.signal.anomalyFeedback("shop", {
      false_positive: 1,
      metric: "latency",
      source: "somebody else",
    });
    await waitFor("an action", () => on("mapek.actions.shop.anomaly_feedback").length > 0);
    expect(on("mapek.feedback.shop.anomaly_feedback")[0]?.body.source).toBe(publisher);
    const answer = await reader.request("mapek.requests.learner.series.shop", "{}", {
      timeout: ANSWER_MS,
    });
    expect(answer.json()).toMatchObject({ items: [{ metric: "latency" }] });
    // Answered from the log, with the rights that the services have.
    for (const [service, body] of [
      ["learner", { kind: "threshold", metric: "latency" }],
      ["feedback", { kind: "action" }],
    ] as const) {
      const why = await reader.request(
        `mapek.requests.${service}.explain.shop`,
        JSON.stringify(body),
        { timeout: ANSWER_MS },
      );
      expect(why.json()).toMatchObject({ items: [{ decision: { seq: expect.any(Number) } }] });
    }
    await client.close();
  });

  it("lets a loop's key watch its own keys of the buckets, and no others", async () => {
    const client = await connectClient({
      servers: house.url,
      tlsCaFile: house.caFile,
      nkeySeedFile: house.keys.get("acme/loop")?.seedFile,
      onError: () => {},
    });
    const watched: string[] = [];
    await client.watchThresholds(({ metric }) => void watched.push(metric), { system: "shop" });
    await waitFor("the threshold", () => watched.includes("latency"));
    expect((await client.thresholds({ system: "shop" })).map(({ metric }) => metric)).toEqual([
      "latency",
    ]);
    await client.watchParameters(() => {}, { system: "shop" });
    await expect(client.thresholds({ system: "bank" })).rejects.toThrow(/[Pp]ermissions/);
    await expect(client.thresholds()).rejects.toThrow(/[Pp]ermissions/);
    await client.close();
  });

  it("moves by an operator's command", async () => {
    const operator = await as("acme/operator");
    const answer = await operator.request(
      "mapek.control.learner.shop",
      JSON.stringify({ command: "freeze", metric: "latency" }),
      { timeout: ANSWER_MS },
    );
    expect(answer.json()).toEqual({ accepted: 1, rejected: [] });
  });

  it("knows every stream that the services declare", () => {
    const declared = streamDeclarations(loadConfig()).map(({ name }) => name);
    expect(Object.values(HOUSE_STREAMS)).toEqual(expect.arrayContaining(declared));
  });

  it("lets an actor service keep members and checkpoints", async () => {
    const learner = await as("acme/learner");
    const jsm = await jetstreamManager(learner);
    const declared = { subjects: ["$KV.mapek_members.>"], allow_direct: true };
    await jsm.streams
      .info(HOUSE_STREAMS.members)
      .catch(() => jsm.streams.add({ name: HOUSE_STREAMS.members, ...declared }));
    const members = await new Kvm(learner).open("mapek_members");
    const watch = await members.watch({ key: "test.1" });
    await members.put("test.1", "here");
    for await (const entry of watch) {
      expect(entry.string()).toBe("here");
      break;
    }
    expect((await members.get("test.1"))?.string()).toBe("here");
    await members.delete("test.1");
  });

  it("lets the learner ask the leader of its input to hand over", async () => {
    const learner = await as("acme/learner");
    const subject = `$JS.API.STREAM.LEADER.STEPDOWN.${HOUSE_STREAMS.samples}`;
    const answer = await learner.request(subject, "{}", { timeout: ANSWER_MS });
    // One server has nobody to hand over to; it was asked, and said so.
    expect(answer.json()).toMatchObject({
      error: { description: expect.stringMatching(/cluster/) },
    });
  });
});

const publicKeyOf = (key: string) => house.keys.get(key)?.publicKey ?? "";

/** Who, on which subject; `<key>` stands for the public key of another publisher. */
const REFUSED_PUBLISHES: readonly (readonly [string, string])[] = [
  ...[
    "mapek.thresholds.shop.latency",
    "mapek.recommendations.shop.latency",
    "mapek.anomalies.shop.latency",
    "mapek.parameters.shop",
    "mapek.transitions.shop",
    "mapek.feedback.shop.anomaly_feedback",
    "mapek.actions.shop.anomaly_feedback",
    "mapek.control.learner.shop",
    "mapek.control.optimizer.shop",
    "mapek.control.feedback.shop",
    "mapek.requests.learner.import.shop",
    "mapek-kb.in.learner.0",
    "mapek-kb.in.feedback.0",
    "mapek-kb.samples.0",
    "mapek-kb.log.thresholds.shop.latency",
    "mapek-kb.latest.thresholds.shop.latency",
    "mapek-kb.position.learner.0",
    "mapek-kb.query.learner.0",
    "mapek.metrics.bank.latency",
    "mapek.performance.bank",
    "mapek.telegraf.bank",
    "mapek.otlp.bank",
    "mapek.signals.bank.anomaly_feedback.<self>",
    "mapek.signals.shop.anomaly_feedback",
    "mapek.signals.shop.anomaly_feedback.<other>",
    "$KV.mapek_thresholds.shop.latency",
    "$KV.mapek_members.learner.1",
    "$O.mapek_checkpoints.C.x",
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.MAPEK_SAMPLES",
    "$JS.API.STREAM.DELETE.MAPEK_SAMPLES",
    "$JS.API.STREAM.PURGE.MAPEK_KNOWLEDGE",
    "$JS.API.STREAM.MSG.GET.MAPEK_KNOWLEDGE",
    "$JS.API.DIRECT.GET.KV_mapek_thresholds.$KV.mapek_thresholds.shop.latency",
    "$JS.API.CONSUMER.CREATE.MAPEK_SAMPLES",
    "$SYS.REQ.SERVER.PING",
    "_INBOX.<other>.x",
  ].map((subject) => ["acme/publisher", subject] as const),
  ["acme/mute", "mapek.signals.shop.anomaly_feedback.<self>"],
  ...[
    "mapek.metrics.shop.latency",
    "mapek.telegraf.shop",
    "mapek.otlp.shop",
    "mapek.performance.shop",
    "mapek.signals.shop.anomaly_feedback",
    "mapek.signals.shop.anomaly_feedback.<self>",
    "mapek.control.learner.shop",
    "mapek.thresholds.shop.latency",
    "mapek-kb.in.learner.0",
    "mapek.requests.learner.import.shop",
    "mapek.requests.learner.series.bank",
    "mapek.requests.learner.series._",
    "$KV.mapek_thresholds.shop.latency",
    "$JS.API.INFO",
    "$JS.API.CONSUMER.CREATE.KV_mapek_thresholds",
    "$JS.API.DIRECT.GET.KV_mapek_thresholds",
  ].map((subject) => ["acme/reader", subject] as const),
  ["acme/loop", "mapek.control.learner.shop"],
  ["acme/loop", "mapek-kb.position.learner.0"],
  ["acme/loop", "mapek.metrics.bank.latency"],
  ["acme/loop", "$KV.mapek_thresholds.shop.latency"],
  ["acme/loop", "$JS.API.CONSUMER.CREATE.KV_mapek_thresholds"],
  ["acme/loop", "$JS.API.CONSUMER.CREATE.KV_mapek_thresholds.x.$KV.mapek_thresholds.bank.>"],
  ["acme/loop", "$JS.API.DIRECT.GET.KV_mapek_thresholds.$KV.mapek_thresholds.bank.latency"],
  ["acme/operator", "mapek.control.learner.bank"],
  ["acme/operator", "mapek.thresholds.shop.latency"],
  ...[
    "mapek-kb.log.thresholds.shop.latency",
    "mapek-kb.log.rejected.learner",
    "mapek-kb.in.learner.0",
    "mapek-kb.position.learner.0",
    "mapek.thresholds.shop.latency",
    "mapek.control.learner.shop",
    "$JS.API.CONSUMER.CREATE.MAPEK_KNOWLEDGE",
    "$JS.API.STREAM.MSG.GET.MAPEK_KNOWLEDGE",
    "$JS.API.STREAM.UPDATE.MAPEK_KNOWLEDGE",
    "$JS.API.STREAM.LEADER.STEPDOWN.MAPEK_SAMPLES",
    "$KV.mapek_members.monitor.1",
  ].map((subject) => ["acme/monitor", subject] as const),
  ["acme/learner", "mapek-kb.log.parameters.shop"],
  ["acme/learner", "mapek-kb.log.actions.shop.anomaly_feedback"],
  ["acme/learner", "mapek-kb.position.feedback.0"],
  ["acme/learner", "mapek-kb.in.optimizer.0"],
  ["acme/learner", "$JS.API.STREAM.DELETE.MAPEK_SAMPLES"],
  ["acme/learner", "$JS.API.STREAM.CREATE.elsewhere"],
  ["acme/learner", "$JS.API.STREAM.LEADER.STEPDOWN.MAPEK_KNOWLEDGE"],
  ["acme/optimizer", "mapek-kb.in.learner.0"],
  ["acme/optimizer", "mapek-kb.log.thresholds.shop.latency"],
  ["acme/optimizer", "mapek-kb.latest.thresholds.shop.latency"],
  ["acme/optimizer", "$JS.API.CONSUMER.CREATE.MAPEK_SAMPLES"],
  ["acme/feedback", "mapek-kb.log.thresholds.shop.latency"],
  ["acme/feedback", "mapek-kb.samples.0"],
  ["acme/feedback", "mapek-kb.position.optimizer.0"],
  ["acme/feedback", "$JS.API.STREAM.PURGE.MAPEK_ACTIONS"],
  ["acme/feedback", "$JS.API.STREAM.LEADER.STEPDOWN.MAPEK_SAMPLES"],
];

const REFUSED_SUBSCRIPTIONS: readonly (readonly [string, string])[] = [
  ["acme/publisher", "mapek.thresholds.shop.>"],
  ["acme/publisher", "mapek.metrics.shop.>"],
  ["acme/publisher", "mapek.telegraf.shop"],
  ["acme/publisher", "_INBOX.>"],
  ["acme/publisher", "_INBOX.<other>.>"],
  ["acme/publisher", ">"],
  ["acme/reader", "mapek.thresholds.bank.>"],
  ["acme/reader", "mapek.thresholds.>"],
  ["acme/reader", "mapek.metrics.shop.>"],
  ["acme/reader", "mapek.rejected.monitor"],
  ["acme/reader", "mapek-kb.log.>"],
  ["acme/reader", "_INBOX.>"],
  ["acme/reader", "$JS.EVENT.>"],
  ["acme/reader", "$SYS.>"],
  ["acme/monitor", "mapek.signals.*.*"],
  ["acme/monitor", "mapek-kb.log.>"],
  ["acme/monitor", "_INBOX.>"],
  ["acme/learner", "mapek.metrics.*.*"],
  ["acme/learner", "mapek-kb.query.feedback.*"],
];

const filled = (key: string, subject: string) =>
  subject.replace("<self>", publicKeyOf(key)).replace("<other>", publicKeyOf("acme/other"));

describe("refused", () => {
  it.each(REFUSED_PUBLISHES)("%s may not publish %s", async (key, template) => {
    const subject = filled(key, template);
    const nc = await as(key);
    const marker = `attempt ${++attempts}`;
    nc.publish(subject, marker);
    await refusal("publish", subject);
    await nc.flush();
    await admin.flush();
    expect(arrived.filter(({ text }) => text === marker)).toEqual([]);
  });

  it.each(REFUSED_SUBSCRIPTIONS)("%s may not subscribe to %s", async (key, template) => {
    const subject = filled(key, template);
    const nc = await as(key);
    nc.subscribe(subject, { callback: () => {} });
    await refusal("subscription", subject);
  });

  it("takes in what Telegraf and OpenTelemetry send of the publisher's system", async () => {
    const nc = await as("acme/publisher");
    const line = await nc.request("mapek.telegraf.shop", "cpu usage=1", { timeout: ANSWER_MS });
    const dataPoints = [{ asInt: "1", timeUnixNano: `${Date.now()}000000` }];
    const metrics = [{ name: "g", gauge: { dataPoints } }];
    const otlp = await nc.request(
      "mapek.otlp.shop",
      JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
      { timeout: ANSWER_MS },
    );
    for (const reply of [line, otlp]) expect(reply.json()).toEqual({ accepted: 1, rejected: [] });
  });

  it.each([
    "mapek-kb.samples.0",
    "mapek-kb.position.feedback.0",
    "mapek-kb.position.learner.0",
    "mapek.control.learner.shop",
  ])("an answer that is asked for on %s, where the sender may not publish", async (reply) => {
    const nc = await as("acme/publisher");
    const reader = await as("acme/reader");
    const answers = () =>
      arrived.filter(
        ({ subject, text }) => subject === reply && /^{"(accepted|items|error)"/.test(text),
      );
    const value = 900_000 + ++attempts;
    nc.publish("mapek.metrics.shop.asked", String(value), { reply });
    nc.publish("mapek.metrics.shop.asked", "no number", { reply });
    nc.publish("mapek.telegraf.shop", "asked v=1", { reply });
    nc.publish("mapek.otlp.shop", "no message", { reply });
    nc.publish(filled("acme/publisher", "mapek.signals.shop.anomaly_feedback.<self>"), "{}", {
      reply,
    });
    reader.publish("mapek.requests.learner.series.shop", "{}", { reply });
    // One that is answered comes after them.
    await nc.request("mapek.metrics.shop.asked", String(value), { timeout: ANSWER_MS });
    await reader.request("mapek.requests.feedback.effectiveness.shop", "{}", {
      timeout: ANSWER_MS,
    });
    await admin.flush();
    expect(answers()).toEqual([]);
  });

  it("a tenant sees and reaches nothing of another's", async () => {
    const globex = await house.connect("globex/admin");
    const seen: string[] = [];
    globex.subscribe(">", { callback: (_error, { subject }) => void seen.push(subject) });
    await globex.flush();
    const publisher = await as("acme/publisher");
    await publisher.request("mapek.metrics.shop.latency", "50", { timeout: ANSWER_MS });
    const reader = await house.connect("globex/reader");
    await expect(reader.request("mapek.requests.learner.series._", "{}")).rejects.toThrow();
    const jsm = await jetstreamManager(globex);
    expect(await jsm.streams.names().next()).toEqual([]);
    globex.publish("mapek.metrics.shop.latency", "from another tenant");
    await globex.flush();
    await admin.flush();
    expect(arrived.some(({ text }) => text === "from another tenant")).toBe(false);
    expect(
      seen.filter((subject) => OUTPUT_FAMILIES.some((f) => subject.startsWith(`mapek.${f}`))),
    ).toEqual([]);
    expect(seen).not.toContain("mapek-kb.samples.0");
    await reader.close();
    await globex.close();
  });
});

describe("a connection is refused", () => {
  const stranger = () => nkeyAuthenticator(nkeys.createUser().getSeed());

  it("with a key that the server does not know", async () => {
    const attempt = connect({
      servers: house.url,
      tls: { caFile: house.caFile },
      authenticator: stranger(),
      reconnect: false,
    });
    await expect(attempt).rejects.toThrow(/authorization/i);
  });

  it("without a key", async () => {
    const attempt = connect({
      servers: house.url,
      tls: { caFile: house.caFile },
      reconnect: false,
    });
    await expect(attempt).rejects.toThrow(/authorization/i);
  });

  it("when the server's certificate is another authority's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapek-ca-"));
    const tlsCaFile = makeCertificates(join(folder, "tls"));
    const nkeySeedFile = house.keys.get("acme/publisher")?.seedFile;
    await expect(
      connectClient({ servers: house.url, tlsCaFile, nkeySeedFile, connectTimeoutMs: 20_000 }),
    ).rejects.toThrow(/MAPEK_CLIENT_UNREACHABLE.*certificate/);
    const config = { ...loadConfig().nats, url: house.url, tls_ca_file: tlsCaFile };
    await expect(connectRuntime(config, "test")).rejects.toThrow(
      /MAPEK_NATS_UNREACHABLE.*certificate/,
    );
    rmSync(folder, { recursive: true });
  });

  it("without trust in any authority, and in plain text", async () => {
    await expect(
      connect({ servers: house.url, tls: {}, authenticator: stranger(), reconnect: false }),
    ).rejects.toThrow(/certificate/);
    const socket = dialPlain(house.server.port, "127.0.0.1");
    socket.write('CONNECT {"verbose":true}\r\nPING\r\n');
    let reply = "";
    for await (const part of socket) reply += (part as Buffer).toString("latin1");
    expect(reply).toContain('"tls_required":true');
    expect(reply).not.toContain("PONG");
  });

  it("with a seed file that holds no seed, without showing what it holds", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapek-seed-"));
    const file = join(folder, "x.nk");
    writeFileSync(file, "SUNOTASEED\n");
    const config = { ...loadConfig().nats, url: house.url, nkey_seed_file: file };
    const failure = await connectRuntime(config, "test").catch((error: Error) => error.message);
    expect(failure).toMatch(/^MAPEK_CONFIG_BAD_VALUE/);
    expect(failure).not.toContain("SUNOTASEED");
    await expect(connectClient({ nkeySeedFile: file })).rejects.toThrow(/MAPEK_CLIENT_BAD_OPTION/);
    rmSync(folder, { recursive: true });
  });

  it("without a client certificate, where the server asks for one", async () => {
    await using strict = await startSecureServer(["acme"], [], true);
    const monitor = await strict.connect("acme/monitor");
    await monitor.close();
    const key = strict.keys.get("acme/monitor");
    const seed = new TextEncoder().encode(readFileSync(key?.seedFile ?? "", "utf8").trim());
    const attempt = connect({
      servers: strict.url,
      tls: { caFile: strict.caFile },
      authenticator: nkeyAuthenticator(seed),
      reconnect: false,
    });
    await expect(attempt).rejects.toThrow();
  });
});

it("no seed stands in what a service logs, nor in its health answer", async () => {
  for (const service of services) {
    const { seedFile } = house.keys.get(`acme/${service.service}`) ?? { seedFile: "" };
    const seed = readFileSync(seedFile, "utf8").trim();
    expect(service.log).not.toContain(seed);
    expect(await (await fetch(`${service.http}/readyz`)).text()).not.toContain(seed);
  }
});

it("health endpoints listen on loopback only, unless told otherwise", async () => {
  expect(loadConfig().http.host).toBe("127.0.0.1");
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal);
  for (const { http } of services) {
    expect(http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${http}/healthz`)).status).toBe(200);
    for (const { address } of outside)
      await expect(fetch(`${http.replace("127.0.0.1", address)}/healthz`)).rejects.toThrow();
  }
});

it("no permission of a service or team covers everything", () => {
  for (const { name, grant } of [...SERVICES].map((role) => ({ name: role, grant: { role } }))) {
    const user = { name, public_key: "U", grant };
    const { publish, subscribe } = permissionsOf(user, DEFAULT_PREFIXES);
    for (const subject of [...publish, ...subscribe])
      expect(subject).not.toMatch(/^(>|\*|mapek-kb\.>|\$JS\.API\.>)/);
  }
});
