// The documentation names every error code, setting, variable, verb and command that the code has, and links to what there is.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOOPS, MESSAGE_ERRORS, OUTPUT_FAMILIES, VERBS } from "@mapek/core/contract";
import { STATS_ERRORS } from "@mapek/core/statistics";
import { environmentNames, loadConfig, RUNTIME_ERRORS } from "@mapek/runtime";
import { expect, it } from "vitest";
import { CONSOLE_ERRORS } from "../services/console/src/errors.ts";
import { FEEDBACK_ERRORS } from "../services/feedback/src/errors.ts";
import { OPTIMIZER_ERRORS } from "../services/optimizer/src/errors.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const reference = (name: string) => read(`packages/docs/reference/${name}.md`);

it("has every error code with its meaning and consequence", () => {
  const tables = [
    MESSAGE_ERRORS,
    STATS_ERRORS,
    RUNTIME_ERRORS,
    OPTIMIZER_ERRORS,
    FEEDBACK_ERRORS,
    CONSOLE_ERRORS,
  ];
  const page = reference("errors");
  for (const table of tables)
    for (const [code, { meaning, consequence }] of Object.entries(table))
      expect(page).toContain(`| \`${code}\` | ${meaning} | ${consequence} |`);
});

it("has every setting and environment variable, the published defaults among them", () => {
  const page = reference("settings");
  for (const name of Object.keys(environmentNames())) expect(page).toContain(`\`${name}\``);
  for (const [section, settings] of Object.entries(loadConfig()))
    for (const name of Object.keys(settings)) expect(page).toContain(`\`${section}.${name}\``);
  const rows = [
    "`self_learning.learning_window_seconds` | `MAPEK_LEARNING_WINDOW` | number > 0 | `86400`",
    "`self_learning.min_data_points` | `MAPEK_MIN_DATA_POINTS` | integer ≥ 16 | `100`",
    "`self_learning.optimization_interval` | `MAPEK_OPTIMIZATION_INTERVAL` | number > 0 | `3600`",
    "`feedback_loops.signal_history_size` | `MAPEK_FEEDBACK_SIGNAL_HISTORY` | integer ≥ 1 ≤ 10000000 | `10000`",
    "`feedback_loops.action_history_size` | `MAPEK_FEEDBACK_ACTION_HISTORY` | integer ≥ 1 ≤ 10000000 | `5000`",
  ];
  for (const row of rows) expect(page).toContain(row);
  expect(page).toMatch(
    /`dynamic_optimizer.base_monitoring_interval` \| `MAPEK_INITIAL_MONITORING` \|[^|]*\| `60`/,
  );
  expect(page).toMatch(
    /`dynamic_optimizer.base_parallelism` \| `MAPEK_INITIAL_PARALLELISM` \|[^|]*\| `4`/,
  );
});

it("has every output family, loop and request verb", () => {
  const page = reference("subjects");
  for (const family of OUTPUT_FAMILIES) expect(page).toContain(`\`mapek.${family}.`);
  for (const [service, verbs] of Object.entries(VERBS))
    for (const verb of verbs)
      expect(page).toContain(`\`mapek.requests.${service}.${verb}.<system>\``);
  const guide = read("packages/docs/guides/control-loop.md");
  for (const loop of LOOPS) expect(guide).toContain(`\`${loop}\``);
});

it("names every command", () => {
  const commands = globSync("packages/cli/src/commands/*.ts", { cwd: ROOT }).map((path) =>
    path.replace(/^.*\/(\w+)\.ts$/, "$1"),
  );
  expect(commands.length).toBeGreaterThan(9);
  for (const command of commands) expect(read("README.md")).toContain(`\`${command}\``);
});

it("links only to what there is", () => {
  const pages = [
    "README.md",
    "ARCHITECTURE.md",
    ...globSync("{packages,services}/*/**/*.md", { cwd: ROOT }),
  ];
  for (const page of pages.filter((path) => !path.includes("node_modules")))
    for (const [, target = ""] of read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
      expect(existsSync(join(ROOT, dirname(page), target)), `${page}: ${target}`).toBe(true);
});
