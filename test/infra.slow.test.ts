// What stands in infra is valid by its own tools, and names only metrics that there are.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { debianTool } from "./support/debian-tool.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const PROMETHEUS = join(ROOT, "infra", "prometheus");
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly targets: readonly { expr: string }[];
  }[];
}
const dashboards = ["overview", "learned"].map(
  (name) => JSON.parse(read("infra", "grafana", "dashboards", `${name}.json`)) as Dashboard,
);
const expressions = dashboards.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll("$instance", "a"))),
);

describe("Prometheus", () => {
  test("promtool: configuration and rules are valid, and the rules' own tests pass", async (context) => {
    const tool = await debianTool("promtool", "prometheus");
    if ("reason" in tool) return context.skip(tool.reason);
    const promtool = (...args: string[]) => run(tool.path, args, { cwd: PROMETHEUS });
    expect((await promtool("check", "config", "prometheus.yml")).stdout).toContain("SUCCESS");
    const rules = ["rules/learned.yml", "rules/mapek.yml"];
    expect((await promtool("check", "rules", ...rules)).stdout).not.toContain("FAILED");
    expect((await promtool("test", "rules", "tests.yml")).stdout).toContain("SUCCESS");
  });

  test("promtool: every expression of the dashboards is one", async (context) => {
    const tool = await debianTool("promtool", "prometheus");
    if ("reason" in tool) return context.skip(tool.reason);
    const folder = mkdtempSync(join(tmpdir(), "mapek-infra-"));
    try {
      const rules = expressions.map((expr, i) => ({ record: `panel:${i}`, expr }));
      const file = join(folder, "rules.yml");
      writeFileSync(file, stringify({ groups: [{ name: "panels", rules }] }));
      const { stdout } = await run(tool.path, ["check", "rules", file]);
      expect(stdout).toContain(`${expressions.length} rules found`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("amtool: Alertmanager's configuration is valid", async (context) => {
    const tool = await debianTool("amtool", "prometheus-alertmanager");
    if ("reason" in tool) return context.skip(tool.reason);
    const { stdout } = await run(tool.path, ["check-config", "alertmanager.yml"], {
      cwd: PROMETHEUS,
    });
    expect(stdout).toContain("SUCCESS");
  });
});

test("rules and dashboards name only metrics that the services have", () => {
  const known = read("packages", "docs", "reference", "metrics.md");
  const rules = ["learned", "mapek"].map((name) =>
    read("infra", "prometheus", "rules", `${name}.yml`),
  );
  const exprs = rules.flatMap((text) =>
    (parse(text) as { groups: { rules: { expr: string }[] }[] }).groups.flatMap((group) =>
      group.rules.map(({ expr }) => expr),
    ),
  );
  const named = new Set([...exprs, ...expressions].join("\n").match(/\bmapek_\w+/g));
  expect(named.size).toBeGreaterThan(15);
  for (const name of named)
    expect(known, name).toContain(`\`${name.replace(/_(bucket|sum|count)$/, "")}\``);
});

test("panels of a dashboard have ids of their own, and none is empty", () => {
  for (const { panels } of dashboards) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { targets } of panels) expect(targets.length).toBeGreaterThan(0);
  }
});
