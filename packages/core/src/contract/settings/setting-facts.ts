import { z } from "zod";

/** Facts of a setting beyond its schema: all code that lists, reads, logs or explains settings uses these facts. */
export interface SettingFacts {
  /** One or two sentences for the operator who sets it. */
  readonly meaning: string;
  /** Of a number: "s", "bytes", "share" and so on; "metric" is the unit of the values that are judged. */
  readonly unit?: string;
  /** The environment variable that sets it. */
  readonly env?: string;
  /** Part that is never logged: the whole value, or the user, password or token before the `@` of an address. */
  readonly secret?: "value" | "credentials";
}

/** Facts of every setting, by its schema. A wrapping schema (a default, an optional) has the facts of the inner schema. */
export const settingFacts = z.registry<SettingFacts>();

/** Registers the facts of a setting and returns its schema. Two settings never share a schema, since a schema has one set of facts. */
export function setting<Schema extends z.ZodType>(schema: Schema, facts: SettingFacts): Schema {
  if (settingFacts.has(schema)) throw new Error(`a setting's schema twice: ${facts.meaning}`);
  settingFacts.add(schema, facts as never);
  return schema;
}
