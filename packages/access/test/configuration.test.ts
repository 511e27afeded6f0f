// infra/nats shows what `mapek keys init` writes; `vitest -u` rewrites it after a change of permissions.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DEFAULT_PREFIXES, SERVICES } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { ACCESS_ERRORS } from "../src/errors.ts";
import { renderAccounts, renderServerConfig } from "../src/server-config.ts";
import { TEAM_ROLES, teamPermissions } from "../src/team-permissions.ts";

const infra = (name: string) =>
  fileURLToPath(new URL(`../../../infra/nats/${name}`, import.meta.url));
/** Stands for a key; none has this form. */
const keyOf = (name: string) => `U_KEY_OF_${name.toUpperCase()}`;

test("infra/nats/server.conf is the one that is written", async () => {
  const text = renderServerConfig({
    listen: "0.0.0.0:4222",
    monitoring: "127.0.0.1:8222",
    storeDir: "/var/lib/nats",
    certFile: "/etc/nats/tls/server.pem",
    keyFile: "/etc/nats/tls/server-key.pem",
    caFile: "/etc/nats/tls/ca.pem",
    verifyClients: false,
  });
  await expect(text).toMatchFileSnapshot(infra("server.conf"));
});

test("infra/nats/accounts.example.conf shows every role's permissions", async () => {
  const services = ([...SERVICES, "admin"] as const).map((role) => ({
    name: role,
    public_key: keyOf(role),
    grant: { role },
  }));
  const teams = TEAM_ROLES.map((role) => ({
    name: `checkout-${role}`,
    public_key: keyOf(role),
    grant: { role, systems: ["checkout"], signals: role === "publisher" },
  }));
  const text = renderAccounts([{ name: "main", users: [...services, ...teams] }]);
  await expect(text).toMatchFileSnapshot(infra("accounts.example.conf"));
});

test("subjects follow the prefixes", () => {
  const users = [{ name: "monitor", public_key: "U", grant: { role: "monitor" } }] as const;
  const prefixes = { public: "tuning", stored: "tuning-kb" };
  const text = renderAccounts([{ name: "main", prefixes, users }]);
  expect(text).toContain('"tuning.metrics.*.*"');
  expect(text).toContain('"tuning-kb.samples.*"');
  expect(text).not.toMatch(/"mapek[.-]/);
});

test("error codes are those of the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...readme.matchAll(/^\| `(MAPEK_\w+)` +\| (.+?) +\|$/gm)].map(
    ([, code, meaning]) => [code, { meaning, consequence: "fix" }],
  );
  expect(Object.fromEntries(rows)).toEqual(ACCESS_ERRORS);
});

test("an operator may signal, as itself, where its grant says so: what the console needs", () => {
  const may = (signals: boolean) => {
    const grant = { role: "operator", systems: ["*"], signals } as const;
    return teamPermissions(grant, "U", DEFAULT_PREFIXES).publish;
  };
  expect(may(true)).toEqual([...may(false), "mapek.signals.*.*.U"]);
  for (const subject of ["mapek.requests.learner.series.*", "mapek.control.learner.*"])
    expect(may(true)).toContain(subject);
});
