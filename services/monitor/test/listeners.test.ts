// StatsD over UDP and scraped targets, by the real service.
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { seriesKey } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { openHouse, startMonitor, until } from "./house.ts";

test("a packet of StatsD is gathered over an interval and stored", async () => {
  await using house = await openHouse();
  await using monitor = await startMonitor(
    house.server.url,
    {},
    {},
    {
      ...{ statsd_port: 0, statsd_flush_seconds: 0.2, system_label: "job", default_system: "udp" },
    },
  );
  const { statsd } = (await monitor.health()).protocols as { statsd: string };
  const socket = createSocket("udp4");
  const send = (packet: string) => socket.send(packet, Number(new URL(statsd).port), "127.0.0.1");
  send("level:32|g\nload:320|ms|#job:shop\nbroken");
  send("hits:20|c|@0.5");
  const values = async (system: string) =>
    (await house.stored(`${system}/`)).map(({ key, value }) => [
      key.slice(system.length + 1),
      value,
    ]);
  await until(
    "all three",
    async () => (await values("shop")).length === 4 && (await values("udp")).length === 2,
  );
  const shop = Object.fromEntries(await values("shop"));
  const named = (metric: string) => seriesKey("", metric, { job: "shop" }).slice(1);
  for (const suffix of ["_p50", "_p90", "_p99"]) expect(shop[named(`load${suffix}`)]).toBe(320);
  const udp = Object.fromEntries(await values("udp"));
  expect(udp.level).toBe(32);
  // Forty in about a fifth of a second, by how late the timer was.
  expect(udp.hits_rate).toBeGreaterThan(40);
  expect(udp.hits_rate).toBeLessThanOrEqual(205);
  await until(
    "the broken line is counted",
    async () => (await monitor.metric("mapek_rejected_total")) === 1,
  );
  socket.close();
});

test("targets are looked at in turn, and one that fails is not up", async () => {
  let hits = 0;
  const seen: (string | undefined)[] = [];
  const target = createServer((request, response) => {
    seen.push(request.headers.authorization);
    if (request.url === "/hangs") return;
    response.setHeader("Content-Type", "text/plain; version=0.0.4");
    hits += 10;
    response.end(`# TYPE hits counter\nhits ${hits}\nother 1\ntemp{instance="own"} 20\n`);
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo;
  const instance = `127.0.0.1:${port}`;
  await using house = await openHouse();
  const interval = { interval_seconds: 1 };
  await using monitor = await startMonitor(
    house.server.url,
    {},
    {},
    {
      scrape: [
        {
          ...interval,
          timeout_seconds: 60,
          url: `http://me:se%40cret@${instance}/metrics`,
          system: "good",
          metrics: ["hits", "te*"],
        },
        { ...interval, timeout_seconds: 0.3, url: `http://${instance}/hangs`, system: "bad" },
      ],
    },
  );
  const of = async (metric: string, system: string, labels: Record<string, string>) =>
    (await house.stored(seriesKey(system, metric, labels))).map(({ value }) => value);
  const rates = () => house.stored(seriesKey("good", "hits_rate", { instance }));
  await until("two rates", async () => (await rates()).length > 1);
  const [first, second] = await rates();
  // Ten more at each look, whenever that was.
  const seconds = ((second?.time ?? 0) - (first?.time ?? 0)) / 1_000;
  expect((second?.value ?? 0) * seconds).toBeCloseTo(10, 3);
  expect(new Set(await of("up", "good", { instance }))).toEqual(new Set([1]));
  expect((await of("temp", "good", { instance: "own" }))[0]).toBe(20);
  expect(await of("other", "good", { instance })).toEqual([]);
  await until("not up", async () => (await of("up", "bad", { instance })).includes(0));
  expect(seen).toContain(`Basic ${Buffer.from("me:se@cret").toString("base64")}`);
  monitor.stop();
  expect(await monitor.exitCode).toBe(0);
  target.closeAllConnections();
  target.close();
});
