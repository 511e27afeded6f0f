import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import type { AccessErrorCode } from "../src/errors.ts";
import { KeyFolder } from "../src/key-folder.ts";
import type { ServerFiles } from "../src/server-config.ts";
import type { Grant } from "../src/team-permissions.ts";

const FILES: ServerFiles = {
  listen: "0.0.0.0:4222",
  certFile: "server.pem",
  keyFile: "server-key.pem",
  caFile: "ca.pem",
  verifyClients: false,
};
const GRANT: Grant = { role: "publisher", systems: ["shop"], signals: false };

function folder(): KeyFolder {
  const path = mkdtempSync(join(tmpdir(), "mapek-keys-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return new KeyFolder(join(path, "keys"));
}

const refusedWith = (code: AccessErrorCode) => expect.objectContaining({ code });

test("makes a key for every service and the administrator of each tenant, for the owner's eyes only", () => {
  const keys = folder();
  const made = keys.init(["acme", "globex"], FILES);
  expect(made.map(({ tenant, name }) => `${tenant}/${name}`)).toEqual(
    ["acme", "globex"].flatMap((tenant) =>
      ["monitor", "learner", "optimizer", "feedback", "admin"].map((name) => `${tenant}/${name}`),
    ),
  );
  const accounts = readFileSync(join(keys.path, "accounts.conf"), "utf8");
  for (const { seedFile, publicKey } of made) {
    const seed = readFileSync(seedFile, "utf8").trim();
    expect(nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey()).toBe(publicKey);
    expect(accounts).toContain(`nkey: ${publicKey}`);
    for (const name of ["accounts.conf", "server.conf", "users.json"])
      expect(readFileSync(join(keys.path, name), "utf8")).not.toContain(seed);
  }
  for (const name of readdirSync(keys.path, { recursive: true, encoding: "utf8" })) {
    const stat = statSync(join(keys.path, name));
    expect([name, stat.mode & 0o777]).toEqual([name, stat.isDirectory() ? 0o700 : 0o600]);
  }
});

test("overwrites nothing", () => {
  const keys = folder();
  const [monitor] = keys.init(["acme"], FILES);
  const seed = readFileSync(monitor?.seedFile ?? "", "utf8");
  expect(() => keys.init(["acme"], FILES)).toThrow(refusedWith("MAPEK_ACCESS_EXISTS"));
  keys.add("acme", "team", GRANT);
  const users = readFileSync(join(keys.path, "users.json"), "utf8");
  expect(() => keys.add("acme", "team", GRANT)).toThrow(refusedWith("MAPEK_ACCESS_EXISTS"));
  expect(() => keys.add("acme", "monitor", GRANT)).toThrow(refusedWith("MAPEK_ACCESS_EXISTS"));
  expect(readFileSync(join(keys.path, "users.json"), "utf8")).toBe(users);
  expect(readFileSync(monitor?.seedFile ?? "", "utf8")).toBe(seed);
});

test.each(["", "a.b", "*", ">", "_", "SYS", "../x", "a b"])("no tenant is called %j", (name) => {
  const keys = folder();
  expect(() => keys.init([name], FILES)).toThrow(refusedWith("MAPEK_ACCESS_BAD_NAME"));
  expect(existsSync(keys.path)).toBe(false);
});

test("a grant names a tenant that there is, and systems that a subject can hold", () => {
  const keys = folder();
  expect(() => keys.add("acme", "x", GRANT)).toThrow(refusedWith("MAPEK_ACCESS_NO_FOLDER"));
  keys.init(["acme"], FILES);
  const bad = refusedWith("MAPEK_ACCESS_BAD_NAME");
  expect(() => keys.add("globex", "x", GRANT)).toThrow(bad);
  expect(() => keys.add("acme", "../x", GRANT)).toThrow(bad);
  for (const system of ["_", ">", "a.b", "shop-*", ""])
    expect(() => keys.add("acme", "x", { ...GRANT, systems: [system] })).toThrow(bad);
  expect(keys.add("acme", "x", { ...GRANT, systems: ["*"] }).name).toBe("x");
});
