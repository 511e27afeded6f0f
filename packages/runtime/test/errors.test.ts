import { readdirSync, readFileSync } from "node:fs";
import { MESSAGE_ERRORS } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { environmentNames } from "../src/config/setting-list.ts";
import { RUNTIME_ERRORS, RuntimeError, type RuntimeErrorCode } from "../src/errors.ts";

const SOURCE = new URL("../src/", import.meta.url);

test("the table holds the codes that the source uses, no more and no fewer", () => {
  const used = new Set<string>();
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: "utf8" })) {
    if (file === "errors.ts" || !file.endsWith(".ts")) continue;
    const code = readFileSync(new URL(file, SOURCE), "utf8").replace(/\/\*\*[\s\S]*?\*\//g, "");
    for (const [, found] of code.matchAll(/"(MAPEK_[A-Z_]+)"/g)) used.add(found as string);
  }
  const notErrors = /^MAPEK_(KNOWLEDGE|SAMPLES|SIGNALS|ACTIONS|CONFIG_)$/;
  const variables = environmentNames();
  const codes = [...used].filter(
    (word) => !notErrors.test(word) && !(word in MESSAGE_ERRORS) && !(word in variables),
  );
  expect(codes.sort()).toEqual(Object.keys(RUNTIME_ERRORS).sort());
});

test("an error carries its code, consequence, details and cause", () => {
  const cause = new Error("below");
  const error = new RuntimeError("MAPEK_BATCH_REFUSED", "why", { cause, details: { err_code: 1 } });
  expect(error).toMatchObject({
    name: "RuntimeError",
    message: "MAPEK_BATCH_REFUSED: why",
    consequence: "retry",
    details: { err_code: 1 },
    cause,
  });
});

test.each(Object.entries(RUNTIME_ERRORS))(
  "%s says what it means",
  (code, { meaning, consequence }) => {
    expect(meaning).toMatch(/^[a-z].*[^.]$|^the /);
    expect(new RuntimeError(code as RuntimeErrorCode, "x").consequence).toBe(consequence);
  },
);
