import { encodeJson, type OutputFamily, Subjects, thresholdKey } from "@mapek/core/contract";
import type { NatsServer } from "@mapek/nats-server";
import { ensureStreams, loadConfig, publishAtomically, streamDeclarations } from "@mapek/runtime";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as dial, type NatsConnection } from "@nats-io/transport-node";
import { startTestServer } from "../../../test/support/nats.ts";
import { ANSWER_MS, STUCK_MS } from "../../../test/support/wait-for.ts";
import { type ConnectOptions, connect, type MapekClient } from "../src/index.ts";

/** A private server with the house's streams, and a connection that plays the services. */
export interface House extends AsyncDisposable {
  readonly server: NatsServer;
  readonly services: NatsConnection;
  readonly subjects: Subjects;
  /** Errors that the house's clients reported. */
  readonly reported: Error[];
  client(options?: ConnectOptions): Promise<MapekClient>;
  /** Commits an output as the services do: in the log, and as the latest value where it is a threshold. */
  commit(family: OutputFamily, ...messages: { system: string }[]): Promise<void>;
}

export async function openHouse({ withStreams = true } = {}): Promise<House> {
  const server = await startTestServer();
  const services = await dial({ servers: server.url });
  const subjects = new Subjects();
  const reported: Error[] = [];
  const clients: MapekClient[] = [];
  if (withStreams) await makeStreams(services);
  return {
    server,
    services,
    subjects,
    reported,
    async client(options = {}) {
      const client = await connect({
        servers: server.url,
        onError: (error) => reported.push(error),
        attemptTimeoutMs: 300,
        deadlineMs: STUCK_MS,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async commit(family, ...messages) {
      await publishAtomically(
        services,
        messages.flatMap((message) => publicationsOf(subjects, family, message)),
        { answerMs: ANSWER_MS },
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
      await services.close();
      await server.stop();
    },
  };
}

export async function makeStreams(services: NatsConnection): Promise<void> {
  await ensureStreams(await jetstreamManager(services), streamDeclarations(loadConfig({})));
}

function publicationsOf(subjects: Subjects, family: OutputFamily, message: { system: string }) {
  const { system, metric, loop, labels } = message as Record<string, string> & {
    labels?: Record<string, string>;
  };
  const second = metric?.replace(/[^A-Za-z0-9_-]/g, "_") ?? loop;
  const tokens = second === undefined ? [message.system] : [message.system, second];
  const data = encodeJson(message);
  const logged = { subject: subjects.log(family, ...tokens), data };
  if (family !== "thresholds" || system === undefined || metric === undefined) return [logged];
  const key = thresholdKey({ system, metric, labels: labels ?? {} });
  return [logged, { subject: subjects.latestThreshold(key), data }];
}

export { waitFor as until } from "../../../test/support/wait-for.ts";
