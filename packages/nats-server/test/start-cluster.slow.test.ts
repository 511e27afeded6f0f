import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { type NatsServer, startCluster } from "../src/index.ts";
import { isAlive } from "./processes.ts";
import { until } from "./until.ts";

it("a cluster keeps what three replicas acknowledged when its leader is killed", async () => {
  await using cluster = await startCluster();
  expect(new Set(cluster.nodes.map(({ name }) => name)).size).toBe(3);
  const nc = await connect({ servers: cluster.urls.split(",") });
  const manager = await jetstreamManager(nc);
  await manager.streams.add({ name: "KEPT", subjects: ["kept"], num_replicas: 3 });
  await jetstream(nc).publish("kept", "hello");

  const leader = (await cluster.metaLeader()) as NatsServer;
  leader.kill("SIGKILL");
  await leader.exited;
  await cluster.settled(2);
  expect((await cluster.metaLeader())?.name).not.toBe(leader.name);
  await until("the message is there", async () => {
    const message = await manager.streams.getMessage("KEPT", { seq: 1 }).catch(() => undefined);
    return message?.string() === "hello";
  });

  await leader.restart();
  await cluster.settled();
  const { cluster: group } = await manager.streams.info("KEPT");
  expect(group?.replicas).toHaveLength(2);
  await nc.close();
  await cluster.stop();
  expect(cluster.nodes.map(({ pid }) => isAlive(pid))).toEqual([false, false, false]);
});

it("refuses a cluster without nodes", async () => {
  await expect(startCluster({ size: 0 })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_BAD_OPTION",
  });
});
