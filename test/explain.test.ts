// What the services say of their own decisions, compared with what they published.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { connect, type EventsQuery, type MapekClient } from "@mapek/client";
import { describeAnomaly, type Explanation } from "@mapek/core/contract";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { runSession, SESSION, SESSION_CONFIG } from "./support/session.ts";
import { waitFor } from "./support/wait-for.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let services: Awaited<ReturnType<typeof startServices>>;
let observer: Observer;
let client: MapekClient;

beforeAll(async () => {
  server = await startTestServer();
  services = await startServices({ NATS_URL: server.url, MAPEK_CONFIG: SESSION_CONFIG });
  observer = await Observer.connect(server.url);
  client = await connect({ servers: server.url });
  await runSession(observer);
});

afterAll(async () => {
  await client?.close();
  await observer?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
  await server?.stop();
});

const { system, metric } = SESSION;
const published = (family: string, tail = "") => observer.on(`mapek.${family}.${system}${tail}`);
const inputOf = ({ inputs }: Explanation, name: string) =>
  inputs.find((input) => input.name === name)?.value;
const familiesOf = ({ causes }: Explanation) => causes.map(({ family }) => family);
const isOldestFirst = (links: readonly { seq: number }[]) =>
  links.every(({ seq }, i) => i === 0 || seq >= (links[i - 1]?.seq as number));

describe("events", () => {
  it("are the stored outputs as they were published, oldest first", async () => {
    for (const [service, families] of [
      ["learner", ["recommendations", "thresholds", "anomalies", "changes"]],
      ["optimizer", ["parameters", "transitions"]],
      ["feedback", ["feedback", "actions"]],
    ] as const) {
      // A series that falls silent meanwhile is told of, too.
      const events = await waitFor(`the events of the ${service}`, async () => {
        const found = await client.events({ service, system, limit: 10_000 });
        const isSame = families.every((family) =>
          isDeepStrictEqual(
            found.filter((one) => one.family === family).map(({ message }) => message),
            observer.seen
              .filter(({ subject }) => subject.startsWith(`mapek.${family}.${system}`))
              .map(({ body }) => body),
          ),
        );
        return isSame && found;
      });
      expect(new Set(events.map(({ family }) => family))).toEqual(
        new Set(
          families.filter((family) =>
            observer.seen.some(({ subject }) => subject.startsWith(`mapek.${family}.${system}`)),
          ),
        ),
      );
      expect(isOldestFirst(events)).toBe(true);
      expect(events.every(({ timestamp, message }) => timestamp === message.timestamp)).toBe(true);
    }
  });

  it("are narrowed by family, metric, loop, their own time and limit", async () => {
    const thresholds = await client.events({
      service: "learner",
      system,
      metric,
      labels: {},
      families: ["thresholds"],
    });
    expect(thresholds.map(({ message }) => message)).toEqual(published("thresholds", `.${metric}`));
    const [, second] = thresholds;
    const narrow: EventsQuery = { service: "learner", system, families: ["thresholds"], metric };
    const between = { from: second?.timestamp ?? 0, to: second?.timestamp ?? 0 };
    expect(await client.events({ ...narrow, ...between })).toEqual(
      thresholds.filter(({ timestamp }) => timestamp === second?.timestamp),
    );
    expect(await client.events({ ...narrow, limit: 1 })).toEqual(thresholds.slice(-1));
    expect(await client.events({ ...narrow, labels: { host: "a" } })).toEqual([]);
    const labels = await client.events({ service: "feedback", system, metric: "errors" });
    expect(labels.map(({ message }) => message.loop)).toContain("anomaly_feedback");
    const quality = await client.events({ service: "feedback", system, loop: "decision_quality" });
    expect(quality.map(({ family }) => family)).toEqual(["feedback", "actions"]);
    expect(await client.events({ service: "learner", system: "nobody" })).toEqual([]);
  });

  it("of another service's family are refused", async () => {
    await expect(
      client.events({ service: "learner", system, families: ["actions"] }),
    ).rejects.toMatchObject({ code: "MAPEK_MESSAGE_INVALID" });
  });
});

