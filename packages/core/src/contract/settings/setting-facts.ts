import { z } from "zod";

/** What its schema cannot say of a setting: whatever lists, reads, logs or explains settings derives it from here. */
export interface SettingFacts {
  /** One or two sentences for the operator who sets it. */
  readonly meaning: string;
  /** Of a number: "s", "bytes", "share" and so on; "metric" is the unit of the values that are judged. */
  readonly unit?: string;
  /** The environment variable that sets it. */
  readonly env?: string;
  /** Never logged: the whole value, or of an address the user, password or token before its `@`. */
  readonly secret?: "value" | "credentials";
}

/** Facts of every setting, by its schema. A schema that wraps another (a default, an optional) has those of the inner one. */
export const settingFacts = z.registry<SettingFacts>();

/** The schema itself, its facts registered; two settings never share one schema, since the second would take the first one's facts. */
export function setting<Schema extends z.ZodType>(schema: Schema, facts: SettingFacts): Schema {
  if (settingFacts.has(schema)) throw new Error(`a setting's schema twice: ${facts.meaning}`);
  settingFacts.add(schema, facts as never);
  return schema;
}
