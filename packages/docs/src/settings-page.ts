import { configSchema, ENVIRONMENT } from "@mapek/runtime";
import { z } from "zod";
import { page, table } from "./markdown.ts";
import { commentAbove, sources } from "./source-scan.ts";

type Schema = { [key: string]: unknown } & { properties?: Record<string, Schema> };

/** Where the settings of a section are declared, with what they mean. */
const DECLARED: Readonly<Record<string, string>> = {
  self_learning: "packages/core/src/messages/learner-settings.ts",
  dynamic_optimizer: "packages/core/src/messages/settings.ts",
  feedback_loops: "packages/core/src/messages/settings.ts",
};
const CONFIG = "packages/runtime/src/config-schema.ts";

/** Every setting: key, environment variable, values, default, meaning. */
export function settingsPage(): string {
  const texts = sources();
  const schema = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as Schema;
  const variables = new Map(Object.entries(ENVIRONMENT).map(([name, key]) => [key, name]));
  const parts = Object.entries(schema.properties ?? {}).map(([section, { properties = {} }]) => {
    const declared = [
      texts.get(DECLARED[section] ?? ""),
      sectionOf(texts.get(CONFIG) ?? "", section),
    ];
    const rows = Object.entries(properties).map(([name, setting]) => {
      const key = `${section}.${name}`;
      const comment = declared.map((text) => commentAbove(text ?? "", name)).find(Boolean) ?? "";
      return [
        `\`${key}\``,
        variables.has(key) ? `\`${variables.get(key)}\`` : "",
        valuesOf(setting),
        "default" in setting ? `\`${JSON.stringify(setting.default)}\`` : "",
        comment,
      ];
    });
    return `## ${section}\n\n${table(["key", "environment", "values", "default", "meaning"], rows)}`;
  });
  return page(
    "Settings",
    "Below `mape_k_tuning:` in the YAML file. Defaults → file → environment → flags.",
    ...parts,
  );
}

/** The declaration of one section: `host` and `port` stand in several. */
function sectionOf(text: string, section: string): string {
  const [, rest = ""] = text.split(new RegExp(`^const ${section}(?:Settings)? = `, "m"));
  return rest.split(/^(?:export )?const /m, 1)[0] ?? "";
}

function valuesOf(schema: Schema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(", ");
  const limits = [
    ["minimum", "≥"],
    ["exclusiveMinimum", ">"],
    ["maximum", "≤"],
  ].flatMap(([name = "", sign]) =>
    typeof schema[name] === "number" && Math.abs(schema[name]) < Number.MAX_SAFE_INTEGER
      ? [`${sign} ${schema[name]}`]
      : [],
  );
  return [schema.type ?? "see the schema", ...limits].join(" ");
}
