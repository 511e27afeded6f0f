import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NodeConnectionOptions } from "@nats-io/transport-node";

const POLL_MS = 10;

/**
 * Waits until a server listens and its JetStream answers. The server is identified by its process id: another server
 * could have taken the port.
 *
 * @param portsFolder Folder in which the server writes its ports file once it listens.
 * @param deadline Unix time, ms; after it the last error is thrown.
 * @param isOver Ends the wait early, for example when the process has exited.
 * @returns The server's version.
 */
export async function waitUntilReady(wanted: {
  url: string;
  pid: number;
  portsFolder: string;
  deadline: number;
  isOver: () => boolean;
  connection: NodeConnectionOptions;
}): Promise<string> {
  let reason: unknown = new Error("it did not listen");
  while (!wanted.isOver() && Date.now() < wanted.deadline) {
    if (await listens(wanted.portsFolder, wanted.pid)) {
      try {
        return await askJetStream(wanted);
      } catch (error) {
        reason = error;
      }
    }
    await delay(POLL_MS);
  }
  throw reason;
}

async function listens(portsFolder: string, pid: number): Promise<boolean> {
  const names = await readdir(portsFolder);
  return names.some((name) => name.endsWith(`_${pid}.ports`));
}

async function askJetStream(wanted: {
  url: string;
  deadline: number;
  connection: NodeConnectionOptions;
}): Promise<string> {
  const timeout = Math.max(100, Math.min(2_000, wanted.deadline - Date.now()));
  const connection = await connect({
    timeout,
    ...wanted.connection,
    servers: wanted.url,
    reconnect: false,
    ignoreClusterUpdates: true,
  });
  try {
    const manager = await jetstreamManager(connection, { timeout, checkAPI: false });
    await manager.getAccountInfo();
    return connection.info?.version ?? "unknown";
  } finally {
    await connection.close();
  }
}
