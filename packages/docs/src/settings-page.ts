import { type Setting, settingList } from "@mapek/runtime";
import { page, table } from "./markdown.ts";

/** Page of all settings: key, environment variable, values, default, unit, meaning. */
export function settingsPage(): string {
  const sections = Map.groupBy(settingList(), ({ key }) => key.split(".", 1)[0]!);
  return page(
    "Settings",
    "Below `mape_k_tuning:` in the YAML file. Defaults → file → environment → flags. `[]` stands for each entry of a list, `*` for each key of a map.",
    ...[...sections].map(
      ([section, settings]) =>
        `## ${section}\n\n${table(["key", "environment", "values", "default", "unit", "meaning"], settings.map(rowOf))}`,
    ),
  );
}

const rowOf = ({ key, env, schema, unit, meaning }: Setting): string[] => [
  `\`${key}\``,
  env === undefined ? "" : `\`${env}\``,
  valuesOf(schema),
  schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``,
  unit ?? "",
  meaning ?? "",
];

/** Allowed values of a setting: its words, or its type and range. */
function valuesOf(schema: Setting["schema"]): string {
  const words = [schema, ...((schema.anyOf ?? []) as Setting["schema"][])].flatMap(
    (one) => one.enum ?? (one.const === undefined ? [] : [one.const]),
  );
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(", ");
  const limits = [
    ["≥", schema.minimum],
    [">", schema.exclusiveMinimum],
    ["≤", schema.maximum],
  ].flatMap(([sign, limit]) =>
    typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER
      ? [`${sign} ${limit}`]
      : [],
  );
  return [NAMES[schema.type as string] ?? schema.type, ...limits].join(" ");
}

const NAMES: Readonly<Record<string, string>> = { array: "list", object: "map", string: "text" };
