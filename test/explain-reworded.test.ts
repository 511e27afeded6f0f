// Explanations follow the links between stored messages: in a house where every sentence reads otherwise they find the same causes.
import { createHash } from "node:crypto";
import {
  decodeMsgpack,
  type Explained,
  type ExplanationLink,
  encodeJson,
  encodeMsgpack,
  type OutputEvent,
} from "@mapek/core/contract";
import {
  type Connection,
  connect,
  ensureStreams,
  explainVerb,
  type Found,
  inputsOf,
  loadConfig,
  OutputLog,
  type ServiceContext,
  STREAMS,
  streamDeclarations,
  subjectsOf,
} from "@mapek/runtime";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { explainAction } from "../services/feedback/src/explain.ts";
import { explainAnomaly } from "../services/learner/src/explain/explain-anomaly.ts";
import { explainThreshold } from "../services/learner/src/explain/explain-threshold.ts";
import { explainOptimizer } from "../services/optimizer/src/explain.ts";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { runSession, SESSION, SESSION_CONFIG } from "./support/session.ts";

/** Fields of messages that are sentences for people. */
const SENTENCES: ReadonlySet<string> = new Set(["reason", "reasoning"]);
const { system, metric, queue } = SESSION;

let contexts: ServiceContext[];
const open: AsyncDisposable[] = [];

beforeAll(async () => {
  const [told, reworded] = [await server(), await server()];
  const services = await startServices({ NATS_URL: told, MAPEK_CONFIG: SESSION_CONFIG });
  const observer = await Observer.connect(told);
  await runSession(observer);
  await observer[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  contexts = await Promise.all([told, reworded].map(contextAt));
  const [from, to] = contexts.map(({ connection }) => connection) as [Connection, Connection];
  await copyReworded(from, to);
});

afterAll(async () => {
  for (const context of contexts ?? []) await context.connection.nc.close();
  for (const one of open) await one[Symbol.asyncDispose]();
});

async function server(): Promise<string> {
  const started = await startTestServer();
  open.push({ [Symbol.asyncDispose]: () => started.stop() });
  return started.url;
}

/** What an explainer reads of a service: its place in the house, and nothing that runs. */
async function contextAt(url: string): Promise<ServiceContext> {
  const config = loadConfig({ file: SESSION_CONFIG, env: { NATS_URL: url } });
  const connection = await connect(config.nats, "test");
  return { connection, config, subjects: subjectsOf(config) } as unknown as ServiceContext;
}

/** The whole log, each message at its place and with its links, every sentence replaced. */
async function copyReworded(from: Connection, to: Connection): Promise<void> {
  await ensureStreams(to.jsm, streamDeclarations(contexts[0]?.config as ServiceContext["config"]));
  const { state } = await from.jsm.streams.info(STREAMS.knowledge);
  let sentences = 0;
  const reword = (value: unknown): unknown => {
    if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(reword);
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        if (!SENTENCES.has(name) || typeof inner !== "string") return [name, reword(inner)];
        // No two are alike, however alike they were.
        return [name, createHash("sha256").update(`${++sentences}`).digest("hex")];
      }),
    );
  };
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const message = await from.jsm.streams.getMessage(STREAMS.knowledge, { seq });
    // A position that a later one has replaced leaves a gap, and keeps its place.
    const subject = message?.subject ?? "mapek-kb.position.gap.0";
    const data =
      message === null
        ? new Uint8Array()
        : subject.includes(".in.")
          ? encodeInputs(inputsOf(message.data).map((input) => reword(decodeMsgpack(input))))
          : message.data.length === 0
            ? message.data
            : encodeJson(reword(JSON.parse(new TextDecoder().decode(message.data))) as object);
    const answer = await to.js.publish(subject, data, { headers: linksOf(message?.header) });
    expect(answer.seq).toBe(seq);
  }
  expect(sentences).toBeGreaterThan(30);
}

const encodeInputs = (inputs: readonly unknown[]): Uint8Array =>
  inputs.length === 1
    ? encodeMsgpack(inputs[0])
    : encodeMsgpack(inputs.map((input) => encodeMsgpack(input)));

/** The product's own headers; those of the server are about storing. */
function linksOf(stored: MsgHdrs | undefined): MsgHdrs {
  const kept = headers();
  for (const [name, values] of stored ?? [])
    if (!name.startsWith("Nats-")) for (const value of values) kept.append(name, value);
  return kept;
}

/** What is left of an explanation without its words. */
function wordless({ decision, inputs, candidates, causes, since }: Found) {
  const places = (links: readonly ExplanationLink[]) =>
    links.map(({ seq, family }) => `${seq} ${family}`);
  return {
    decision: decision?.seq,
    inputs: inputs.filter(({ name }) => !SENTENCES.has(name)),
    candidates: candidates.map(({ name, value, chosen }) => ({ name, value, chosen })),
    causes: places(causes),
    since: places(since),
  };
}

async function explained(kind: Explained, request: object) {
  return await Promise.all(
    contexts.map(async (context) => {
      const verb = explainVerb({
        threshold: explainThreshold(context),
        anomaly: explainAnomaly(context),
        action: explainAction(context),
        ...explainOptimizer(context),
      });
      const [found] = await verb(system, { version: 1, kind, ...request } as never);
      return wordless(found as Found);
    }),
  );
}

const FAMILIES = {
  thresholds: "threshold",
  anomalies: "anomaly",
  transitions: "state",
  parameters: "parameters",
  actions: "action",
} as const;

test.each(Object.entries(FAMILIES))("%s have the same causes", async (family, kind) => {
  const log = new OutputLog(contexts[0] as ServiceContext);
  const { outputs } = await log.read(system, [{ family: family as keyof typeof FAMILIES }]);
  expect(outputs.length).toBeGreaterThan(0);
  let causes = 0;
  for (const { message, timestamp } of outputs as readonly OutputEvent[]) {
    const { metric: name, labels, side, action_id, anomaly_id } = message;
    const about = kind === "action" ? { action_id } : { metric: name, labels, side, anomaly_id };
    const [told, reworded] = await explained(kind, { ...about, at: timestamp });
    expect(reworded).toEqual(told);
    expect(told?.causes.filter((cause) => cause.endsWith(" log"))).toEqual([]);
    causes += told?.causes.length ?? 0;
  }
  expect(causes).toBeGreaterThan(outputs.length / 2);
});

test("what is asked about is what the session did", async () => {
  const [latency] = await explained("threshold", { metric });
  expect(latency?.causes).toMatchObject([expect.stringMatching(/ control$/)]);
  const [moved] = await explained("parameters", {});
  expect(moved?.causes.map((cause) => cause.split(" ")[1])).toEqual([
    "feedback",
    "command",
    "actions",
  ]);
  expect((await explained("anomaly", { metric: queue }))[0]?.decision).toBeGreaterThan(0);
});
