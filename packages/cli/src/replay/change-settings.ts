import { isDeepStrictEqual } from "node:util";
import {
  type ActorService,
  feedbackSettings,
  learnerSettings,
  optimizerSettings,
} from "@mapek/core/contract";
import { usageError } from "../errors.ts";

/** The section of the configuration that a service's actors read, and its schema. */
const SECTIONS = {
  learner: { section: "self_learning", schema: learnerSettings },
  optimizer: { section: "dynamic_optimizer", schema: optimizerSettings },
  feedback: { section: "feedback_loops", schema: feedbackSettings },
} as const;

/** One `--set self_learning.sensitivity=2`. */
export interface SettingChange {
  readonly service: ActorService;
  /** Keys below the section. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Parses `section.key[.key…]=value`. The value is parsed as JSON; where that fails it is a text.
 *
 * @throws {CliError} MAPEK_CLI_USAGE for a section or a key that actors do not read, or a value out of range.
 */
export function settingChange(text: string): SettingChange {
  const at = text.indexOf("=");
  const [section, ...path] = text.slice(0, Math.max(at, 0)).split(".");
  const service = (Object.keys(SECTIONS) as ActorService[]).find(
    (name) => SECTIONS[name].section === section,
  );
  if (at < 1 || service === undefined || path.length === 0) {
    const known = Object.values(SECTIONS).map((one) => `${one.section}.…=value`);
    throw usageError(`--set ${text}: expected ${known.join(", ")}`);
  }
  const change = { service, path, value: readValue(text.slice(at + 1)) };
  changed(SECTIONS[service].schema.parse({}), [change]);
  return change;
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Applies the changes to a copy of stored settings. @throws {CliError} MAPEK_CLI_USAGE */
export function changed(settings: object, changes: readonly SettingChange[]): object {
  return changes.reduce((made, change) => withOne(made, change), settings);
}

function withOne(settings: object, { service, path, value }: SettingChange): object {
  const { section, schema } = SECTIONS[service];
  const name = [section, ...path].join(".");
  const made = structuredClone(settings) as Record<string, unknown>;
  const unknown = usageError(`--set ${name}: no such setting`);
  let inner: unknown = made;
  // Own keys only: a path through `__proto__` would change the prototype of all objects.
  for (const key of path.slice(0, -1))
    inner = isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  const last = path.at(-1) as string;
  if (!isObject(inner) || last in Object.prototype) throw unknown;
  inner[last] = value;
  const parsed = schema.safeParse(made);
  if (!parsed.success)
    throw usageError(`--set ${name}: ${parsed.error.issues[0]?.message ?? "no such setting"}`);
  // Some schemas drop unknown keys silently: a value that is missing afterwards was no known setting.
  const kept = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), parsed.data);
  if (!isDeepStrictEqual(kept, value)) throw unknown;
  return parsed.data;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
