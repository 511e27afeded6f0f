import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CLI_ERRORS } from "../src/errors.ts";

const here = new URL(".", import.meta.url);

it("error codes are those of the README, each with its meaning and exit code", () => {
  const readme = readFileSync(new URL("../README.md", here), "utf8");
  const rows = [...readme.matchAll(/^\| `(MAPEK_\w+)` +\| (.+?) +\| (\d) +\|$/gm)].map(
    ([, code, meaning, exit]) => [code, { meaning, exit: Number(exit) }],
  );
  expect(Object.fromEntries(rows)).toEqual(CLI_ERRORS);
});

it("error codes are each provoked by a test", () => {
  // What needs the services stands with the tests that cross them.
  const tests = [...readdirSync(here), "../../../test/replay.test.ts"]
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => readFileSync(new URL(name, here), "utf8"))
    .join("\n");
  for (const code of Object.keys(CLI_ERRORS)) expect(tests).toContain(code);
});
