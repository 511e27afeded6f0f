import { readFileSync } from "node:fs";
import { join } from "node:path";
import specs from "@asyncapi/specs";
import { SERVICES } from "@mapek/core/contract";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer } from "../../../test/support/nats.ts";
import { startServices } from "../../../test/support/service-process.ts";

const reference = (name: string) =>
  readFileSync(join(import.meta.dirname, "..", "reference", name), "utf8");

describe("the AsyncAPI document", () => {
  const document = JSON.parse(reference("asyncapi.json"));

  test("is valid by the specification's own schema", () => {
    const schema = specs.schemasWithoutId["3.0.0"] as object;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    // The schema is one that can refuse.
    expect(validate({ ...document, asyncapi: "2.0.0" })).toBe(false);
    expect(validate({ ...document, operations: { bad: { action: "dance" } } })).toBe(false);
  });

  test("refers only to what is there", () => {
    const refs = [...reference("asyncapi.json").matchAll(/"\$ref": "#\/([^"]+)"/g)];
    expect(refs.length).toBeGreaterThan(50);
    for (const [, path = ""] of refs) {
      const found = path
        .split("/")
        .reduce((part, key) => (part as Record<string, unknown> | undefined)?.[key], document);
      expect(found, path).toBeDefined();
    }
  });
});

describe("the metrics page", () => {
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

  test("has every metric that the services serve, and no other help", async () => {
    const text = reference("metrics.md");
    for (const service of SERVICES) {
      const served = await services[service].metrics();
      const own = [...served.matchAll(/^# HELP (mapek_\w+) (.*)$/gm)].filter(
        ([, name = ""]) => !/^mapek_(process|nodejs)_/.test(name),
      );
      expect(own.length).toBeGreaterThan(20);
      for (const [, name = "", help = ""] of own) {
        const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
        expect(row, name).toMatch(new RegExp(`\\| (every service|.*\\b${service}\\b.*) \\| `));
        expect(row, name).toContain(`| ${help} |`);
      }
    }
  });
});
