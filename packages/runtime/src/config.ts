import { readFileSync } from "node:fs";
import { prefixesOverlap } from "@mapek/core/messages";
import { parse } from "yaml";
import { z } from "zod";
import { type Config, configSchema } from "./config-schema.ts";
import { RuntimeError } from "./errors.ts";

/** Environment variables and the configuration keys that they set. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  MAPEK_LEARNING_WINDOW: "self_learning.learning_window_seconds",
  MAPEK_MIN_DATA_POINTS: "self_learning.min_data_points",
  MAPEK_OPTIMIZATION_INTERVAL: "self_learning.optimization_interval",
  MAPEK_INITIAL_MONITORING: "dynamic_optimizer.base_monitoring_interval",
  MAPEK_INITIAL_PARALLELISM: "dynamic_optimizer.base_parallelism",
  MAPEK_MODE: "dynamic_optimizer.mode",
  MAPEK_FEEDBACK_SIGNAL_HISTORY: "feedback_loops.signal_history_size",
  MAPEK_FEEDBACK_ACTION_HISTORY: "feedback_loops.action_history_size",
  NATS_URL: "nats.url",
  NATS_USER: "nats.user",
  NATS_PASSWORD: "nats.password",
  NATS_TOKEN: "nats.token",
  NATS_CREDS: "nats.credentials_file",
  NATS_NKEY_SEED_FILE: "nats.nkey_seed_file",
  NATS_CA: "nats.tls_ca_file",
  NATS_MONITORING_URL: "nats.monitoring_url",
  NATS_CERT: "nats.tls_cert_file",
  NATS_KEY: "nats.tls_key_file",
  NATS_INBOX_PREFIX: "nats.inbox_prefix",
  MAPEK_PARTITIONS: "streams.partitions",
  MAPEK_REPLICAS: "streams.replicas",
  MAPEK_MEMBER_TTL: "membership.ttl_seconds",
  MAPEK_CHECKPOINT_INTERVAL: "checkpoints.interval_seconds",
  MAPEK_PROTOCOLS_HOST: "protocols.host",
  MAPEK_PROTOCOLS_HTTP_PORT: "protocols.http_port",
  MAPEK_STATSD_PORT: "protocols.statsd_port",
  MAPEK_MAX_MEMORY_MB: "memory.max_mb",
  MAPEK_COLLECT: "collectors.enabled",
  MAPEK_SYSTEM: "collectors.system",
  MAPEK_HTTP_HOST: "http.host",
  MAPEK_HTTP_PORT: "http.port",
  MAPEK_CONSOLE_HOST: "console.host",
  MAPEK_CONSOLE_PORT: "console.port",
  MAPEK_CONSOLE_TOKEN: "console.token",
  MAPEK_LOG_LEVEL: "log.level",
};

/** Where configuration comes from; later ones win: file, environment, flags. */
export interface ConfigSources {
  /** Path of a YAML file with `mape_k_tuning:` at its top. */
  readonly file?: string | undefined;
  /** @default {} An empty variable counts as unset; `MAPEK_CONFIG` names the file where `file` does not. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values by key, such as `{ "nats.url": "nats://…" }`; undefined ones are ignored. */
  readonly flags?: Readonly<Record<string, string | number | boolean | undefined>>;
}

type Tree = { [key: string]: unknown };

/**
 * Resolves the configuration: defaults, then the YAML file, then the environment, then flags.
 *
 * @throws {RuntimeError} MAPEK_CONFIG_UNREADABLE, MAPEK_CONFIG_UNKNOWN_KEY or MAPEK_CONFIG_BAD_VALUE;
 * the text names the source, the key and what was expected.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const env = sources.env ?? {};
  const file = sources.file ?? (env.MAPEK_CONFIG || undefined);
  const tree = file === undefined ? {} : readTree(file);
  const origins = new Map<string, string>();
  for (const [name, key] of Object.entries(ENVIRONMENT)) {
    const text = env[name];
    if (text === undefined || text === "") continue;
    setKey(tree, key, valueOfText(text, key));
    origins.set(key, `environment ${name}=${isSecret(key) ? "…" : JSON.stringify(text)}`);
  }
  for (const [key, value] of Object.entries(sources.flags ?? {})) {
    if (value === undefined) continue;
    setKey(tree, key, value);
    origins.set(key, `flag for ${key}`);
  }
  const result = configSchema.safeParse(tree);
  if (!result.success) throw refusal(result.error, file, origins);
  const contradiction = contradictionIn(result.data);
  if (contradiction !== undefined)
    throw new RuntimeError(
      "MAPEK_CONFIG_BAD_VALUE",
      `${[file, ...origins.values()].filter(Boolean).join(", ")}: ${contradiction}`,
    );
  return deepFreeze(result.data);
}

/** What no single value can show: settings that cannot hold together. */
function contradictionIn({ self_learning, streams }: Config): string | undefined {
  const { public_prefix, stored_prefix } = streams;
  if (prefixesOverlap({ public: public_prefix, stored: stored_prefix }))
    return `streams.public_prefix ${public_prefix} and streams.stored_prefix ${stored_prefix} overlap, expected two roots`;
  return contradictionOfLearning(self_learning);
}

