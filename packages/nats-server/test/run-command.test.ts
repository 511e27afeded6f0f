import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runCommand } from "../src/find/run-command.ts";

const shell = (script: string, timeoutMs = 60_000) =>
  runCommand("/bin/sh", ["-c", script], { env: { PATH: process.env.PATH }, timeoutMs });

it("gives the output, or why there is none, in one line without passwords", async () => {
  expect(await shell("echo out; echo err >&2")).toEqual({ ok: true, stdout: "out\n", failure: "" });
  expect(await shell("echo one >&2; echo http://user:secret@host/x >&2; exit 3")).toMatchObject({
    ok: false,
    failure: "exit code 3: one / http://host/x",
  });
  expect(await shell("kill -9 $$")).toMatchObject({ failure: "ended by SIGKILL" });
  const missing = await runCommand("/no/such/program", [], { env: {} });
  expect(missing).toMatchObject({ ok: false, failure: expect.stringContaining("ENOENT") });
});

it("ends a command that takes too long, also when its children hold the output open", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mapek-run-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const child = join(folder, "child");
  const ended = await shell(`/bin/sh -c 'sleep 60; echo > ${child}'; true`, 200);
  expect(ended).toMatchObject({ failure: "no answer within 0.2 s" });
  // Whoever waited for the child would have seen its end.
  expect(existsSync(child)).toBe(false);
});