describe("a threshold", () => {
  it("that a recommendation set is explained by it, with every candidate", async () => {
    const found = await client.explain({ kind: "threshold", system, metric: "errors" });
    const [threshold] = published("thresholds", ".errors");
    const recommendation = published("recommendations", ".errors").find(
      ({ provisional }) => !provisional,
    );
    expect(found.decision?.message).toEqual(threshold);
    expect(found.rule).toBe(
      `recommendation ${Number(threshold.threshold.toPrecision(6))} with confidence ${threshold.confidence}: no threshold was in force, so it is ${Number(threshold.threshold.toPrecision(6))}.`,
    );
    expect(Object.fromEntries(found.candidates.map(({ name, value }) => [name, value]))).toEqual(
      recommendation.candidates,
    );
    expect(found.candidates.filter(({ chosen }) => chosen)).toMatchObject([
      { name: recommendation.strategy },
    ]);
    for (const [name, value] of Object.entries(recommendation.supporting_data))
      expect(inputOf(found, name)).toEqual(value);
    expect(familiesOf(found)).toEqual(["recommendations", "feedback", "command", "actions"]);
    expect(isOldestFirst(found.causes)).toBe(true);
    // The label came later and moved the sensitivity, not the threshold.
    expect(found.since.map(({ family }) => family)).toEqual(
      expect.arrayContaining(["feedback", "actions"]),
    );
  });

  it("is explained as it was at a time: here by a signal, then by an operator", async () => {
    const [first, moved, pinned] = published("thresholds", `.${metric}`);
    const then = await client.explain({
      kind: "threshold",
      system,
      metric,
      at: moved.timestamp,
    });
    expect(then.decision?.message).toEqual(moved);
    const action = published("actions", ".metrics_learning").find(
      ({ action_id }) => action_id === moved.action_id,
    );
    expect(action.reason).toContain("moved by 0.1 of the way");
    expect(then.rule).toContain("signal 90 with confidence 0.95");
    expect(then.rule).toContain("moved by 0.1 of the way");
    expect(then.candidates).toEqual([
      { name: "in force before", value: first.threshold, chosen: false },
      { name: "proposed", value: 90, chosen: false },
      { name: "signal", value: moved.threshold, chosen: true },
    ]);
    expect(familiesOf(then)).toEqual(["feedback", "command", "actions"]);
    expect(then.since.map(({ family }) => family)).toEqual(["control", "thresholds"]);

    const now = await client.explain({ kind: "threshold", system, metric });
    expect(now.decision?.message).toEqual(pinned);
    expect(now.rule).toBe("An operator pinned it at 70: agreed with the team.");
    expect(familiesOf(now)).toEqual(["control"]);
    expect(now.since).toEqual([]);
  });

  it("that was not yet there is said not to be, with what came later", async () => {
    const found = await client.explain({ kind: "threshold", system, metric, at: 1_000 });
    expect(found.decision).toBeNull();
    expect(found.rule).toMatch(/^No upper threshold .* the log begins 20/);
    expect(found.since.filter(({ family }) => family === "thresholds")).toHaveLength(3);
    const lower = await client.explain({ kind: "threshold", system, metric, side: "lower" });
    expect(lower.decision).toBeNull();
  });
});

describe("the optimizer", () => {
  it("explains a state by the means that decided, the lines and the reports", async () => {
    const found = await client.explain({ kind: "state", system });
    const transition = published("transitions").at(-1);
    expect(found.decision?.message).toEqual(transition);
    expect(found.rule).toBe(`healthy -> critical: ${transition.reason}.`);
    for (const [name, value] of Object.entries(transition.performance))
      expect(inputOf(found, name)).toBe(value);
    expect(inputOf(found, "hysteresis")).toBe(0.1);
    expect(found.candidates.filter(({ chosen }) => chosen)).toMatchObject([
      { name: "critical", value: expect.stringContaining("cpu_usage > 80 %") },
    ]);
    // The ten reports whose mean is the transition's.
    const reports = found.causes.map(({ text }) => JSON.parse(text).cpu_usage as number);
    expect(reports).toHaveLength(10);
    expect(reports.reduce((sum, usage) => sum + usage, 0) / 10).toBeCloseTo(
      transition.performance.cpu_usage,
      9,
    );
    expect(found.since[0]).toMatchObject({ family: "parameters" });
  });

  it("explains parameters by the command of the feedback service that moved them", async () => {
    const found = await client.explain({ kind: "parameters", system });
    const now = published("parameters").at(-1);
    expect(found.decision?.message).toEqual(now);
    expect(found.rule).toBe("learning_rate 0.05 × 1.2 → 0.06.");
    expect(found.candidates.find(({ chosen }) => chosen)).toMatchObject({
      name: "learning_rate",
      value: 0.06,
      detail: "before 0.05",
    });
    expect(familiesOf(found)).toEqual(["feedback", "command", "actions"]);
  });

  it("explains what parameters were at a time by the change of state", async () => {
    const transition = published("transitions").at(-1);
    const found = await client.explain({ kind: "parameters", system, at: transition.timestamp });
    expect(found.decision?.message).toMatchObject({ state: "critical", monitoring_interval: 10 });
    expect(familiesOf(found).at(-1)).toBe("transitions");
  });
});

