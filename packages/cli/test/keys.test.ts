import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mapek } from "./processes.ts";

const cwd = mkdtempSync(join(tmpdir(), "mapek-cli-keys-"));
afterAll(() => rmSync(cwd, { recursive: true }));

it("keys init makes a configuration and keys, says what comes next, and shows no seed", async () => {
  const { code, stdout } = await mapek(["keys", "init", "--dir", "k", "--tenant", "acme"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("nats-server -c");
  expect(stdout).not.toMatch(/\bSU[A-Z2-7]{20,}/);
  const config = readFileSync(join(cwd, "k", "server.conf"), "utf8");
  expect(config).toContain("sync_interval: always");
  expect(config).toContain(`cert_file: "${join(cwd, "k", "tls", "server.pem")}"`);
  const again = await mapek(["keys", "init", "--dir", "k"], { cwd });
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).toMatch(/^MAPEK_ACCESS_EXISTS: /);
});

it("keys add makes a team's key", async () => {
  const args = ["keys", "add", "publisher", "--dir", "k", "--tenant", "acme", "--system", "shop"];
  const { code, stdout } = await mapek([...args, "--signals", "--json"], { cwd });
  expect(code).toBe(0);
  const made = JSON.parse(stdout) as { name: string; publicKey: string; seedFile: string };
  expect(made.name).toBe("shop-publisher");
  expect(existsSync(made.seedFile)).toBe(true);
  const accounts = readFileSync(join(cwd, "k", "accounts.conf"), "utf8");
  expect(accounts).toContain(`"mapek.signals.shop.*.${made.publicKey}"`);
  const bad = await mapek([...args.slice(0, -1), "shop.*"], { cwd });
  expect(bad.code).toBe(2);
  expect(bad.stderr).toContain("MAPEK_ACCESS_BAD_NAME");
  const reader = ["keys", "add", "reader", "--dir", "k", "--system", "shop", "--signals"];
  expect((await mapek(reader, { cwd })).code).toBe(2);
});
