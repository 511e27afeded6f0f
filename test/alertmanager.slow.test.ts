// A real Alertmanager hears of a real incident: opened, then over.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@mapek/nats-server";
import { expect, test } from "vitest";
import { debianTool } from "./support/debian-tool.ts";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { waitFor } from "./support/wait-for.ts";

const CLI = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
const CONFIG = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n";

/** Where Debian's Alertmanager looks for its templates. */
const SHARE = "/usr/share/prometheus/alertmanager";

/** Where it was unpacked instead of installed, a copy that looks in `folder`, which has a shorter path: slashes fill it up. */
function atHome(program: string, folder: string): string {
  if (existsSync(SHARE)) return program;
  cpSync(join(program, "..", "..", "..", SHARE), folder, { recursive: true });
  const bytes = readFileSync(program);
  const path = Buffer.from(folder.padEnd(SHARE.length, "/"));
  for (let at = bytes.indexOf(SHARE); at >= 0; at = bytes.indexOf(SHARE, at + 1))
    path.copy(bytes, at);
  const copy = join(folder, "alertmanager");
  writeFileSync(copy, bytes, { mode: 0o755 });
  return copy;
}

/** A process of its own until the end of the test. */
function running(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const exited = once(child, "exit");
  return {
    text: () => text,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

interface ActiveAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
}

test("an anomaly is an alert while it is open, also for one who comes later", async (context) => {
  const tool = await debianTool("prometheus-alertmanager", "prometheus-alertmanager");
  if ("reason" in tool) return context.skip(tool.reason);
  await using undo = new AsyncDisposableStack();
  const folder = undo.adopt(mkdtempSync(join(tmpdir(), "mapek-alerts-")), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  writeFileSync(join(folder, "alertmanager.yml"), CONFIG);
  const port = await freePort("127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  undo.use(
    running(atHome(tool.path, folder), [
      `--config.file=${join(folder, "alertmanager.yml")}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ]),
  );
  const server = undo.adopt(await startTestServer(), (it) => it.stop());
  undo.use(await startServices({ NATS_URL: server.url }));
  const observer = undo.use(await Observer.connect(server.url));
  await waitFor("Alertmanager is up", async () => (await fetch(`${url}/-/ready`)).ok);
  const active = async () => (await (await fetch(`${url}/api/v2/alerts`)).json()) as ActiveAlert[];
  const startAlerts = () =>
    running(
      process.execPath,
      [CLI, "alerts", "--alertmanager", url, "--label", "severity=page", "--resend", "1"],
      { ...process.env, NATS_URL: server.url },
    );

  const first = undo.use(startAlerts());
  let time = Date.now() - 820_000;
  const sendAll = (values: readonly number[]) =>
    observer.publish(
      "mapek.metrics.shop.latency",
      values.map((value) => {
        time += 2_000;
        return { value, timestamp: time, labels: { host: "a" } };
      }),
    );
  const normal = (count: number) =>
    sendAll(
      Array.from({ length: count }, (_, i) => 50 + 5 * Math.sin(i) + ((i * 7_919) % 100) / 100),
    );
  normal(400);
  sendAll(new Array(10).fill(500));
  const [alert] = await waitFor("the alert", async () => {
    const alerts = await active();
    return alerts.length > 0 && alerts;
  });
  expect(alert?.labels).toEqual({
    alertname: "MapekAnomaly",
    system: "shop",
    metric: "latency",
    host: "a",
    severity: "page",
  });
  expect(alert?.annotations.summary).toBe('shop/latency{host="a"} is above its usual range');
  await first[Symbol.asyncDispose]();

  // Nobody has told it that the incident is over: without news the alert ends by itself.
  await waitFor("the alert has ended without news", async () => (await active()).length === 0);
  await using second = startAlerts();
  await waitFor(
    "one that comes later asks what is open",
    async () => (await active()).length === 1,
  );
  normal(60);
  await observer.nc.flush();
  await waitFor("it is over", async () => (await active()).length === 0);
  second.kill("SIGTERM");
  expect(await second.exited).toEqual([0, null]);
  expect(second.text()).toBe("");
});
