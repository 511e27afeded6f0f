// A real node_exporter, scraped by a real Prometheus that writes to the monitor: what is stored is what Prometheus has.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSampleBatch, parseSeriesKey } from "@mapek/core/contract";
import { freePort } from "@mapek/nats-server";
import { STREAMS } from "@mapek/runtime";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { debianTool } from "./support/debian-tool.ts";
import { startTestServer } from "./support/nats.ts";
import { ServiceProcess } from "./support/service-process.ts";
import { waitFor } from "./support/wait-for.ts";

/** A program that ends with the block. */
function running(program: string, args: readonly string[]): AsyncDisposable {
  const child = spawn(program, args, { stdio: "ignore" });
  const ended = once(child, "exit");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Time and value of every stored sample of one series, in order. */
async function stored(nc: NatsConnection, metric: string, labels: Record<string, string>) {
  const { state } = await (await jetstreamManager(nc)).streams.info(STREAMS.samples);
  const found: [number, number][] = [];
  if (state.last_seq === 0) return found;
  const consumer = await jetstream(nc).consumers.get(STREAMS.samples);
  for await (const message of await consumer.consume()) {
    const batch = decodeSampleBatch(message.data);
    if (!batch.ok) throw batch.error;
    const { series, index, times, values } = batch.value;
    const wanted = series.map((key) => {
      const id = parseSeriesKey(key);
      return (
        id.ok &&
        id.value.metric === metric &&
        Object.entries(labels).every(([name, value]) => id.value.labels[name] === value)
      );
    });
    for (const [i, value] of values.entries())
      if (wanted[index[i] as number]) found.push([times[i] as number, value]);
    if (message.seq >= state.last_seq) break;
  }
  return found.sort(([a], [b]) => a - b);
}

it("takes in what Prometheus writes", async (context) => {
  const prometheus = await debianTool("prometheus", "prometheus");
  const nodeExporter = await debianTool("prometheus-node-exporter", "prometheus-node-exporter");
  if ("reason" in prometheus) return context.skip(prometheus.reason);
  if ("reason" in nodeExporter) return context.skip(nodeExporter.reason);
  await using server = await startTestServer();
  const env = { NATS_URL: server.url, MAPEK_PROTOCOLS_HTTP_PORT: "0" };
  await using monitor = await new ServiceProcess("monitor", env).start();
  const health = (await (await fetch(`${monitor.http}/healthz`)).json()) as {
    protocols: { http: string };
  };
  const [exporter, own] = await Promise.all([freePort("127.0.0.1"), freePort("127.0.0.1")]);
  const folder = mkdtempSync(join(tmpdir(), "mapek-prometheus-"));
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [exporter, own].map((port) => ({
      job_name: port === own ? "prometheus" : "node",
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
    })),
    remote_write: [
      {
        url: `${health.protocols.http}/api/v1/write?system=machines`,
        queue_config: { batch_send_deadline: "1s" },
      },
    ],
  };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  await using _exporter = running(nodeExporter.path, [
    `--web.listen-address=127.0.0.1:${exporter}`,
  ]);
  await using _prometheus = running(prometheus.path, [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${own}`,
  ]);
  const nc = await connect({ servers: server.url });
  const idle = { cpu: "0", mode: "idle", job: "node" };
  const rates = await waitFor("five rates of a counter", async () => {
    const found = await stored(nc, "node_cpu_seconds_total_rate", idle);
    return found.length >= 5 && found;
  });
  const query = encodeURIComponent(
    `node_cpu_seconds_total{${Object.entries(idle)
      .map(([name, value]) => `${name}="${value}"`)
      .join(",")}}[5m]`,
  );
  const answer = await fetch(`http://127.0.0.1:${own}/api/v1/query?query=${query}`);
  const { data } = (await answer.json()) as {
    data: { result: { values: [number, string][] }[] };
  };
  const raw = (data.result[0]?.values ?? []).map(([time, text]) => [time * 1_000, Number(text)]);
  for (const [time, rate] of rates) {
    const i = raw.findIndex(([at = 0]) => Math.abs(at - time) < 0.5);
    const [before, after] = [raw[i - 1], raw[i]] as [[number, number], [number, number]];
    expect(rate).toBeCloseTo((after[1] - before[1]) / ((after[0] - before[0]) / 1_000), 6);
  }
  expect((await stored(nc, "node_load1", { job: "node" })).length).toBeGreaterThan(0);
  await waitFor("a quantile of a histogram", async () => {
    const labels = { handler: "/metrics", job: "prometheus" };
    const found = await stored(nc, "prometheus_http_request_duration_seconds_p99", labels);
    return found.length > 0;
  });
  expect(await monitor.metrics()).not.toContain("mapek_rejected_total{");
  await nc.close();
  rmSync(folder, { recursive: true, force: true });
});
