import { readFileSync } from "node:fs";
import { inboxPrefixOf } from "@mapek/core/contract";
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  credsAuthenticator,
  connect as dial,
  type NatsConnection,
  nkeyAuthenticator,
  nkeys,
} from "@nats-io/transport-node";
import type { Config } from "../config/config-schema.ts";
import { withoutCredentials } from "../config/without-secrets.ts";
import { RuntimeError } from "../errors.ts";
import { whenAvailable } from "./availability.ts";

/** Oldest server with reliable atomic batches. */
const MINIMUM_SERVER_VERSION = "2.12.1";

/**
 * Milliseconds to wait for answers: about streams (`MANAGER_TIMEOUT_MS`), to a publish or a new consumer
 * (`CLIENT_TIMEOUT_MS`). In a cluster without a leader no answer comes, and a request that is repeated sooner succeeds
 * sooner.
 */
const MANAGER_TIMEOUT_MS = 1_000;
const CLIENT_TIMEOUT_MS = 1_200;

/** A connection with its JetStream clients. */
export interface Connection {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

/**
 * Connects, checks the server's version and waits for JetStream.
 *
 * The connection reconnects for ever. Messages published while it is disconnected are lost without an error: a caller
 * that must know awaits the server's answer.
 *
 * @param name Name of the connection in the server's list.
 * @throws {RuntimeError} MAPEK_NATS_UNREACHABLE, MAPEK_NATS_TOO_OLD or MAPEK_NATS_NO_JETSTREAM; MAPEK_CONFIG_BAD_VALUE
 * where a file with credentials cannot be read.
 */
export async function connect(config: Config["nats"], name: string): Promise<Connection> {
  const options = connectionOptions(config, name);
  let nc: NatsConnection;
  try {
    nc = await dial(options);
  } catch (cause) {
    const address = withoutCredentials(config.url);
    throw new RuntimeError("MAPEK_NATS_UNREACHABLE", `${address}: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return await withJetStream(nc, config.connect_timeout_seconds * 1_000);
  } catch (error) {
    await nc.close();
    throw error;
  }
}

async function withJetStream(nc: NatsConnection, deadlineMs: number): Promise<Connection> {
  const version = nc.info?.version ?? "0.0.0";
  if (compareVersions(version, MINIMUM_SERVER_VERSION) < 0)
    throw new RuntimeError(
      "MAPEK_NATS_TOO_OLD",
      `server has ${version}, at least ${MINIMUM_SERVER_VERSION} is needed for atomic batches`,
    );
  try {
    const jsm = await jetstreamManager(nc, { timeout: MANAGER_TIMEOUT_MS, checkAPI: false });
    await whenAvailable(deadlineMs, () => jsm.getAccountInfo());
    return { nc, jsm, js: jetstream(nc, { timeout: CLIENT_TIMEOUT_MS }) };
  } catch (cause) {
    throw new RuntimeError(
      "MAPEK_NATS_NO_JETSTREAM",
      `${nc.getServer()}: ${(cause as Error).message}; start nats-server with --jetstream`,
      { cause },
    );
  }
}

function connectionOptions(config: Config["nats"], name: string): ConnectionOptions {
  const authenticators = [];
  let inboxPrefix = config.inbox_prefix;
  if (config.credentials_file)
    authenticators.push(credsAuthenticator(bytesOf(config.credentials_file, "credentials_file")));
  if (config.nkey_seed_file) {
    const seed = bytesOf(config.nkey_seed_file, "nkey_seed_file");
    authenticators.push(nkeyAuthenticator(seed));
    inboxPrefix ??= inboxPrefixOf(publicKeyOf(seed));
  }
  const tls = tlsOptions(config);
  return {
    servers: config.url.split(",").map((server) => server.trim()),
    name,
    reconnect: true,
    maxReconnectAttempts: -1,
    // Without this option the client takes a stack trace for every request, which costs more than the request.
    noAsyncTraces: true,
    reconnectTimeWait: 250,
    timeout: config.connect_timeout_seconds * 1_000,
    ...(config.user !== undefined && { user: config.user }),
    ...(config.password !== undefined && { pass: config.password }),
    ...(config.token !== undefined && { token: config.token }),
    ...(tls !== undefined && { tls }),
    ...(inboxPrefix !== undefined && { inboxPrefix }),
    ...(authenticators.length > 0 && { authenticator: authenticators }),
  };
}

function tlsOptions({ tls_ca_file, tls_cert_file, tls_key_file }: Config["nats"]) {
  if ((tls_ca_file ?? tls_cert_file ?? tls_key_file) === undefined) return undefined;
  return {
    ...(tls_ca_file !== undefined && { caFile: tls_ca_file }),
    ...(tls_cert_file !== undefined && { certFile: tls_cert_file }),
    ...(tls_key_file !== undefined && { keyFile: tls_key_file }),
  };
}

/** The library's error is dropped: its text could show a part of the seed. */
function publicKeyOf(seed: Uint8Array): string {
  try {
    return nkeys.fromSeed(seed).getPublicKey();
  } catch {
    throw new RuntimeError("MAPEK_CONFIG_BAD_VALUE", "nats.nkey_seed_file: holds no NKey seed");
  }
}

/** The bytes of a file without leading and trailing white space. */
function bytesOf(file: string, key: keyof Config["nats"]): Uint8Array {
  try {
    return new TextEncoder().encode(readFileSync(file, "utf8").trim());
  } catch (cause) {
    throw new RuntimeError("MAPEK_CONFIG_BAD_VALUE", `nats.${key}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Negative, zero or positive as `a` is older than, the same as or newer than `b`; pre-release marks are ignored. */
export function compareVersions(a: string, b: string): number {
  const left = numbersOf(a);
  const right = numbersOf(b);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbersOf = (version: string): number[] =>
  (version.match(/\d+/g) ?? []).slice(0, 3).map(Number);
