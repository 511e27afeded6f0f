import { connect, type MapekClient } from "@mapek/client";
import { startTestServer } from "../../../test/support/nats.ts";
import { ServiceProcess, startServices } from "../../../test/support/service-process.ts";

/** A whole house with its console, on a server of its own. */
export interface House extends AsyncDisposable {
  readonly natsUrl: string;
  readonly client: MapekClient;
  readonly console: ServiceProcess;
  readonly env: Record<string, string>;
}

/** @param settings Environment of the services and of the console. */
export async function openHouse(settings: Record<string, string>): Promise<House> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startTestServer());
  const env = { NATS_URL: server.url, MAPEK_CONSOLE_PORT: "0", ...settings };
  stack.use(await startServices(env));
  const console = stack.use(new ServiceProcess("console", env));
  await console.start();
  const client = stack.use(await connect({ servers: server.url, name: "somebody" }));
  return {
    natsUrl: server.url,
    client,
    console,
    env,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