function contradictionOfLearning(learning: Config["self_learning"]): string | undefined {
  const { window_capacity, metrics } = learning;
  for (const [i, entry] of [learning, ...metrics].entries()) {
    const place = i === 0 ? "self_learning" : `self_learning.metrics.${i - 1}`;
    const { min_data_points = 0, minimum = -Infinity, maximum = Infinity } = entry;
    if (min_data_points > window_capacity)
      return `${place}.min_data_points ${min_data_points}: expected at most self_learning.window_capacity, ${window_capacity}`;
    if (minimum > maximum)
      return `${place}.minimum ${minimum}: expected at most its maximum, ${maximum}`;
  }
  return undefined;
}

function readTree(file: string): Tree {
  let document: unknown;
  try {
    document = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    // Only the first line: after it the parser shows the place in the file, which may hold a secret.
    const [fault] = (cause as Error).message.split("\n", 1);
    throw new RuntimeError("MAPEK_CONFIG_UNREADABLE", `${file}: ${fault}`);
  }
  if (document === null || document === undefined) return {};
  if (!isTree(document))
    throw new RuntimeError(
      "MAPEK_CONFIG_BAD_VALUE",
      `${file}: expected a map with mape_k_tuning at its top`,
    );
  const unknown = Object.keys(document).filter((key) => key !== "mape_k_tuning");
  if (unknown.length > 0)
    throw new RuntimeError(
      "MAPEK_CONFIG_UNKNOWN_KEY",
      `${file}: ${unknown.join(", ")}: unknown key, expected mape_k_tuning`,
    );
  const tuning = document.mape_k_tuning ?? {};
  if (!isTree(tuning))
    throw new RuntimeError("MAPEK_CONFIG_BAD_VALUE", `${file}: mape_k_tuning: expected a map`);
  // A section with nothing in it counts as unset.
  return Object.fromEntries(Object.entries(tuning).filter(([, section]) => section !== null));
}

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function setKey(tree: Tree, key: string, value: unknown): void {
  const [section = "", name = ""] = key.split(".");
  const branch = tree[section] ?? {};
  tree[section] = isTree(branch) ? { ...branch, [name]: value } : branch;
}

/** Numbers and booleans where the schema wants them; a text that is neither is left for the schema to refuse. */
function valueOfText(text: string, key: string): unknown {
  if (TEXT_KEYS.test(key) || text.trim() === "") return text;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

const TEXT_KEYS =
  /^nats\.(?!connect_timeout)|^log\.|\.host$|^console\.token$|^collectors\.system$|\.mode$/;
const isSecret = (key: string): boolean => /password|token|seed|url/.test(key);

function refusal(
  error: z.ZodError,
  file: string | undefined,
  origins: ReadonlyMap<string, string>,
): RuntimeError {
  const issue = error.issues.find(({ code }) => code === "unrecognized_keys") ?? error.issues.at(0);
  if (issue === undefined) return new RuntimeError("MAPEK_CONFIG_BAD_VALUE", "unknown fault");
  const path = issue.path.map(String).join(".");
  const origin = origins.get(issue.path.slice(0, 2).join(".")) ?? file ?? "configuration";
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => (path === "" ? key : `${path}.${key}`));
    return new RuntimeError(
      "MAPEK_CONFIG_UNKNOWN_KEY",
      `${origin}: ${keys.join(", ")}: unknown key, expected ${knownKeys(issue.path).join(", ")}`,
    );
  }
  return new RuntimeError("MAPEK_CONFIG_BAD_VALUE", `${origin}: ${path}: ${textOf(issue)}`);
}

const textOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "invalid_union"
    ? issue.errors
        .flat()
        .map(({ message }) => message)
        .join("; or ")
    : issue.message;

/** The keys that may stand at a place of the file. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let place: z.core.JSONSchema.BaseSchema = z.toJSONSchema(configSchema, { io: "input" });
  for (const key of path)
    place = (place.properties?.[String(key)] ??
      place.items ??
      place.additionalProperties ??
      {}) as typeof place;
  const names = place.propertyNames as typeof place | undefined;
  return Object.keys(place.properties ?? {}).concat((names?.enum ?? []) as string[]);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/** The configuration as it may be logged: credentials are replaced. */
export function withoutSecrets(config: Config): object {
  const { password, token, url, monitoring_url: monitoring, ...nats } = config.nats;
  const hidden = {
    ...(password && { password: "…" }),
    ...(token && { token: "…" }),
    ...(monitoring && { monitoring_url: withoutCredentials(monitoring) }),
  };
  const scrape = config.protocols.scrape.map((target) => ({
    ...target,
    url: withoutCredentials(target.url),
  }));
  return {
    ...config,
    nats: { ...nats, ...hidden, url: withoutCredentials(url) },
    console: { ...config.console, ...(config.console.token && { token: "…" }) },
    protocols: { ...config.protocols, scrape },
  };
}

/** Addresses of servers, separated by commas, without the user, password or token before each `@`. */
export function withoutCredentials(url: string): string {
  return url
    .split(",")
    .map((server) => server.replace(/^(\s*[a-z]+:\/\/)?.*@/i, "$1…@"))
    .join(",");
}
