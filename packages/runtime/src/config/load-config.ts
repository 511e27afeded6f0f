import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { z } from "zod";
import { RuntimeError } from "../errors.ts";
import { type Config, configSchema } from "./config-schema.ts";
import { contradictionIn } from "./contradictions.ts";
import { type SettingSchema, settingList, settingTree } from "./setting-list.ts";

/** Sources of the configuration; a later one wins: file, environment, flags. */
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
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { loadConfig } from "@mapek/runtime";
 *
 * const config = loadConfig({ env: { MAPEK_PARTITIONS: "4" }, flags: { "nats.url": "nats://a:4222" } });
 * assert.equal(config.streams.partitions, 4);
 * assert.throws(() => loadConfig({ env: { MAPEK_PARTITIONS: "many" } }), /streams.partitions/);
 * ```
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const env = sources.env ?? {};
  const file = sources.file ?? (env.MAPEK_CONFIG || undefined);
  const tree = file === undefined ? {} : readTree(file);
  const origins = new Map<string, string>();
  for (const { env: name = "", key, schema, secret } of settingList()) {
    const text = env[name];
    if (text === undefined || text === "") continue;
    setKey(tree, key, valueOfText(text, schema.type));
    origins.set(key, `environment ${name}=${secret ? "…" : JSON.stringify(text)}`);
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

function readTree(file: string): Tree {
  let document: unknown;
  try {
    document = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    // Only the first line goes into the error: the parser's next lines quote the file, which may hold a secret.
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
  // An empty section (`streams:` with nothing below) counts as unset.
  return Object.fromEntries(Object.entries(tuning).filter(([, section]) => section !== null));
}

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function setKey(tree: Tree, key: string, value: unknown): void {
  const [section = "", name = ""] = key.split(".");
  const branch = tree[section] ?? {};
  tree[section] = isTree(branch) ? { ...branch, [name]: value } : branch;
}

/**
 * Converts a text to a number or boolean where the schema expects one. A text that is neither stays a text, which the
 * schema refuses.
 */
function valueOfText(text: string, type: SettingSchema["type"]): unknown {
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (type !== "number" && type !== "integer") return text;
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

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

/** The keys that the schema allows at a path of the file. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let place = settingTree();
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
