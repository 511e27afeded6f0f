import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { startTestCluster, startTestServer } from "../../../test/support/nats.ts";
import { ANSWER_MS } from "../../../test/support/wait-for.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { connect } from "../src/nats/connect.ts";
import { durabilityGauges, isAtRisk, readDurability } from "../src/nats/durability.ts";
import { ensureStreams } from "../src/nats/ensure-streams.ts";
import { streamDeclarations } from "../src/nats/streams.ts";
import { startChild } from "./support/child.ts";

/** What is found on a server once the declared streams are there. */
async function durabilityOf(url: string, monitoringUrls: string | undefined, replicas: number) {
  const config = loadConfig({ flags: { "nats.url": url, "streams.replicas": replicas } });
  const connection = await connect(config.nats, "test");
  try {
    const declarations = streamDeclarations(config);
    await ensureStreams(connection.jsm, declarations);
    const names = declarations.map(({ name }) => name);
    return await readDurability(connection, names, monitoringUrls);
  } finally {
    await connection.nc.close();
  }
}

test("a server that syncs each write says so over its monitoring address", async () => {
  await using server = await startTestServer({ monitoring: true, syncAlways: true });
  const found = await durabilityOf(server.url, server.monitoringUrl, 1);
  expect(found).toEqual({
    version: 1,
    server_version: server.version,
    replicas: 1,
    storage: "file",
    cluster_size: 1,
    sync: "always",
  });
  expect(isAtRisk(found)).toBe(false);
});

test("one replica and a sync every two minutes is a risk, and so is not knowing", async () => {
  await using server = await startTestServer({ monitoring: true });
  const known = await durabilityOf(server.url, server.monitoringUrl, 1);
  expect(known.sync).toBe(120);
  expect(isAtRisk(known)).toBe(true);
  const unknown = await durabilityOf(server.url, undefined, 1);
  expect(unknown.sync).toBe("unknown");
  expect(isAtRisk(unknown)).toBe(true);
  const oneOfTwo = `${server.monitoringUrl}/, http://127.0.0.1:1`;
  expect((await durabilityOf(server.url, oneOfTwo, 1)).sync).toBe("unknown");
});

test("three replicas on three servers", async () => {
  await using cluster = await startTestCluster();
  const monitoring = cluster.nodes.map(({ monitoringUrl }) => monitoringUrl).join(",");
  const found = await durabilityOf(cluster.urls, monitoring, 3);
  expect(found).toMatchObject({ replicas: 3, cluster_size: 3, sync: 120 });
  expect(isAtRisk(found)).toBe(false);
  expect(await durabilityOf(cluster.urls, undefined, 3)).toMatchObject({ cluster_size: null });
});

test("metrics: 0 s for each write, NaN where nobody knows", async () => {
  const registry = new Registry();
  const show = durabilityGauges(registry);
  const base = { version: 1, server_version: "2.15.1", replicas: 3, storage: "file" } as const;
  const seconds = async (sync: "always" | "unknown" | number) => {
    show({ ...base, cluster_size: 3, sync });
    return /^mapek_durability_sync_seconds (\S+)/m.exec(await registry.metrics())?.[1];
  };
  expect(await seconds("always")).toBe("0");
  expect(await seconds("unknown")).toBe("Nan");
  expect(await seconds(120)).toBe("120");
  expect(await registry.metrics()).toContain("mapek_durability_replicas 3");
});

test("a service warns at start, and tells in health, metrics and on request", async () => {
  await using server = await startTestServer({ monitoring: true });
  const monitoring = server.monitoringUrl ?? "";
  await using child = startChild({ NATS_URL: server.url, NATS_MONITORING_URL: monitoring });
  const http = await child.ready();
  expect(child.text()).toMatch(/"level":"?(warn|40).*"sync":120/);
  const health = (await (await fetch(`${http}/healthz`)).json()) as object;
  expect(health).toMatchObject({ durability: { replicas: 1, sync: 120, storage: "file" } });
  const metrics = await (await fetch(`${http}/metrics`)).text();
  expect(metrics).toMatch(/mapek_durability_sync_seconds\S* 120/);
  const { nc } = await connect(loadConfig({ flags: { "nats.url": server.url } }).nats, "asker");
  const answer = await nc.request("mapek.requests.optimizer.durability._", "{}", {
    timeout: ANSWER_MS,
  });
  expect(answer.json()).toMatchObject({ items: [{ replicas: 1, cluster_size: 1, sync: 120 }] });
  await nc.close();
});
