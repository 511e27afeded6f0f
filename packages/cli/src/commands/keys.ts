import { join, resolve } from "node:path";
import { AccessError, KeyFolder, type MadeKey, TEAM_ROLES, type TeamRole } from "@mapek/access";
import { Argument, Command, Option } from "commander";
import { usageError } from "../errors.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";

const DEFAULT_TENANT = "main";

export const keysCommand = (): Command =>
  new Command("keys").addCommand(initCommand()).addCommand(addCommand());

const dirOption = (): Option =>
  new Option("--dir <dir>", "folder of the keys").default("keys").makeOptionMandatory();

const gather = (text: string, gathered: readonly string[] = []): string[] => [...gathered, text];

interface InitOptions {
  readonly dir: string;
  readonly tenant?: string[];
  readonly listen: string;
  readonly monitoring: string;
  readonly store: string;
  readonly tls?: string;
  readonly verifyClients?: boolean;
  readonly json?: boolean;
}

const initCommand = (): Command =>
  new Command("init")
    .description("make a folder with a server configuration and keys for the services")
    .addOption(dirOption())
    .option(
      "--tenant <name>",
      `an account of its own, repeatable (default: ${DEFAULT_TENANT})`,
      gather,
    )
    .option("--listen <address>", "address and port of the server", "0.0.0.0:4222")
    .option("--monitoring <address>", "where the server answers about itself", "127.0.0.1:8222")
    .option("--store <dir>", "where the server stores", "/var/lib/nats")
    .option("--tls <dir>", "folder of ca.pem, server.pem and server-key.pem (default: <dir>/tls)")
    .option("--verify-clients", "ask clients for a certificate too")
    .option(...JSON_OPTION)
    .action(init);

function init(options: InitOptions): void {
  const folder = new KeyFolder(options.dir);
  const tls = resolve(options.tls ?? join(folder.path, "tls"));
  const made = work(() =>
    folder.init(options.tenant ?? [DEFAULT_TENANT], {
      listen: options.listen,
      monitoring: options.monitoring,
      storeDir: resolve(options.store),
      certFile: join(tls, "server.pem"),
      keyFile: join(tls, "server-key.pem"),
      caFile: join(tls, "ca.pem"),
      verifyClients: options.verifyClients ?? false,
    }),
  );
  const serverConfig = join(folder.path, "server.conf");
  if (options.json) {
    printJson({ server_config: serverConfig, keys: made });
    return;
  }
  for (const key of made) printLine(shown(key));
  printLine(`
Next:
  1. Certificates: infra/nats/certificates.sh ${tls} HOST…, or your own authority's.
  2. Server:       nats-server -c ${serverConfig}
  3. Services:     NATS_NKEY_SEED_FILE=${join(folder.path, made[0]?.tenant ?? "")}/<service>.nk NATS_CA=${join(tls, "ca.pem")} NATS_URL=tls://HOST:4222
  4. Teams:        mapek keys add publisher --system SYSTEM --dir ${options.dir}`);
}

interface AddOptions {
  readonly dir: string;
  readonly tenant: string;
  readonly system: string[];
  readonly name?: string;
  readonly signals?: boolean;
  readonly json?: boolean;
}

const addCommand = (): Command =>
  new Command("add")
    .description("make a key for a team and let the server know of it")
    .addArgument(new Argument("<role>", "what it is for").choices([...TEAM_ROLES]))
    .addOption(dirOption())
    .requiredOption("--system <name>", "a system, repeatable; * for all", gather)
    .option("--tenant <name>", "the account", DEFAULT_TENANT)
    .option("--name <name>", "name of the key (default: <system>-<role>)")
    .option("--signals", "a publisher or an operator may also send signals, as itself")
    .option(...JSON_OPTION)
    .action(add);

function add(role: TeamRole, options: AddOptions): void {
  const { system: systems, signals = false } = options;
  if (signals && role !== "publisher" && role !== "operator")
    throw usageError("--signals is for publishers and operators");
  const name =
    options.name ?? `${systems.map((one) => (one === "*" ? "all" : one)).join("-")}-${role}`;
  const folder = new KeyFolder(options.dir);
  const made = work(() => folder.add(options.tenant, name, { role, systems, signals }));
  if (options.json) {
    printJson(made);
    return;
  }
  printLine(`${shown(made)}

Next: nats-server --signal reload, then NATS_NKEY_SEED_FILE=${made.seedFile} for its holder.
Its inbox is _INBOX.${made.publicKey} (nats --inbox-prefix); ${signals ? `it signals on mapek.signals.<system>.<loop>.${made.publicKey}` : "the mapek client knows"}.`);
}

const shown = ({ tenant, name, publicKey, seedFile }: MadeKey): string =>
  `${tenant}/${name}  ${publicKey}  ${seedFile}`;

/** Turns MAPEK_ACCESS_BAD_NAME into a usage error, exit code 2. */
function work<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof AccessError && error.code === "MAPEK_ACCESS_BAD_NAME")
      throw usageError(error.message);
    throw error;
  }
}
