// `mapek replay` after a real session: what is stored comes out again, other settings give what they would have given.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { analyze } from "@mapek/core/learning";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { replayCommand } from "../packages/cli/src/commands/replay.ts";
import { runProgram } from "../packages/cli/src/program.ts";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { FIRST, queueValues, runSession, SESSION, SESSION_CONFIG } from "./support/session.ts";
import { ANSWER_MS, waitFor } from "./support/wait-for.ts";

const MAPEK = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
const { system, queue } = SESSION;

let server: Awaited<ReturnType<typeof startTestServer>>;
let services: Awaited<ReturnType<typeof startServices>>;
let observer: Observer;
let startedAt: number;
let beganAt: number;

beforeAll(async () => {
  server = await startTestServer();
  services = await startServices({ NATS_URL: server.url, MAPEK_CONFIG: SESSION_CONFIG });
  observer = await Observer.connect(server.url);
  beganAt = Date.now();
  ({ startedAt } = await runSession(observer));
});

afterAll(async () => {
  await observer?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
  await server?.stop();
});

/** Runs the command as a process of its own. */
async function replayAlone(...args: string[]) {
  const command = [MAPEK, "replay", "--nats", server.url, ...args];
  return await promisify(execFile)(process.execPath, command).then(
    (done) => ({ ...done, code: 0 }),
    (failed: { code: number; stdout: string; stderr: string }) => failed,
  );
}

