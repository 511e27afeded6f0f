import { type SettingFacts, settingFacts } from "@mapek/core/contract";
import { z } from "zod";
import { configSchema } from "./config-schema.ts";

/** One setting, as its schema and its facts have it. */
export interface Setting extends Partial<SettingFacts> {
  /** Path of the setting, such as `nats.url`; `[]` stands for each entry of a list, `*` for each key of a map. */
  readonly key: string;
  readonly schema: SettingSchema;
}

/** A part of the configuration as JSON Schema, with the facts of its setting. */
export type SettingSchema = z.core.JSONSchema.BaseSchema & Partial<SettingFacts>;

/** The whole configuration as JSON Schema. Built at the first call: commands that read no setting do not pay for it. */
export function settingTree(): SettingSchema {
  tree ??= z.toJSONSchema(configSchema, {
    io: "input",
    unrepresentable: "any",
    metadata: settingFacts,
  });
  return tree;
}
let tree: SettingSchema | undefined;

/** Every setting, in the order of the schema; the settings inside a list or a map follow the setting that holds them. */
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

/** @param known Names of enclosing places. An entry of a list may repeat such a setting, which is then not listed again. */
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
