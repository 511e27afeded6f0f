import { setTimeout as delay } from "node:timers/promises";
import { STREAMS } from "@mapek/runtime";
import { jetstreamManager } from "@nats-io/jetstream";
import { waitFor } from "../support/wait-for.ts";
import { flipCheckpoints } from "./checkpoint-flip.ts";
import type { SoakHouse } from "./house.ts";
import type { Instance } from "./instance.ts";
import type { FaultEvent, InstanceName } from "./schedule.ts";

type Inject = (house: SoakHouse, event: FaultEvent) => Promise<void>;

/** Does what an event says, and undoes it once its time is over. */
export const inject: Inject = (house, event) => INJECTIONS[event.kind](house, event);

const victimOf = (house: SoakHouse, event: FaultEvent): Instance =>
  house.instance(event.victim as InstanceName);

const paused: Inject = async (house, event) => {
  const victim = victimOf(house, event);
  victim.signal("SIGSTOP");
  await delay(event.durationMs);
  victim.signal("SIGCONT");
};

const serverEnds =
  (signal: "SIGTERM" | "SIGKILL"): Inject =>
  async ({ server }, { durationMs }) => {
    server.kill(signal);
    await server.exited;
    await delay(durationMs);
    await server.restart();
  };

const INJECTIONS: Readonly<Record<FaultEvent["kind"], Inject>> = {
  kill: async (house, event) => victimOf(house, event).kill(),
  zombie: paused,
  pause: paused,
  "server restart": serverEnds("SIGTERM"),
  "server kill": serverEnds("SIGKILL"),
  "leader loss": async ({ nc, servers, cluster }) => {
    const jsm = await jetstreamManager(nc, { checkAPI: false });
    const { leader } = (await jsm.streams.info(STREAMS.knowledge)).cluster ?? {};
    const node = servers.find(({ name }) => name === leader);
    if (node === undefined) throw new Error(`no server is called ${leader}`);
    node.kill("SIGKILL");
    await node.exited;
    await waitFor("another server leads", async () => {
      const { cluster: group } = await jsm.streams.info(STREAMS.knowledge);
      return group?.leader !== undefined && group.leader !== leader;
    });
    await node.restart();
    await cluster?.settled();
  },
  cut: async (house, event) => {
    const { network } = victimOf(house, event);
    network?.cut();
    await delay(event.durationMs);
    network?.heal();
  },
  stall: async (house, event) => {
    const { network } = victimOf(house, event);
    network?.stall();
    await delay(event.durationMs);
    network?.heal();
  },
  // The flow itself does it.
  disorder: async () => {},
  clock: async (house, event) => {
    const victim = victimOf(house, event);
    victim.setClock(event.shiftMs);
    await delay(event.durationMs);
    victim.setClock(0);
  },
  "disk full": async ({ disk, server }, { durationMs }) => {
    await disk?.fill();
    await delay(durationMs);
    await disk?.free();
    // A stream that met the end of the disk stores nothing more until its server is started again.
    await server.restart();
  },
  "checkpoint flip": async (house, event) => {
    await flipCheckpoints(house, event);
  },
};
