import { connect, type MapekClient } from "@mapek/client";
import { startTestServer } from "../../../test/support/nats.ts";
import { ServiceProcess, startServices } from "../../../test/support/service-process.ts";

/** A whole house with its console, on a server of its own. */
export interface House extends AsyncDisposable {
  readonly server: Awaited<ReturnType<typeof startTestServer>>;
  readonly client: MapekClient;
  readonly console: ServiceProcess;
  /** What its processes were started with. */
  readonly env: Record<string, string>;
}

/** @param settings Environment of the services and of the console. */
export async function openHouse(settings: Record<string, string>): Promise<House> {
  const stack = new AsyncDisposableStack();
  try {
    const server = stack.adopt(await startTestServer(), (it) => it.stop());
    const env = { NATS_URL: server.url, MAPEK_CONSOLE_PORT: "0", ...settings };
    stack.use(await startServices(env));
    const console = stack.use(await new ServiceProcess("console", env).start());
    const client = stack.use(await connect({ servers: server.url, name: "somebody" }));
    return { server, client, console, env, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

const wave = (i: number): number => 50 + 5 * Math.sin(i) + ((i * 7919) % 100) / 100;
/** Samples before the burst, and of it. */
const USUAL = 400;
const BURST = 10;

/**
 * Seven minutes of a series, then a burst at ten times its values, then as before: one anomaly that has closed, and a threshold.
 *
 * @returns When the burst began, ms.
 */
export async function publishBurst(
  client: MapekClient,
  system: string,
  metric: string,
): Promise<number> {
  const begin = Date.now() - 500_000;
  const samples = Array.from({ length: USUAL + BURST + 60 }, (_, i) => ({
    timestamp: begin + i * 1_000,
    value: i >= USUAL && i < USUAL + BURST ? 500 : wave(i),
  }));
  await client.publish(system, metric, samples, { acknowledge: true });
  return begin + USUAL * 1_000;
}
