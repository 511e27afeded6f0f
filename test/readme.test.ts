// The README names every error code, environment variable and setting that the code has, and no other.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LOOPS, MESSAGE_ERRORS, OUTPUT_FAMILIES, VERBS } from "@mapek/core/messages";
import { STATS_ERRORS } from "@mapek/core/stats";
import { ENVIRONMENT, loadConfig, RUNTIME_ERRORS } from "@mapek/runtime";
import { expect, it } from "vitest";
import { FEEDBACK_ERRORS } from "../services/feedback/src/errors.ts";
import { OPTIMIZER_ERRORS } from "../services/optimizer/src/errors.ts";

const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8").replace(
  / +/g,
  " ",
);

it("lists every error code with its meaning and consequence, and no unknown one", () => {
  const tables = [MESSAGE_ERRORS, STATS_ERRORS, RUNTIME_ERRORS, OPTIMIZER_ERRORS, FEEDBACK_ERRORS];
  const rows = tables.flatMap((table) =>
    Object.entries(table).map(
      ([code, { meaning, consequence }]) => `| \`${code}\` | ${meaning} | ${consequence} |`,
    ),
  );
  const listed = readme
    .split("\n")
    .filter((line) => /^\| `MAPEK_[A-Z_]+` \| [^|]+ \| (skip|retry|fenced|fatal) \|$/.test(line));
  expect(listed.sort()).toEqual(rows.sort());
});

it("names every environment variable", () => {
  for (const name of Object.keys(ENVIRONMENT)) expect(readme).toContain(`\`${name}\``);
});

it("names every setting, with the defaults of the first table column", () => {
  const sections = loadConfig();
  for (const [section, settings] of Object.entries(sections))
    for (const name of Object.keys(settings))
      expect(readme, `${section}.${name}`).toMatch(new RegExp(`\`(${section})?\\.${name}\``));
  const {
    self_learning: learning,
    dynamic_optimizer: optimizer,
    feedback_loops: feedback,
  } = sections;
  expect([
    learning.learning_window_seconds,
    learning.min_data_points,
    learning.optimization_interval,
  ]).toEqual([86_400, 100, 3_600]);
  expect([optimizer.base_monitoring_interval, optimizer.base_parallelism]).toEqual([60, 4]);
  expect([feedback.signal_history_size, feedback.action_history_size]).toEqual([10_000, 5_000]);
});

it("shows every output family, loop and request verb", () => {
  for (const family of OUTPUT_FAMILIES) expect(readme).toContain(`\`mapek.${family}.`);
  for (const word of [...LOOPS, ...Object.values(VERBS).flat()])
    expect(readme).toContain(`\`${word}\``);
});
