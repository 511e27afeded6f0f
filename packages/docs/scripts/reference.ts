// Writes the reference pages and the AsyncAPI document from the code; with --check, proves that the committed ones are current.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asyncApi } from "../src/asyncapi.ts";
import { errorsPage } from "../src/errors-page.ts";
import { metricsPage } from "../src/metrics-page.ts";
import { settingsPage } from "../src/settings-page.ts";
import { subjectsPage } from "../src/subjects-page.ts";

const { version } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"),
) as { version: string };
const pages: Readonly<Record<string, string>> = {
  "asyncapi.json": `${JSON.stringify(asyncApi(version), null, 2)}\n`,
  "errors.md": await errorsPage(),
  "metrics.md": metricsPage(),
  "settings.md": settingsPage(),
  "subjects.md": subjectsPage(),
};
const pathOf = (name: string) => join(import.meta.dirname, "..", "reference", name);

for (const [name, text] of Object.entries(pages)) {
  if (!process.argv.includes("--check")) writeFileSync(pathOf(name), text);
  else if (readOrEmpty(pathOf(name)) !== text) {
    console.error(`packages/docs/reference/${name} is not current: run \`pnpm reference\``);
    process.exitCode = 1;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
