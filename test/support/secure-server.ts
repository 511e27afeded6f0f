import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Grant, KeyFolder, type MadeKey } from "@mapek/access";
import { inboxPrefixOf } from "@mapek/core/contract";
import type { NatsServer } from "@mapek/nats-server";
import {
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { startTestServer } from "./nats.ts";

const CERTIFICATES = join(import.meta.dirname, "..", "..", "infra", "nats", "certificates.sh");

/** A server with the configuration, keys and certificates that `mapek keys init` and certificates.sh make. */
export interface SecureServer extends AsyncDisposable {
  readonly server: NatsServer;
  /** `tls://…` */
  readonly url: string;
  readonly caFile: string;
  /** Keys by `<tenant>/<name>`. */
  readonly keys: ReadonlyMap<string, MadeKey>;
  /** What a process needs to run as one of them. */
  env(key: string): Record<string, string>;
  /** Connects as one of them. */
  connect(key: string, options?: NodeConnectionOptions): Promise<NatsConnection>;
}

/** A team's key: tenant, name, what for. */
export type Team = readonly [tenant: string, name: string, grant: Grant];

export function makeCertificates(folder: string): string {
  execFileSync("sh", [CERTIFICATES, folder, "127.0.0.1", "localhost"], { stdio: "pipe" });
  return join(folder, "ca.pem");
}

/** Starts one. With `verifyClients` it asks for certificates too; the server's own serves as one. */
export async function startSecureServer(
  tenants: readonly string[],
  teams: readonly Team[],
  verifyClients = false,
): Promise<SecureServer> {
  const path = mkdtempSync(join(tmpdir(), "mapek-secure-"));
  const tls = join(path, "tls");
  const caFile = makeCertificates(tls);
  const certFile = join(tls, "server.pem");
  const keyFile = join(tls, "server-key.pem");
  const folder = new KeyFolder(join(path, "keys"));
  const made = folder.init(tenants, {
    listen: "127.0.0.1:4222",
    certFile,
    keyFile,
    caFile,
    verifyClients,
  });
  for (const [tenant, name, grant] of teams) made.push(folder.add(tenant, name, grant));
  const keys = new Map(made.map((key) => [`${key.tenant}/${key.name}`, key]));
  const keyOf = (name: string): MadeKey => {
    const key = keys.get(name);
    if (key === undefined) throw new Error(`no key ${name}`);
    return key;
  };
  const tlsOptions = { caFile, ...(verifyClients && { certFile, keyFile }) };
  const optionsOf = (name: string): NodeConnectionOptions => {
    const { seedFile, publicKey } = keyOf(name);
    const seed = new TextEncoder().encode(readFileSync(seedFile, "utf8").trim());
    return {
      authenticator: nkeyAuthenticator(seed),
      inboxPrefix: inboxPrefixOf(publicKey),
      tls: tlsOptions,
      reconnect: false,
    };
  };
  const server = await startTestServer({
    config: join(folder.path, "server.conf"),
    connection: optionsOf(`${tenants[0]}/admin`),
  });
  const url = `tls://127.0.0.1:${server.port}`;
  return {
    server,
    url,
    caFile,
    keys,
    env: (name) => ({
      NATS_URL: url,
      NATS_CA: caFile,
      NATS_NKEY_SEED_FILE: keyOf(name).seedFile,
      ...(verifyClients && { NATS_CERT: certFile, NATS_KEY: keyFile }),
    }),
    connect: (name, options = {}) => connect({ servers: url, ...optionsOf(name), ...options }),
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(path, { recursive: true, force: true });
    },
  };
}