describe("an action", () => {
  it("is explained by the label, the anomaly and what was changed", async () => {
    const found = await client.explain({
      kind: "action",
      system,
      metric: "errors",
      loop: "anomaly_feedback",
    });
    const action = published("actions", ".anomaly_feedback").findLast(
      ({ target }) => target.series,
    );
    expect(found).toMatchObject({ action_id: action.action_id, decision: { message: action } });
    expect(found.rule).toContain(action.reason);
    expect(familiesOf(found)).toEqual(["anomalies", "feedback", "actions"]);
    expect(found.candidates).toEqual([
      { name: "before", value: action.from, chosen: false },
      { name: "after", value: action.to, chosen: true },
    ]);
    expect(inputOf(found, "signal_false_positive")).toBe(1);
  });

  it("of a recommendation leads from it to the threshold", async () => {
    const [threshold] = published("thresholds", ".errors");
    const id = threshold.action_id as string;
    const found = await client.explain({ kind: "action", system, action_id: id });
    expect(familiesOf(found)).toEqual(["recommendations", "feedback", "thresholds", "actions"]);
  });

  it("that there is none of is said so", async () => {
    const found = await client.explain({ kind: "action", system, action_id: "nothing" });
    expect(found.decision).toBeNull();
    expect(found.rule).toContain("No action nothing is stored");
  });
});

describe("on the command line", () => {
  const mapek = async (...args: string[]) => {
    const main = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
    const command = [main, ...args, "--nats", server.url];
    return (await promisify(execFile)(process.execPath, command)).stdout;
  };

  it("an explanation is a text, or JSON", async () => {
    const text = await mapek("explain", "threshold", system, metric);
    expect(text).toContain("An operator pinned it at 70: agreed with the team.");
    expect(text).toMatch(/What led here\n.*#\d+ +control/);
    const json = JSON.parse(await mapek("explain", "state", system, "--at", "0", "--json"));
    expect(json).toMatchObject({ kind: "state", at: 0, decision: null });
    await expect(mapek("explain", "threshold", system)).rejects.toMatchObject({ code: 2 });
  });

  it("a report shows the threshold in force, the anomaly and what it was", async () => {
    const page = await mapek("report", `${system}/errors`, "-o", "-");
    const [threshold] = published("thresholds", ".errors");
    const anomaly = published("anomalies", ".errors").at(-1);
    expect(page).toContain(
      `<dd>${Number(threshold.threshold.toPrecision(6))} <small>recommendation`,
    );
    expect(page).toContain(describeAnomaly(anomaly).replaceAll("'", "&#39;"));
    expect(page.match(/<rect class="anomaly"/g)).toHaveLength(1);
    await expect(mapek("report", `${system}/nothing`)).rejects.toMatchObject({
      stderr: expect.stringContaining("MAPEK_CLI_UNAVAILABLE"),
    });
  });
});

it("a question without a system, or of another service's kind, is refused", async () => {
  await expect(client.request("learner", "explain")).rejects.toMatchObject({
    code: "MAPEK_SUBJECT_INVALID",
  });
  await expect(
    client.request("learner", "explain", system, { kind: "state" }),
  ).rejects.toMatchObject({ code: "MAPEK_MESSAGE_INVALID" });
});

it("where the log is trimmed an explanation says what is missing", async () => {
  const before = await client.explain({ kind: "threshold", system, metric: "errors" });
  const seq = before.decision?.seq as number;
  const jsm = await jetstreamManager(observer.nc);
  await jsm.streams.purge("MAPEK_KNOWLEDGE", { seq });
  const after = await client.explain({ kind: "threshold", system, metric: "errors" });
  expect(after.decision).toEqual(before.decision);
  // The action was told of after the threshold, and is still there.
  expect(after.rule).toBe(before.rule);
  expect(after.causes.filter(({ family }) => family === "log").map(({ text }) => text)).toEqual([
    "the log begins here: the recommendation is no longer stored",
    expect.stringMatching(/^the log begins here: the signal rec-\d+ is no longer stored$/),
  ]);
  await jsm.streams.purge("MAPEK_KNOWLEDGE", { seq: seq + 1 });
  const none = await client.explain({ kind: "threshold", system, metric: "errors" });
  expect(none.decision).toBeNull();
  expect(none.rule).toContain("the log begins 20");
});
