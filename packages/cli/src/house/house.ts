/** Content of `house.json`, by which other commands of the same user find a running `mapek up`. */
export interface House {
  readonly version: 1;
  /** Data folder; the lock file in it is locked while the house runs. */
  readonly data: string;
  /** Process id, for messages only: a process id means nothing in another container. */
  readonly pid: number;
  /** Name of the machine or container. */
  readonly host: string;
  /** ISO 8601. */
  readonly started_at: string;
  /** Version of the `mapek` command that runs the house. */
  readonly mapek: string;
  /** Without credentials; null until all services are ready. */
  readonly nats_url: string | null;
  /** Name of an embedded server, new with each start; null for a server that ran already. */
  readonly nats_server: string | null;
  /** Health endpoints of the services, and the console's address with its token. */
  readonly http: Readonly<Record<string, string>>;
}

/** Parses the content of `house.json`; undefined where it is malformed or of another version. */
export function parseHouse(text: string): House | undefined {
  let value: Partial<Record<keyof House, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (value?.version !== 1) return undefined;
  const { data, pid, host, started_at, mapek, nats_url, nats_server, http } = value;
  const isWhole =
    [data, host, started_at, mapek].every((it) => typeof it === "string") &&
    [nats_url, nats_server].every((it) => it === null || typeof it === "string") &&
    typeof pid === "number" &&
    typeof http === "object" &&
    http !== null &&
    Object.values(http).every((url) => typeof url === "string");
  return isWhole ? (value as unknown as House) : undefined;
}

/** Who runs a house, for error messages. */
export const holderOf = ({ pid, host, started_at }: House): string =>
  `process ${pid} on ${host} since ${started_at}`;
