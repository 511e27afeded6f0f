import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Ends a wait that is stuck; says nothing about speed. */
const DEADLINE_MS = 240_000;

/** `mapek up` of one checkout on one data folder, as a user starts it. */
export interface RunningHouse extends AsyncDisposable {
  readonly natsUrl: string;
  /** Sends SIGTERM and waits for the end; the exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts `mapek up` from the source of a checkout, without console and collectors, and waits until it is ready.
 *
 * @param checkout Folder of the repository whose code runs.
 * @throws {Error} with what it wrote, where it ends before it is ready.
 */
export async function startHouse(checkout: string, dataDir: string): Promise<RunningHouse> {
  const child = spawn(
    process.execPath,
    [
      join(checkout, "packages/cli/src/main.ts"),
      ...["up", "--no-console", "--no-collect", "--no-restart", "--json", "--data", dataDir],
      ...["--config", join(import.meta.dirname, "house.yaml")],
    ],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, MAPEK_HTTP_PORT: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let written = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  const exited = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    return code;
  };
  try {
    const natsUrl = await Promise.race([
      readyUrl(child),
      exited.then(([code]) => Promise.reject(new Error(`up ended with ${code}`))),
      once(AbortSignal.timeout(DEADLINE_MS), "abort").then(() =>
        Promise.reject(new Error(`up was not ready within ${DEADLINE_MS / 1_000} s`)),
      ),
    ]);
    return { natsUrl, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${(error as Error).message}:\n${written}`);
  }
}

async function readyUrl(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) {
    const event = JSON.parse(line) as { event: string; nats_url: string };
    if (event.event !== "ready") continue;
    child.stdout?.resume();
    return event.nats_url;
  }
  return new Promise(() => {});
}
