import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SERVICES, type Service } from "@mapek/core/contract";
import { type NatsServer, startServer } from "@mapek/nats-server";
import { type Connection, connect, loadConfig, STREAMS } from "@mapek/runtime";
import { ServiceProcess } from "../../../test/support/service-process.ts";

/** Folder for CPU profiles of the services, one a service and part; none are taken where it is unset. */
const PROFILE_FOLDER = process.env.MAPEK_BENCH_PROFILES;
const DEADLINE_MS = 300_000;
const TICKS_PER_SECOND = 100;

/** CPU seconds by process. */
type CpuSeconds = Readonly<Record<string, number>>;

/** A server with the four services as processes, all settings at their defaults. */
export class House implements AsyncDisposable {
  readonly server: NatsServer;
  readonly services: Readonly<Record<Service, ServiceProcess>>;
  readonly connection: Connection;
  /** All instances of the learner, the first of `services` among them. */
  readonly learners: ServiceProcess[];

  private constructor(server: NatsServer, services: House["services"], connection: Connection) {
    this.server = server;
    this.services = services;
    this.connection = connection;
    this.learners = [services.learner];
  }

  /** Starts another instance of the learner, which takes its share of the partitions. */
  async addLearner(): Promise<ServiceProcess> {
    const learner = new ServiceProcess("learner", environment(this.server));
    await learner.start();
    this.learners.push(learner);
    return learner;
  }

  /** Ends the newest instance of the learner, which hands over what it has. */
  async removeLearner(): Promise<void> {
    await this.learners.pop()?.end("SIGTERM");
  }

  /** Resolves when each instance of the learner runs its even share of the partitions. */
  async balanced(partitions: number): Promise<void> {
    const share = Math.floor(partitions / this.learners.length);
    for (;;) {
      const owned = await Promise.all(
        this.learners.map(async (learner) =>
          sumOf(await learner.metrics(), "mapek_owned_partitions"),
        ),
      );
      const all = owned.reduce((sum, count) => sum + count, 0);
      if (all === partitions && owned.every((count) => count >= share)) return;
      await delay(20);
    }
  }

  /** @param part Names the profiles. */
  static async start(part: string): Promise<House> {
    const server = await startServer();
    const entries = SERVICES.map((service) => {
      const name = `--cpu-prof-name=${part}-${service}.cpuprofile`;
      const profile: Record<string, string> =
        PROFILE_FOLDER === undefined
          ? {}
          : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${PROFILE_FOLDER} ${name}` };
      return [
        service,
        new ServiceProcess(service, { ...environment(server), ...profile }),
      ] as const;
    });
    await Promise.all(entries.map(([, service]) => service.start()));
    const services = Object.fromEntries(entries) as Record<Service, ServiceProcess>;
    return new House(server, services, await connectTo(server));
  }

  /** Sum of a metric over its labels. */
  async metric(service: Service, name: string): Promise<number> {
    return sumOf(await this.services[service].metrics(), name);
  }

  /**
   * Waits until the learner has learned `count` samples in all. It is asked seldom while much is
   * left, since each question costs it time.
   *
   * @throws {Error} Where it dropped a sample: the measurement would be of something else.
   */
  async learned(count: number): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    let before = { at: performance.now(), points: Number.NaN };
    for (;;) {
      const texts = await Promise.all(this.learners.map((learner) => learner.metrics()));
      const points = sumOf(texts.join("\n"), "mapek_samples_learned");
      const dropped = sumOf(texts.join("\n"), "mapek_samples_dropped");
      if (dropped > 0) throw new Error(`the learner dropped ${dropped} samples`);
      if (points >= count) return;
      if (performance.now() > deadline) throw new Error(`learned ${points} of ${count} samples`);
      const now = performance.now();
      const rate = (points - before.points) / (now - before.at);
      before = { at: now, points };
      const leftMs = (count - points) / rate;
      await delay(Math.min(500, Math.max(30, leftMs > 0 ? leftMs * 0.8 : 50)));
    }
  }

  /** Waits until nothing is written to the knowledge stream but what time itself causes. */
  async quiet(): Promise<void> {
    for (let before = Number.NaN; ; ) {
      const { state } = await this.connection.jsm.streams.info(STREAMS.knowledge);
      if (state.last_seq - before < 50) return;
      before = state.last_seq;
      await delay(1_000);
    }
  }

  /** What every process has used so far. */
  cpuSeconds(): CpuSeconds {
    const { user, system } = process.cpuUsage();
    const seconds: Record<string, number> = {
      publisher: (user + system) / 1e6,
      "nats-server": cpuSecondsOf(this.server.pid),
    };
    // To be asked costs a service something itself.
    for (const service of SERVICES) seconds[service] = cpuSecondsOf(this.services[service].pid);
    return seconds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.nc.close();
    const all = new Set([...Object.values(this.services), ...this.learners]);
    await Promise.all([...all].map((service) => service.end("SIGTERM")));
    await this.server.stop();
  }
}

const environment = ({ url }: NatsServer): Record<string, string> => ({
  NATS_URL: url,
  MAPEK_LOG_LEVEL: "warn",
});

export async function connectTo(server: NatsServer): Promise<Connection> {
  return await connect(loadConfig({ flags: { "nats.url": server.url } }).nats, "bench");
}

/** The difference of two readings as a text. */
export function usedBetween(before: CpuSeconds, after: CpuSeconds, seconds: number): string {
  const used = Object.keys(after).map((name) => {
    const difference = (after[name] ?? 0) - (before[name] ?? 0);
    return `${name} ${difference.toFixed(2)}`;
  });
  return `${used.join(", ")} CPU seconds in ${seconds.toFixed(2)} s`;
}

function sumOf(text: string, name: string): number {
  let sum = 0;
  for (const line of text.split("\n"))
    if (line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  return sum;
}

/** NaN where the system has no /proc. */
function cpuSecondsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(join("/proc", String(pid), "stat"), "utf8")
      .split(") ")
      .at(-1)
      ?.split(" ");
    return (Number(fields?.[11]) + Number(fields?.[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
