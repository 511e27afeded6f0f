import { spawn } from "node:child_process";

export interface CommandResult {
  /** True when the command ran and exited with 0. */
  ok: boolean;
  stdout: string;
  /** One line with the reason: exit code, signal, time-out or missing program. Empty when `ok`. */
  failure: string;
}

/**
 * Runs a command with a time limit; never throws.
 *
 * @param options.timeoutMs Time after which the command is killed, ms. @default 60_000
 * @returns `failure` holds the reason and the last lines of standard error, without passwords in addresses.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number },
): Promise<CommandResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: { ...options.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = "";
    let stderr = "";
    const finish = (ok: boolean, reason: string): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ ok, stdout, failure: ok ? "" : describe(reason, stderr) });
    };
    // `close` is not awaited after the kill: a grandchild may hold the pipes open.
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      finish(false, `no answer within ${timeoutMs / 1000} s`);
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => finish(false, error.message));
    child.on("close", (code, signal) =>
      finish(code === 0, code === null ? `ended by ${signal}` : `exit code ${code}`),
    );
  });
}

function describe(reason: string, stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const tail = lines.slice(-3).join(" / ").slice(-500);
  const text = tail === "" ? reason : `${reason}: ${tail}`;
  return text.replace(/:\/\/[^/@\s]*@/g, "://");
}
