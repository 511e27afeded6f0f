import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLIENT_ERRORS, ClientError } from "../src/index.ts";

const here = new URL(".", import.meta.url);

describe("client errors", () => {
  it("are those of the README, each with its meaning and consequence", () => {
    const readme = readFileSync(new URL("../README.md", here), "utf8");
    const rows = [...readme.matchAll(/^\| `(MAPEK_\w+)` +\| (.+?) +\| (\w+) +\|$/gm)].map(
      ([, code, meaning, consequence]) => [code, { meaning, consequence }],
    );
    expect(Object.fromEntries(rows)).toEqual(CLIENT_ERRORS);
  });

  it("are each provoked by a test", () => {
    const tests = readdirSync(here)
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => readFileSync(new URL(name, here), "utf8"))
      .join("\n");
    for (const code of Object.keys(CLIENT_ERRORS)) expect(tests).toContain(code);
  });

  it("carry code, consequence and cause", () => {
    const cause = new Error("below");
    const error = new ClientError("MAPEK_CLIENT_TIMEOUT", "no answer", { cause });
    expect(error).toMatchObject({ code: "MAPEK_CLIENT_TIMEOUT", consequence: "retry", cause });
    expect(error.message).toBe("MAPEK_CLIENT_TIMEOUT: no answer");
  });
});
