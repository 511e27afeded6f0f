import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { startTestCluster } from "../../../test/support/nats.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { SourceWatchdog } from "../src/nats/source-watchdog.ts";

const STREAM = "STREAM";
const ORIGIN = "ORIGIN";

/** A watchdog with what it has counted and said. */
function startWatchdog(nc: NatsConnection, origin: string, responsible: () => boolean) {
  const registry = new Registry();
  const said: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void said.push(line) });
  const watchdog = new SourceWatchdog({ nc, stream: STREAM, origin, responsible, registry, log });
  const stepDowns = async () =>
    (await registry.getSingleMetric("mapek_source_stepdowns_total")?.get())?.values[0]?.value;
  return { said, stepDowns, [Symbol.dispose]: () => watchdog.stop() };
}

const replicated = { num_replicas: 3, storage: "file" } as const;

const countOf = async (jsm: JetStreamManager) => (await jsm.streams.info(STREAM)).state.messages;

const leaderOf = async (jsm: JetStreamManager, stream: string) =>
  (await jsm.streams.info(stream)).cluster?.leader;

test("a source is heard again after its origin's leader was lost, by the one that is responsible", async () => {
  await using cluster = await startTestCluster();
  const setup = await connect({ servers: cluster.urls.split(",") });
  const jsm = await jetstreamManager(setup);
  await jsm.streams.add({ ...replicated, name: ORIGIN, subjects: ["in"] });
  await jsm.streams.add({ ...replicated, name: STREAM, sources: [{ name: ORIGIN }] });
  const successor = cluster.nodes.at(0)?.name;
  const victim = cluster.nodes.at(1);
  if (successor === undefined || victim === undefined) throw new Error("there are three nodes");
  const leads = async (stream: string, preferred: string) => {
    const request = JSON.stringify({ placement: { preferred } });
    await waitFor(`${preferred} leads ${stream}`, async () => {
      if ((await leaderOf(jsm, stream).catch(() => undefined)) === preferred) return true;
      await setup.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, request).catch(() => {});
      return false;
    });
  };
  await leads(ORIGIN, victim.name);
  await leads(STREAM, successor);
  await waitFor("the source delivers", async () => {
    await setup.request("in", "before");
    const { sources } = await jsm.streams.info(STREAM);
    return (sources?.[0]?.active ?? -1) >= 0 && (await countOf(jsm)) > 0;
  });
  await setup.close();

  const servers = cluster.nodes.filter((node) => node !== victim).map(({ url }) => url);
  const nc = await connect({ servers });
  const manager = await jetstreamManager(nc, { timeout: 500, checkAPI: false });
  using idle = startWatchdog(nc, ORIGIN, () => false);
  using acting = startWatchdog(nc, ORIGIN, () => true);
  const before = await countOf(manager);
  victim.kill("SIGKILL");
  await waitFor("the origin has a leader", () =>
    nc.request("in", "after", { timeout: 500 }).then(
      () => true,
      () => false,
    ),
  );
  await waitFor(
    "the source delivers again",
    async () => (await countOf(manager).catch(() => 0)) > before,
  );
  expect(await acting.stepDowns()).toBeGreaterThan(0);
  expect(acting.said.join("")).toContain("does not hear its source");
  expect(await idle.stepDowns()).toBe(0);
  await nc.close();
});

test("a source that hand-overs do not help is left to the server after three of them", async () => {
  await using cluster = await startTestCluster();
  const nc = await connect({ servers: cluster.urls.split(",") });
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ ...replicated, name: ORIGIN, subjects: ["in"] });
  // Nobody answers for this one.
  await jsm.streams.add({ ...replicated, name: STREAM, sources: [{ name: "GONE" }] });
  using watchdog = startWatchdog(nc, ORIGIN, () => true);
  await waitFor("it gives up", () => watchdog.said.join("").includes("do not help"));
  expect(await watchdog.stepDowns()).toBe(3);
  await nc.close();
});
