import { readFileSync } from "node:fs";
import { DEFAULT_PREFIXES, inboxPrefixOf, type Prefixes } from "@mapek/core/contract";
import {
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
} from "@nats-io/transport-node";
import { ClientError } from "./errors.ts";
import type { Timers } from "./timers.ts";

/** How to reach a server, and as whom. */
export interface ConnectOptions {
  /** One address, several, or several separated by commas. @default the environment's NATS_URL, else nats://127.0.0.1:4222 */
  readonly servers?: string | readonly string[] | undefined;
  /** Name of the connection in the server's list, and source of signals. @default "mapek-client" */
  readonly name?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Path of a credentials file (JWT and NKey seed). */
  readonly credentialsFile?: string | undefined;
  /** Path of a file that holds an NKey seed. */
  readonly nkeySeedFile?: string | undefined;
  /** Path of the authority's certificate (PEM); switches TLS on. */
  readonly tlsCaFile?: string | undefined;
  /** Paths of this client's own certificate and key (PEM), where the server asks for one. */
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  /** Prefix of the subjects on which answers arrive. @default "_INBOX", with an NKey seed `_INBOX.<public key>` */
  readonly inboxPrefix?: string | undefined;
  /** Milliseconds for the first connection. @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Roots of the subjects. @default mapek and mapek-kb */
  readonly prefixes?: Prefixes | undefined;
  /** Gets errors of handlers, refused messages and dropped samples. @default a process warning on standard error */
  readonly onError?: ((error: Error) => void) | undefined;
  /** Samples after which a batch is sent. @default 2000, at most 65535 */
  readonly batchSamples?: number | undefined;
  /** Milliseconds after which a batch is sent. @default 5 */
  readonly batchLingerMs?: number | undefined;
  /** Samples that may wait to be sent or acknowledged; more are refused. @default 1000000 */
  readonly maxPendingSamples?: number | undefined;
  /** Milliseconds for one attempt at a request. @default 2000 */
  readonly attemptTimeoutMs?: number | undefined;
  /** Milliseconds after which retries of a request end. @default 30000 */
  readonly deadlineMs?: number | undefined;
  /** Milliseconds that `close` waits for pending samples, and again for the connection. @default 5000 */
  readonly closeTimeoutMs?: number | undefined;
  /** Clock and timers. @default the machine's */
  readonly timers?: Timers | undefined;
}

const DEFAULT_SERVER = "nats://127.0.0.1:4222";

/** The server addresses from options and environment. An empty variable counts as unset. */
export function serversOf(options: ConnectOptions): string[] {
  const given = options.servers ?? process.env.NATS_URL;
  const list = typeof given === "string" ? given.split(",") : [...(given ?? [])];
  const servers = list.map((server) => server.trim()).filter((server) => server !== "");
  return servers.length > 0 ? servers : [DEFAULT_SERVER];
}

export const prefixesOf = (options: ConnectOptions): Prefixes =>
  options.prefixes ?? DEFAULT_PREFIXES;

/**
 * The public key of the NKey seed in `nkeySeedFile`, by which the server knows this client; undefined without a seed.
 *
 * @throws {Error} The file system's error where the file cannot be read; MAPEK_CLIENT_BAD_OPTION where it holds no
 * seed.
 */
export function publicKeyOf({ nkeySeedFile }: ConnectOptions): string | undefined {
  if (!nkeySeedFile) return undefined;
  try {
    return nkeys.fromSeed(seedIn(nkeySeedFile)).getPublicKey();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new ClientError("MAPEK_CLIENT_BAD_OPTION", `${nkeySeedFile} holds no NKey seed`);
  }
}

const seedIn = (file: string): Uint8Array =>
  new TextEncoder().encode(readFileSync(file, "utf8").trim());

/**
 * Options of the NATS connection, which reconnects for ever.
 *
 * @throws {Error} As {@link publicKeyOf}; the file system's error for a credentials file.
 */
export function natsOptions(options: ConnectOptions): ConnectionOptions {
  const authenticators = [];
  if (options.credentialsFile)
    authenticators.push(credsAuthenticator(readFileSync(options.credentialsFile)));
  const publicKey = publicKeyOf(options);
  if (options.nkeySeedFile) authenticators.push(nkeyAuthenticator(seedIn(options.nkeySeedFile)));
  const inboxPrefix =
    options.inboxPrefix ?? (publicKey === undefined ? undefined : inboxPrefixOf(publicKey));
  const tls = {
    ...(options.tlsCaFile !== undefined && { caFile: options.tlsCaFile }),
    ...(options.tlsCertFile !== undefined && { certFile: options.tlsCertFile }),
    ...(options.tlsKeyFile !== undefined && { keyFile: options.tlsKeyFile }),
  };
  return {
    servers: serversOf(options),
    name: options.name ?? "mapek-client",
    reconnect: true,
    maxReconnectAttempts: -1,
    // Without this option the client takes a stack trace for every request, which costs more than the request.
    noAsyncTraces: true,
    reconnectTimeWait: 250,
    timeout: options.connectTimeoutMs ?? 5_000,
    ...(options.user !== undefined && { user: options.user }),
    ...(options.password !== undefined && { pass: options.password }),
    ...(options.token !== undefined && { token: options.token }),
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(inboxPrefix !== undefined && { inboxPrefix }),
    ...(authenticators.length > 0 && { authenticator: authenticators }),
  };
}
