import { connect } from "@mapek/client";
import { createLogger, loadConfig, prefixesOf, RuntimeError, withoutSecrets } from "@mapek/runtime";
import { startConsole } from "./console.ts";

const NAME = "console";

/** Runs the console as a process; drains on SIGTERM, SIGINT and when its parent is gone. */
async function run(): Promise<void> {
  const config = loadConfig({ env: process.env });
  const log = createLogger(NAME, config.log.level);
  log.info({ config: withoutSecrets(config), node: process.version }, "starting");
  try {
    const { nats } = config;
    const client = await connect({
      servers: nats.url,
      name: `mapek-${NAME}`,
      user: nats.user,
      password: nats.password,
      token: nats.token,
      credentialsFile: nats.credentials_file,
      nkeySeedFile: nats.nkey_seed_file,
      tlsCaFile: nats.tls_ca_file,
      tlsCertFile: nats.tls_cert_file,
      tlsKeyFile: nats.tls_key_file,
      inboxPrefix: nats.inbox_prefix,
      connectTimeoutMs: nats.connect_timeout_seconds * 1_000,
      prefixes: prefixesOf(config),
      deadlineMs: 10_000,
      onError: (error) => log.warn({ err: error }, "client"),
    });
    const { url, close } = await startConsole({
      client,
      settings: config.console,
      partitions: config.streams.partitions,
      log,
    });
    let stopping = false;
    void client.connection.closed().then((error) => {
      if (stopping) return;
      log.fatal({ err: error }, "the connection is closed for good");
      process.exit(1);
    });
    const stop = (why: string) => {
      stopping = true;
      log.info({ why }, "draining");
      void close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.once("SIGTERM", () => stop("SIGTERM"));
    process.once("SIGINT", () => stop("SIGINT"));
    if (process.send !== undefined) process.once("disconnect", () => stop("the parent is gone"));
    log.info({ http: url, read_only: config.console.token === undefined }, "ready");
    if (process.connected) process.send?.({ type: "ready", service: NAME, http: url });
  } catch (error) {
    log.fatal({ err: error }, "the console could not start");
    process.exit(1);
  }
}

try {
  await run();
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
