// Examples in doc comments are programs: each is run as it stands, and what it asserts holds.
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { startServices } from "./support/service-process.ts";

const ROOT = join(import.meta.dirname, "..");
const EXAMPLE = /^ *\* @example\n((?: *\*.*\n)*?) *\* ```\n/gm;

const examples = globSync("packages/{core,client,runtime}/src/**/*.ts", { cwd: ROOT })
  .sort()
  .flatMap((path) =>
    [...readFileSync(join(ROOT, path), "utf8").matchAll(EXAMPLE)].map(([, body = ""], i) => {
      const code = body.replace(/^ *\* ?/gm, "").replace(/^```ts\n/, "");
      return { name: `${path} ${i + 1}`, code, needsServer: code.includes("connect(") };
    }),
  );

/** Runs a program in a process of its own, where packages are found as a user's code finds them. */
async function runs(code: string, url: string): Promise<void> {
  const args = ["--input-type=module-typescript", "--eval", code];
  const env = { ...process.env, NATS_URL: url };
  await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, env });
}

test("there are some, and each asserts something", () => {
  expect(examples.length).toBeGreaterThan(9);
  for (const { name, code } of examples) expect(code, name).toContain("assert");
});

test("one that does not hold fails", async () => {
  const wrong = 'import assert from "node:assert";\nassert.equal(1, 2);';
  await expect(runs(wrong, "")).rejects.toThrow("AssertionError");
});

describe("alone", () => {
  test.concurrent.each(examples.filter(({ needsServer }) => !needsServer))("$name", ({ code }) =>
    runs(code, ""),
  );
});

describe("with a house", () => {
  let server: Awaited<ReturnType<typeof startTestServer>>;
  let services: Awaited<ReturnType<typeof startServices>>;
  beforeAll(async () => {
    server = await startTestServer();
    services = await startServices({ NATS_URL: server.url });
  });
  afterAll(async () => {
    await services?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  test.each(examples.filter(({ needsServer }) => needsServer))("$name", ({ code }) =>
    runs(code, server.url),
  );
});
