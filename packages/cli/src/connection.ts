import { type ConnectOptions, connect, type MapekClient } from "@mapek/client";
import { Option } from "commander";

/** What commands that talk to a server take. */
export interface NatsOptions {
  readonly nats?: string;
}

/** `--nats URL`, on every command that talks to a server. */
export const natsOption = (): Option =>
  new Option("--nats <url>", "NATS server (default: NATS_URL, else nats://127.0.0.1:4222)");

/** Credentials are those of the environment: the same names as the services read. Empty counts as unset. */
export function connectOptions(url: string | undefined): ConnectOptions {
  const { env } = process;
  return {
    servers: url,
    name: "mapek-cli",
    user: env.NATS_USER || undefined,
    password: env.NATS_PASSWORD || undefined,
    token: env.NATS_TOKEN || undefined,
    credentialsFile: env.NATS_CREDS || undefined,
    nkeySeedFile: env.NATS_NKEY_SEED_FILE || undefined,
    tlsCaFile: env.NATS_CA || undefined,
    tlsCertFile: env.NATS_CERT || undefined,
    tlsKeyFile: env.NATS_KEY || undefined,
    inboxPrefix: env.NATS_INBOX_PREFIX || undefined,
    onError: (error) => process.stderr.write(`${error.message}\n`),
    deadlineMs: 10_000,
    closeTimeoutMs: 2_000,
  };
}

/** Connects, works, and closes whatever happens. */
export async function withClient<T>(
  options: NatsOptions,
  work: (client: MapekClient) => Promise<T>,
): Promise<T> {
  const client = await connect(connectOptions(options.nats));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
