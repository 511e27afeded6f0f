import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { PARTITIONS } from "./house.ts";

const SCRIPT = fileURLToPath(new URL("./counting-service.ts", import.meta.url));

/** The counting service as a process; disposing of it kills it. */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it wrote to standard error until now. */
  text(): string;
  /** The URL of its health endpoint, once it said that it is ready. */
  ready(): Promise<string>;
  /** Its exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
}

export function startChild(env: Record<string, string>, args: readonly string[] = []): Child {
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    env: {
      ...process.env,
      MAPEK_PARTITIONS: String(PARTITIONS),
      MAPEK_HTTP_PORT: "0",
      ...env,
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  let http: string | undefined;
  child.on("message", (message: { type: string; http: string }) => {
    if (message.type === "ready") http = message.http;
  });
  // Not "close": a process whose channel was disconnected does not say it.
  const exited = Promise.all([once(child, "exit"), once(child.stderr as Readable, "close")]).then(
    ([[code, signal]]) => (code ?? signal) as number | string,
  );
  return {
    process: child,
    text: () => text,
    exited,
    ready: () =>
      waitFor("the service is ready", () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${text}`);
        return http;
      }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
