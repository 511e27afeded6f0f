import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { NATS_SERVER_ERRORS, NatsServerError } from "../src/index.ts";

const codes = Object.keys(NATS_SERVER_ERRORS).sort();
const CODE = /MAPEK_NATS_SERVER_[A-Z_]+/g;

it("the README lists exactly the codes of the table", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  expect([...new Set(readme.match(CODE))].sort()).toEqual(codes);
});

it("each code is expected by a test of another file", async () => {
  const folder = new URL("./", import.meta.url);
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith(".test.ts") && name !== "errors.test.ts",
  );
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), "utf8")));
  expect([...new Set(texts.join("\n").match(CODE))].sort()).toEqual(codes);
});

it("an error carries code, consequence, details and cause", () => {
  const cause = new Error("below");
  const details = { path: "/x", reason: "gone" };
  const code = codes.find((it) => it.endsWith("BAD_BINARY")) as "MAPEK_NATS_SERVER_BAD_BINARY";
  const error = new NatsServerError(code, "/x gone", details, cause);
  expect(error).toMatchObject({ code, consequence: "fatal", details, cause });
  expect(error.message).toContain("/x gone");
});
