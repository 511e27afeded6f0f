import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSampleBatch, type InputReply, inputReply, Subjects } from "@mapek/core/contract";
import { ensureStreams, loadConfig, STREAMS, streamDeclarations } from "@mapek/runtime";
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { connect, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import { startTestServer } from "../../../test/support/nats.ts";
import { ANSWER_MS } from "../../../test/support/wait-for.ts";

interface StoredSample {
  readonly key: string;
  readonly time: number;
  readonly value: number;
  readonly history: boolean;
  /** Sequence of the batch that holds it. */
  readonly seq: number;
}

/** A server with the house's streams, and a connection that plays the publishers. */
export interface House extends AsyncDisposable {
  readonly server: Awaited<ReturnType<typeof startTestServer>>;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly subjects: Subjects;
  /** Asks for a reply and reads it. */
  send(subject: string, data: string | Uint8Array, headers?: MsgHdrs): Promise<InputReply>;
  /** Every stored sample whose key starts so, in the order of the stream. */
  stored(keyPrefix?: string): Promise<StoredSample[]>;
}

export async function openHouse(): Promise<House> {
  const server = await startTestServer();
  const nc = await connect({
    servers: server.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  const jsm = await jetstreamManager(nc);
  await ensureStreams(jsm, streamDeclarations(loadConfig()));
  const js = jetstream(nc);
  return {
    server,
    nc,
    js,
    jsm,
    subjects: new Subjects(),
    async send(subject, data, headers) {
      const message = await nc.request(subject, data, {
        timeout: ANSWER_MS,
        ...(headers !== undefined && { headers }),
      });
      const decoded = inputReply.decode(message.data);
      if (!decoded.ok) throw decoded.error;
      return decoded.value;
    },
    async stored(keyPrefix = "") {
      const consumer = await js.consumers.get(STREAMS.samples);
      const samples: StoredSample[] = [];
      let left = (await consumer.info()).num_pending;
      if (left === 0) return samples;
      const messages = await consumer.consume();
      for await (const message of messages) {
        const decoded = decodeSampleBatch(message.data);
        if (!decoded.ok) throw decoded.error;
        const { series, index, times, values, history } = decoded.value;
        values.forEach((value, i) => {
          const key = series[index[i] as number] as string;
          const time = times[i] as number;
          if (key.startsWith(keyPrefix))
            samples.push({ key, time, value, history, seq: message.seq });
        });
        left = message.info.pending;
        if (left === 0) break;
      }
      return samples;
    },
    async [Symbol.asyncDispose]() {
      await nc.close();
      await server.stop();
    },
  };
}

/** The real service in a process of its own. */
export interface Monitor extends AsyncDisposable {
  /** Value of a metric at its endpoint, summed over its labels, or over those of one system; 0 where it is not there. */
  metric(name: string, system?: string): Promise<number>;
  /** What `/healthz` says. */
  health(): Promise<Record<string, unknown>>;
  readonly exitCode: Promise<number | null>;
  stop(): void;
  signal(name: NodeJS.Signals): void;
}

export async function startMonitor(
  url: string,
  ingest: object = {},
  memory: object = {},
  protocols: object = {},
): Promise<Monitor> {
  const folder = mkdtempSync(join(tmpdir(), "mapek-monitor-"));
  const config = join(folder, "config.yaml");
  writeFileSync(config, JSON.stringify({ mape_k_tuning: { ingest, memory, protocols } }));
  const main = join(import.meta.dirname, "../src/main.ts");
  const args = ["--config", config, "--nats", url, "--http-port", "0", "--log-level", "warn"];
  const child = fork(main, args, { env: { ...process.env, NATS_URL: "" }, stdio: "pipe" });
  let errors = "";
  for (const stream of [child.stderr, child.stdout])
    stream?.on("data", (text: Buffer) => {
      errors += text.toString();
    });
  const exitCode = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const http = await Promise.race([
    new Promise<string>((resolve) =>
      child.on("message", (message: { type: string; http: string }) => {
        if (message.type === "ready") resolve(message.http);
      }),
    ),
    exitCode.then((code): never => {
      throw new Error(`the monitor ended with ${code}: ${errors}`);
    }),
  ]);
  return {
    exitCode,
    stop: () => child.kill("SIGTERM"),
    signal: (name) => child.kill(name),
    health: async () => (await (await fetch(`${http}/healthz`)).json()) as Record<string, unknown>,
    async metric(name, system) {
      const text = await (await fetch(`${http}/metrics`)).text();
      return text
        .split("\n")
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => system === undefined || line.includes(`system="${system}"`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exitCode;
      rmSync(folder, { recursive: true });
    },
  };
}

export { waitFor as until } from "../../../test/support/wait-for.ts";
