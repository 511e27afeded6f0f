import { type SettingFacts, settingFacts } from "@mapek/core/messages";
import { z } from "zod";
import { configSchema } from "./config-schema.ts";

/** One setting, as its schema and its facts have it. */
export interface Setting extends Partial<SettingFacts> {
  /** Where it stands, such as `nats.url`; `[]` stands for each entry of a list, `*` for each key of a map. */
  readonly key: string;
  /** What a value may be. */
  readonly schema: SettingSchema;
}

/** A part of the configuration as JSON Schema, with the facts of its setting. */
export type SettingSchema = z.core.JSONSchema.BaseSchema & Partial<SettingFacts>;

/** The whole configuration as JSON Schema. Made when it is first asked for: a command that reads no setting does not pay for it. */
export function settingTree(): SettingSchema {
  tree ??= z.toJSONSchema(configSchema, {
    io: "input",
    unrepresentable: "any",
    metadata: settingFacts,
  });
  return tree;
}
let tree: SettingSchema | undefined;

/** Every setting, in the order of its section; what stands in a list or a map of objects follows it. */
export function settingList(): readonly Setting[] {
  list ??= Object.entries(settingTree().properties ?? {}).flatMap(([section, schema]) =>
    settingsIn(`${section}.`, schema as SettingSchema, new Set()),
  );
  return list;
}
let list: readonly Setting[] | undefined;

/** Environment variables and the keys that they set. */
export const environmentNames = (): Readonly<Record<string, string>> =>
  Object.fromEntries(settingList().flatMap(({ env, key }) => (env ? [[env, key]] : [])));

/** @param known Names that stand at a place above: an entry that may repeat them does not list them again. */
function settingsIn(prefix: string, schema: SettingSchema, known: ReadonlySet<string>): Setting[] {
  const properties = Object.entries(schema.properties ?? {}) as [string, SettingSchema][];
  const here = new Set([...known, ...properties.map(([name]) => name)]);
  return properties
    .filter(([name]) => !known.has(name))
    .flatMap(([name, inner]) => {
      const { meaning, unit, env, secret } = inner;
      const key = `${prefix}${name}`;
      return [
        {
          key,
          schema: inner,
          ...(meaning && { meaning }),
          ...(unit && { unit }),
          ...(env && { env }),
          ...(secret && { secret }),
        },
        ...settingsIn(`${key}[].`, (inner.items ?? {}) as SettingSchema, here),
        ...settingsIn(`${key}.*.`, (inner.additionalProperties || {}) as SettingSchema, here),
      ];
    });
}
