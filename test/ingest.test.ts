// From the bytes of another tool to a recommended threshold: a way over HTTP and one over NATS.
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { ServiceProcess } from "./support/service-process.ts";
import { ANSWER_MS, waitFor } from "./support/wait-for.ts";

const COUNT = 150;
const START = Date.now() - COUNT * 1_000;

/** What the learner publishes. */
interface Recommendation {
  readonly metric: string;
  readonly labels?: Record<string, string>;
  readonly recommended_value: number;
  readonly provisional: boolean;
}

it("recommends thresholds for a counter that OpenTelemetry sends and a gauge that Telegraf sends", async () => {
  await using server = await startTestServer();
  const env = { NATS_URL: server.url, MAPEK_PROTOCOLS_HTTP_PORT: "0" };
  await using monitor = new ServiceProcess("monitor", env);
  await using learner = new ServiceProcess("learner", env);
  await Promise.all([monitor.start(), learner.start()]);
  const nc = await connect({ servers: server.url });
  const recommended = new Map<string, Recommendation>();
  nc.subscribe("mapek.recommendations.shop.>", {
    callback: (_error, message) => {
      const one = message.json<Recommendation>();
      if (!one.provisional) recommended.set(one.metric, one);
    },
  });
  await nc.flush();

  const health = (await (await fetch(`${monitor.http}/healthz`)).json()) as {
    protocols: { http: string };
  };
  const dataPoints = Array.from({ length: COUNT }, (_, i) => ({
    // Ten a second, and every fifth second twenty.
    asInt: String(10 * i + 10 * Math.floor(i / 5)),
    timeUnixNano: `${START + i * 1_000}000000`,
  }));
  const hits = { name: "hits", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } };
  const answer = await fetch(`${health.protocols.http}/v1/metrics`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Mapek-System": "shop" },
    body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [hits] }] }] }),
  });
  expect([answer.status, await answer.json()]).toEqual([200, {}]);

  const lines = Array.from(
    { length: COUNT },
    (_, i) => `cpu,host=web-1 usage=${50 + 5 * Math.sin(i)} ${START + i * 1_000}000000`,
  );
  const reply = await nc.request("mapek.telegraf.shop", lines.join("\n"), { timeout: ANSWER_MS });
  expect(reply.json()).toEqual({ accepted: COUNT, rejected: [] });

  const rate = await waitFor("the counter's threshold", () => recommended.get("hits_rate"));
  expect(rate.recommended_value).toBeGreaterThan(10);
  expect(rate.recommended_value).toBeLessThanOrEqual(25);
  const usage = await waitFor("the gauge's threshold", () => recommended.get("cpu_usage"));
  expect(usage.labels).toEqual({ host: "web-1" });
  expect(usage.recommended_value).toBeGreaterThan(50);
  expect(usage.recommended_value).toBeLessThan(65);
  await nc.close();
});
