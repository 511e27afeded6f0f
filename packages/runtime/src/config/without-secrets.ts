import type { Config } from "./config-schema.ts";
import { type SettingSchema, settingTree } from "./setting-list.ts";

/** The configuration for the log: values of settings that the schema marks as secret are replaced by "…". */
export const withoutSecrets = (config: Config): object => hidden(config, settingTree()) as object;

function hidden(value: unknown, schema: SettingSchema): unknown {
  if (value === undefined || value === "") return value;
  if (schema.secret === "value") return "…";
  if (schema.secret === "credentials") return withoutCredentials(String(value));
  if (Array.isArray(value))
    return value.map((entry) => hidden(entry, (schema.items ?? {}) as SettingSchema));
  if (typeof value !== "object" || value === null) return value;
  const others = (schema.additionalProperties || {}) as SettingSchema;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      hidden(entry, (schema.properties?.[name] ?? others) as SettingSchema),
    ]),
  );
}

/** Addresses of servers, separated by commas, with user, password and token before each `@` replaced by "…". */
export function withoutCredentials(url: string): string {
  return url
    .split(",")
    .map((server) => server.replace(/^(\s*[a-z]+:\/\/)?.*@/i, "$1…@"))
    .join(",");
}
