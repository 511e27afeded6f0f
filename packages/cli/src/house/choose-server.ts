import { resolve } from "node:path";
import { CliError } from "../errors.ts";
import { DEFAULT_NATS_PORT } from "./default-port.ts";
import {
  houseIn,
  type OpenHouse,
  openHouse,
  runningAt,
  runningIn,
  runningOfUser,
} from "./find-house.ts";
import { holderOf } from "./house.ts";

/** Options that choose the server. */
export interface ServerOptions {
  /** `--nats` */
  readonly nats?: string;
  /** `--data`: the folder of a running house. */
  readonly data?: string;
}

/** The server that a command talks to. */
export interface ChosenServer {
  readonly url: string;
  /** Reason for the choice, printed where no option named the server. */
  readonly because?: string;
  /** The server's own name, where known: a server with another name at this address is a stranger. */
  readonly name?: string;
}

/**
 * Chooses the server of a command, in this order: `--nats` or `--data`, NATS_URL, the house that runs in this folder
 * or above it, the only running house of this user, NATS' own port on this machine.
 *
 * @param say Called with a line for people while the command waits for a house that starts.
 * @throws {CliError} MAPEK_CLI_NO_HOUSE, MAPEK_CLI_SEVERAL_HOUSES.
 */
export async function chooseServer(
  options: ServerOptions,
  say: (line: string) => void,
): Promise<ChosenServer> {
  const named = options.nats ?? (options.data === undefined ? process.env.NATS_URL : undefined);
  if (named) return { url: named };
  const found = findHouse(options);
  if (found === undefined)
    return {
      url: `nats://127.0.0.1:${DEFAULT_NATS_PORT}`,
      because: "the default; no `mapek up` of yours runs",
    };
  const house = await openFound(found, say);
  return {
    url: house.nats_url,
    ...(options.data === undefined && { because: `${found.because} (${found.dataDir})` }),
    ...(house.nats_server !== null && { name: house.nats_server }),
  };
}

/**
 * Chooses the house of a command, in the same order as {@link chooseServer}.
 *
 * @throws {CliError} MAPEK_CLI_NO_HOUSE where none runs; MAPEK_CLI_SEVERAL_HOUSES.
 */
export async function chooseHouse(
  options: Pick<ServerOptions, "data">,
  say: (line: string) => void,
): Promise<OpenHouse> {
  const found = findHouse(options);
  if (found === undefined)
    throw new CliError("MAPEK_CLI_NO_HOUSE", "no `mapek up` of yours runs; start one");
  return await openFound(found, say);
}

interface Found {
  readonly dataDir: string;
  readonly because: string;
}

function findHouse({ data }: Pick<ServerOptions, "data">): Found | undefined {
  if (data !== undefined) {
    const dataDir = runningIn(resolve(data));
    if (dataDir === undefined)
      throw new CliError("MAPEK_CLI_NO_HOUSE", `no \`mapek up\` of yours runs in ${resolve(data)}`);
    return { dataDir, because: "--data" };
  }
  const here = runningAt(process.cwd());
  if (here !== undefined) return { dataDir: here, because: "the `mapek up` of this folder" };
  const [only, ...others] = runningOfUser(process.env);
  if (only === undefined) return undefined;
  if (others.length > 0) throw several([only, ...others]);
  return { dataDir: only, because: "your only running `mapek up`" };
}

const openFound = ({ dataDir }: Found, say: (line: string) => void): Promise<OpenHouse> =>
  openHouse(dataDir, () =>
    say(`waiting for the \`mapek up\` in ${dataDir}, which starts or stops`),
  );

function several(dataDirs: readonly string[]): CliError {
  const list = dataDirs.map((dataDir) => {
    const house = houseIn(dataDir);
    const told = house === undefined ? "" : ` (${house.nats_url ?? "starts"}, ${holderOf(house)})`;
    return `${dataDir}${told}`;
  });
  return new CliError(
    "MAPEK_CLI_SEVERAL_HOUSES",
    `${list.join("; ")}; choose with --data DIR or --nats URL`,
  );
}