/** The same here, where nothing has to be loaded again, with `--json`: its exit code and its report. */
async function replay(...args: string[]) {
  let out = "";
  const spies = [process.stdout, process.stderr].map((stream, i) =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      if (i === 0) out += text;
      return true;
    }),
  );
  try {
    const code = await runProgram(replayCommand(), ["--nats", server.url, "--json", ...args]);
    return { code, report: out === "" ? undefined : JSON.parse(out) };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const FAMILIES =
  /^mapek\.(recommendations|thresholds|anomalies|changes|parameters|transitions|feedback|actions)\./;
const published = () => observer.seen.filter(({ subject }) => FAMILIES.test(subject));

describe("with the same settings", () => {
  it("every output comes out again, byte for byte", async () => {
    const before = published().length;
    const { code, report } = await replay();
    expect(report.differences).toBe(0);
    // Some may come meanwhile: a series that falls silent is told of.
    expect(report.identical).toBeGreaterThanOrEqual(before);
    expect(report.identical).toBeLessThanOrEqual(published().length);
    expect(report.services.map((one: { service: string }) => one.service)).toEqual([
      "learner",
      "optimizer",
      "feedback",
    ]);
    expect(report.services.every((one: { identical: number }) => one.identical > 0)).toBe(true);
    expect(code).toBe(0);
  });

  it("a stretch of time has its own outputs, on top of the state from before it", async () => {
    const transition = observer.on(`mapek.transitions.${system}`).at(-1);
    const whole = await replay("--service", "optimizer");
    const later = await replay(
      ...["--service", "optimizer", "--from", String(transition.timestamp)],
    );
    expect(later.report.differences).toBe(0);
    expect(later.report.identical).toBeGreaterThan(0);
    expect(later.report.identical).toBeLessThan(whole.report.identical);
    // Before anything was stored there is nothing.
    const { report, code } = await replay("--to", String(beganAt - 60_000));
    expect(report).toMatchObject({ identical: 0, differences: 0 });
    expect(code).toBe(0);
  });

  it("says so in a line", async () => {
    const { code, stdout, stderr } = await replayAlone();
    expect(stdout.trim().split("\n").at(-1)).toMatch(/^\d+ outputs identical$/);
    expect(code).toBe(0);
    // No progress where nobody sits before it.
    expect(stderr).toBe("");
  });
});

describe("with other settings", () => {
  it("lists the alarms that another sensitivity gives, just those", async () => {
    const { code, report } = await replay("--set", "self_learning.sensitivity=4");
    const times = queueValues.map((_, i) => startedAt + i * 1_000);
    const alarmsAt = (sensitivity: number) =>
      analyze(times, queueValues, { sensitivity }).anomalies.map(({ opened_at }) => opened_at);
    const only = alarmsAt(4).filter((at) => !alarmsAt(1).includes(at));
    expect(only).toHaveLength(1);
    const { alarms } = report.changes;
    const ofQueue = (some: { series: string; opened_at: number }[]) =>
      some.filter(({ series }) => series === `${system}/${queue}`).map((one) => one.opened_at);
    expect(ofQueue(alarms.only_after)).toEqual(only);
    expect(ofQueue(alarms.only_before)).toEqual([]);
    const opened = observer.seen.filter(
      ({ subject, body }) => subject.startsWith("mapek.anomalies.") && body.phase === "opened",
    );
    expect(alarms.before).toBe(opened.length);
    // What is stored is still what comes out with the settings of then.
    expect(report.differences).toBe(0);
    expect(code).toBe(0);
  });

  it("lists the transitions and the actions that there would not have been", async () => {
    const { report } = await replay(
      ...["--set", "dynamic_optimizer.mode=off"],
      ...["--set", "feedback_loops.loops.anomaly_feedback=false"],
    );
    const { transitions, actions, parameters } = report.changes;
    const [transition] = observer.on(`mapek.transitions.${system}`);
    expect(transitions).toMatchObject({
      before: 1,
      after: 0,
      only_before: [{ from: transition.from, to: "critical", timestamp: transition.timestamp }],
      only_after: [],
    });
    expect(parameters).toContainEqual({
      name: `${system} state`,
      before: "critical",
      after: "healthy",
    });
    const labelled = observer.on(`mapek.actions.${system}.anomaly_feedback`);
    expect(actions.only_before.map(({ target }: { target: object }) => target)).toEqual(
      labelled.map(({ target }) => target),
    );
    expect(actions.only_after).toEqual([]);
  });
});

describe("with the whole loop", () => {
  it("other settings give the threshold that services with these settings put in force", async () => {
    const { code, report } = await replay(
      ...["--whole-loop", "--set", "self_learning.exceedance_rate=0.2"],
    );
    expect(code).toBe(0);
    const name = `${system}/${queue}`;
    const { thresholds, transitions } = report.changes;
    const found = thresholds.find((one: { name: string }) => one.name === name);
    expect(found.before).toBe(observer.on(`mapek.thresholds.${system}.${queue}`).at(-1).threshold);
    await servicesComeTo(found.after, "exceedance_rate: 0.2");
    // The pinned one is what an operator said, in either case.
    expect(thresholds.map((one: { name: string }) => one.name)).not.toContain(
      `${system}/${SESSION.metric}`,
    );
    expect(transitions).toMatchObject({ before: 1, after: 1, only_before: [], only_after: [] });
  });

  it("settings that are as they were make no difference, and every action is made anew", async () => {
    const before = published().length;
    const { report } = await replay(...["--whole-loop", "--set", "self_learning.sensitivity=1"]);
    expect(report).toMatchObject({ outputs_after: report.outputs_before, failures: 0 });
    // A simulation: a command takes effect at once, so a verdict may come that live still waits for samples.
    expect(Math.abs(report.outputs_before - before)).toBeLessThanOrEqual(2);
    const { thresholds, recommendations, parameters, alarms, transitions, actions } =
      report.changes;
    expect([...thresholds, ...recommendations, ...parameters]).toEqual([]);
    for (const sides of [alarms, transitions, actions])
      expect([...sides.only_before, ...sides.only_after]).toEqual([]);
    expect(actions.after).toBe(actions.before);
    const told = observer.seen.filter(({ subject }) => subject.startsWith("mapek.actions."));
    expect(Math.abs(actions.before - told.length)).toBeLessThanOrEqual(2);
  });

  it("is refused without other settings", async () => {
    expect(await replay("--whole-loop")).toMatchObject({ code: 2 });
  });
});

/** A house of its own, configured so, has at last this threshold in force for the same values. */
async function servicesComeTo(expected: number, setting: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mapek-replay-"));
  const config = join(folder, "config.yaml");
  writeFileSync(config, `${readFileSync(SESSION_CONFIG, "utf8")}    ${setting}\n`);
  const other = await startTestServer();
  try {
    await using house = await startServices({ NATS_URL: other.url, MAPEK_CONFIG: config });
    expect(house.learner.pid).toBeDefined();
    await using seer = await Observer.connect(other.url);
    const publish = (from: number, to: number) =>
      queueValues.slice(from, to).forEach((value, i) => {
        const timestamp = startedAt + (from + i) * 1_000;
        seer.publish(`mapek.metrics.${system}.${queue}`, { value, timestamp });
      });
    const inForce = () => seer.on(`mapek.thresholds.${system}.${queue}`).at(-1);
    publish(0, FIRST);
    await waitFor("its threshold", inForce);
    publish(FIRST, queueValues.length);
    await waitFor(`the threshold ${expected}`, () => inForce()?.threshold === expected);
  } finally {
    await other.stop();
    rmSync(folder, { recursive: true });
  }
}

it("an output that somebody changed in the log is found", async () => {
  const jsm = await jetstreamManager(observer.nc);
  const subject = `mapek-kb.log.thresholds.${system}.errors`;
  const stored = await jsm.streams.getMessage("MAPEK_KNOWLEDGE", { last_by_subj: subject });
  if (stored === null) throw new Error(`nothing on ${subject}`);
  const { threshold } = stored.json<{ threshold: number }>();
  const tampered = stored.string().replace(String(threshold), String(threshold + 1));
  expect(tampered).not.toBe(stored.string());
  await jsm.streams.deleteMessage("MAPEK_KNOWLEDGE", stored.seq);
  await observer.nc.request(subject, tampered, { timeout: ANSWER_MS });

  const { code, report } = await replay();
  expect(code).toBe(1);
  const differences = report.services.flatMap((one: { differences: object[] }) => one.differences);
  expect(differences).toHaveLength(1);
  expect(differences[0]).toMatchObject({ kind: "changed output", where: subject });
  expect(differences[0].detail).toContain(String(threshold + 1));
  const { stdout, stderr } = await replayAlone();
  expect(stdout).toContain(`changed output on ${subject}`);
  expect(stderr).toMatch(/^MAPEK_CLI_REPLAY_DIFFERS: 1 outputs/);
  // One that is gone is missed, too.
  const again = await jsm.streams.getMessage("MAPEK_KNOWLEDGE", { last_by_subj: subject });
  await jsm.streams.deleteMessage("MAPEK_KNOWLEDGE", again?.seq as number);
  const gone = await replay("--service", "learner");
  expect(gone.report.services[0].differences).toMatchObject([{ kind: "missing output" }]);
  expect(gone.code).toBe(1);
});

it("a log that no longer holds the first inputs is told of", async () => {
  const jsm = await jetstreamManager(observer.nc);
  const { state } = await jsm.streams.info("MAPEK_SAMPLES");
  // The settings of each partition were its first input.
  await jsm.streams.purge("MAPEK_SAMPLES", { seq: state.first_seq + 3 });
  const { report } = await replay("--service", "learner");
  expect(report.services[0].trimmed_partitions).toHaveLength(3);
});
