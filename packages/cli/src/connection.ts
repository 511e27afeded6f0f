import { type ConnectOptions, connect, type MapekClient } from "@mapek/client";
import { Option } from "commander";
import { CliError } from "./errors.ts";
import { type ChosenServer, chooseServer, type ServerOptions } from "./house/choose-server.ts";
import { sayAside } from "./output/output.ts";

/** Options of every command that talks to a server. */
export type NatsOptions = ServerOptions;

/** `--nats URL`, on every command that talks to a server. */
export const natsOption = (): Option =>
  new Option(
    "--nats <url>",
    "NATS server (default: NATS_URL, else that of the running `mapek up`, else 4222 on this machine)",
  ).conflicts("data");

/** `--data DIR`, on every command that finds a running house. */
export const dataOption = (): Option =>
  new Option("--data <dir>", "talk to the `mapek up` that runs with this data folder");

/** Connection options with credentials from the environment, by the same names as the services read. Empty counts as unset. */
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

/** The address without credentials, as it may be printed and stored. */
export const withoutCredentials = (url: string): string => url.replace(/\/\/[^@/,]*@/g, "//");

/** Connects, runs `work`, and closes the connection even where `work` fails. */
export async function withClient<T>(
  options: NatsOptions,
  work: (client: MapekClient) => Promise<T>,
): Promise<T> {
  const server = await chooseServer(options, sayAside);
  const shown = withoutCredentials(server.url);
  if (server.because !== undefined) sayAside(`talking to ${shown}: ${server.because}`);
  const client = await connect(connectOptions(server.url));
  try {
    requireOwn(client, server, shown);
    return await work(client);
  } finally {
    await client.close();
  }
}

/**
 * Keeps a command from sending anything to a stranger: another server may answer at a house's address, in another
 * container, or after the house's own server was killed.
 *
 * @throws {CliError} MAPEK_CLI_OTHER_SERVER
 */
function requireOwn({ connection }: MapekClient, { name }: ChosenServer, shown: string): void {
  const found = connection.info?.server_name;
  if (name !== undefined && found !== name)
    throw new CliError(
      "MAPEK_CLI_OTHER_SERVER",
      `at ${shown} is ${found}, not ${name} of the \`mapek up\` that was found; give the address with --nats`,
    );
}
