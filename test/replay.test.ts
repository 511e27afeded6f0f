// `mapek replay` after a real session: what is stored comes out again, other settings give what they would have given.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { analyze } from "@mapek/core/learning";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { queueValues, runSession, SESSION } from "./support/session.ts";

const MAPEK = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
const { system, queue } = SESSION;

let server: Awaited<ReturnType<typeof startTestServer>>;
let services: Awaited<ReturnType<typeof startServices>>;
let observer: Observer;
let startedAt: number;
let beganAt: number;

beforeAll(async () => {
  server = await startTestServer();
  services = await startServices({ NATS_URL: server.url });
  observer = await Observer.connect(server.url);
  beganAt = Date.now();
  ({ startedAt } = await runSession(observer));
});

afterAll(async () => {
  await observer?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
  await server?.stop();
});

/** Runs the command; its exit code, its report, and what it says on standard error. */
async function replay(...args: string[]) {
  const command = [MAPEK, "replay", "--nats", server.url, ...args];
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, command, {
    maxBuffer: 1e8,
  }).then(
    (done) => ({ ...done, code: 0 }),
    (failed: { code: number; stdout: string; stderr: string }) => failed,
  );
  return { code, stdout, stderr, report: args.includes("--json") ? JSON.parse(stdout) : undefined };
}

const FAMILIES =
  /^mapek\.(recommendations|thresholds|anomalies|changes|parameters|transitions|feedback|actions)\./;
const published = () => observer.seen.filter(({ subject }) => FAMILIES.test(subject));

describe("with the same settings", () => {
  it("every output comes out again, byte for byte", async () => {
    const { code, report } = await replay("--json");
    expect(report).toMatchObject({ identical: published().length, differences: 0 });
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
    const whole = await replay("--json", "--service", "optimizer");
    const later = await replay(
      "--json",
      ...["--service", "optimizer", "--from", String(transition.timestamp)],
    );
    expect(later.report.differences).toBe(0);
    expect(later.report.identical).toBeGreaterThan(0);
    expect(later.report.identical).toBeLessThan(whole.report.identical);
    // Before anything was stored there is nothing.
    const { report, code } = await replay("--json", "--to", String(beganAt - 60_000));
    expect(report).toMatchObject({ identical: 0, differences: 0 });
    expect(code).toBe(0);
  });

  it("says so in a line", async () => {
    const { stdout, stderr } = await replay();
    expect(stdout.trim().split("\n").at(-1)).toBe(`${published().length} outputs identical`);
    // No progress where nobody sits before it.
    expect(stderr).toBe("");
  });
});

describe("with other settings", () => {
  it("lists the alarms that another sensitivity gives, just those", async () => {
    const { code, report } = await replay("--json", "--set", "self_learning.sensitivity=4");
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
      "--json",
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

it("an output that somebody changed in the log is found", async () => {
  const jsm = await jetstreamManager(observer.nc);
  const subject = `mapek-kb.log.thresholds.${system}.errors`;
  const stored = await jsm.streams.getMessage("MAPEK_KNOWLEDGE", { last_by_subj: subject });
  if (stored === null) throw new Error(`nothing on ${subject}`);
  const { threshold } = stored.json<{ threshold: number }>();
  const tampered = stored.string().replace(String(threshold), String(threshold + 1));
  expect(tampered).not.toBe(stored.string());
  await jsm.streams.deleteMessage("MAPEK_KNOWLEDGE", stored.seq);
  await observer.nc.request(subject, tampered);

  const { code, report } = await replay("--json");
  expect(code).toBe(1);
  const differences = report.services.flatMap((one: { differences: object[] }) => one.differences);
  expect(differences).toHaveLength(1);
  expect(differences[0]).toMatchObject({ kind: "changed output", where: subject });
  expect(differences[0].detail).toContain(String(threshold + 1));
  const { stdout, stderr } = await replay();
  expect(stdout).toContain(`changed output on ${subject}`);
  expect(stderr).toMatch(/^MAPEK_CLI_REPLAY_DIFFERS: 1 outputs/);
  // One that is gone is missed, too.
  const again = await jsm.streams.getMessage("MAPEK_KNOWLEDGE", { last_by_subj: subject });
  await jsm.streams.deleteMessage("MAPEK_KNOWLEDGE", again?.seq as number);
  const gone = await replay("--json", "--service", "learner");
  expect(gone.report.services[0].differences).toMatchObject([{ kind: "missing output" }]);
  expect(gone.code).toBe(1);
});
