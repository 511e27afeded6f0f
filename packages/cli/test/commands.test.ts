import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSamples, encodeJson } from "@mapek/core/contract";
import { type NatsServer, startServer } from "@mapek/nats-server";
import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { mapek, type RunOptions, startMapek, until } from "./processes.ts";

let server: NatsServer;
let services: NatsConnection;
let folder = "";
let received: Msg[] = [];
/** Answers of the services by subject, in place of "stored" and "no items". */
let answers: Record<string, unknown> = {};

beforeAll(async () => {
  server = await startServer();
  services = await connect({ servers: server.url });
  folder = mkdtempSync(join(tmpdir(), "mapek-cli-"));
  for (const subject of ["mapek.metrics.>", "mapek.signals.>", "mapek.requests.>"])
    services.subscribe(subject, {
      callback: (_, message) => {
        received.push(message);
        message.respond(encodeJson(answers[message.subject] ?? defaultAnswer(message)));
      },
    });
  await services.flush();
});
beforeEach(() => {
  received = [];
  answers = {};
});
afterAll(async () => {
  await services.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

function defaultAnswer(message: Msg): unknown {
  if (message.subject.startsWith("mapek.requests.")) return { items: [] };
  const { accepted } = samplesIn(message);
  return { accepted, rejected: [] };
}
function samplesIn(message: Msg): { accepted: number; values: number[] } {
  const decoded = decodeSamples(message.data, message.headers?.get("Content-Type"));
  const values =
    decoded.ok && decoded.value.kind === "columns" ? [...decoded.value.columns.values] : [0];
  return { accepted: values.length, values };
}
const run = (args: string[], options: RunOptions = {}) =>
  mapek(args, { cwd: folder, ...options, env: { NATS_URL: server.url, ...options.env } });

describe("usage", () => {
  it.each([
    [[]],
    [["dance"]],
    [["publish"]],
    [["publish", "a", "m"]],
    [["publish", "a", "m", "1", "--stdin"]],
    [["publish", "a", "m", "high"]],
    [["publish", "a", "m", "1", "--label", "host"]],
    [["watch", "everything"]],
    [["watch", "--count", "0"]],
    [["signal", "a", "no_loop", "x=1"]],
    [["signal", "a", "decision_quality"]],
    [["signal", "a", "decision_quality", "x"]],
    [["signal", "a", "decision_quality", "--body", "{"]],
    [["history", "everything"]],
    [["history", "signals", "--limit", "-1"]],
    [["history", "transitions", "--loop", "decision_quality"]],
    [["status", "--sytem", "a"]],
    [["up", "--mode", "maybe"]],
    [["import", "a.csv"]],
  ])("%j is refused with exit code 2", async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    if (args.length > 0) expect(stderr).toMatch(/^MAPEK_CLI_USAGE: [^\n]+\n$/);
  });

  it.each(["up", "publish", "watch", "signal", "status", "thresholds", "history", "import"])(
    "%s has help",
    async (command) => {
      const { code, stdout } = await run([command, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: mapek ${command}`);
    },
  );

  it("has a version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: "0.2.0\n" });
  });

  it("names a server that does not answer in one line, with a stack only on demand", async () => {
    const args = ["status", "--nats", "nats://127.0.0.1:1"];
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^MAPEK_CLIENT_UNREACHABLE: [^\n]+\n$/);
    const debug = await run(args, { env: { MAPEK_DEBUG: "1" } });
    expect(debug.stderr).toMatch(/\n\s+at /);
  });
});

describe("publish", () => {
  it("sends a value with labels and time, and waits until it is stored", async () => {
    const labels = ["--label", "host=a", "--label", "zone=b=c"];
    const done = await run(["publish", "a", "m", "-2.5", ...labels, "--timestamp", "1000"]);
    expect(done).toMatchObject({ code: 0, stdout: "1 stored, 0 rejected\n" });
    const decoded = decodeSamples(received[0]?.data ?? new Uint8Array(), "application/msgpack");
    expect(decoded).toMatchObject({
      value: {
        columns: {
          series: [["m", { host: "a", zone: "b=c" }]],
          times: Float64Array.of(1_000),
          values: Float64Array.of(-2.5),
        },
      },
    });
  });

  it("reads numbers and samples from standard input", async () => {
    const input = '1\n{"value":2,"timestamp":5}\n\n[{"value":3},{"value":4}]\n';
    const done = await run(["publish", "a", "m", "--stdin", "--json"], { input });
    expect(done).toMatchObject({ code: 0, stdout: '{"accepted":4,"rejected":[]}\n' });
    expect(received.flatMap((message) => samplesIn(message).values)).toEqual([1, 2, 3, 4]);
  });

  it("names a bad line, and fails when samples are rejected", async () => {
    const bad = await run(["publish", "a", "m", "--stdin"], { input: "1\nhigh\n" });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/^MAPEK_CLI_BAD_LINE: line 2: MAPEK_SAMPLE_NOT_FINITE[^\n]*\n$/);
    const rejected = [{ index: 0, code: "MAPEK_SERIES_LIMIT", message: "one too many" }];
    answers["mapek.metrics.a._"] = { accepted: 1, rejected };
    const refused = await run(["publish", "a", "m", "--stdin", "--json"], { input: "1\n2\n" });
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toEqual({ accepted: 1, rejected });
    expect(refused.stderr).toMatch(/^MAPEK_CLI_REJECTED: 1 samples, .*MAPEK_SERIES_LIMIT/);
  });
});

describe("signal", () => {
  it("sends fields, or a body", async () => {
    const fields = ["parameter=007", "labels.host=1", "threshold_value=9", "confidence=0.5"];
    const done = await run(["signal", "a", "metrics_learning", ...fields, "--json"]);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toEqual({ accepted: 1, rejected: [], id: expect.any(String) });
    expect(received[0]?.json()).toMatchObject({
      parameter: "007",
      labels: { host: "1" },
      threshold_value: 9,
      confidence: 0.5,
      source: "mapek-cli",
    });
    await run(["signal", "a", "anomaly_feedback", "--body", '{"false_positive":true}']);
    expect(received[1]?.json()).toMatchObject({ false_positive: true });
  });

  it("fails with the code of a refusal", async () => {
    const done = await run(["signal", "a", "resource_optimization", "utilization=7"]);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/^MAPEK_MESSAGE_INVALID: [^\n]+\n$/);
  });
});

describe("watch", () => {
  it("prints messages as they come, as JSON or as a line", async () => {
    const threshold = {
      version: 1,
      system: "a",
      metric: "m",
      labels: { host: "x" },
      threshold: 7,
      previous: null,
      strategy: "sigma",
      confidence: 0.5,
      reasoning: "because",
      source: "operator",
      pinned: false,
      action_id: null,
      timestamp: 1_760_000_000_000,
    };
    const options = { env: { NATS_URL: server.url } };
    await using json = startMapek(["watch", "--json", "--count", "2", "--system", "a"], options);
    await using text = startMapek(["watch", "thresholds", "signals"], options);
    await until("both watch", () =>
      [json, text].every((one) => one.stderr().startsWith("watching ")),
    );
    for (const system of ["b", "a", "a"])
      services.publish(`mapek.thresholds.${system}.m`, encodeJson({ ...threshold, system }));
    expect((await json.exited).code).toBe(0);
    expect(json.events()).toEqual([
      { family: "thresholds", ...threshold },
      { family: "thresholds", ...threshold },
    ]);
    await until("three lines", () => text.lines().length === 3);
    expect(text.lines()[1]).toBe(
      '2025-10-09 08:53:20.000 a m{host="x"} threshold - -> 7 (sigma, operator): because',
    );
    text.child.kill("SIGINT");
    expect((await text.exited).code).toBe(0);
  });
});

describe("questions", () => {
  it("status tells what the services say", async () => {
    answers["mapek.requests.learner.series._"] = {
      items: [
        {
          system: "a",
          metric: "m",
          labels: {},
          threshold: 7,
          open_anomaly: {
            opened_at: 1_760_000_000_000,
            families: ["level"],
            surprises: { level: 3 },
          },
          stale: true,
          not_taught: 3,
          alarm_budget_spent: 4.2,
          alarm_budget_broken: true,
          interval_ms: 1_000,
        },
        {
          system: "a",
          metric: "n",
          labels: {},
          threshold: null,
          open_anomaly: null,
          not_taught: 4,
          alarm_budget_spent: 0,
          alarm_budget_broken: false,
          interval_ms: null,
        },
      ],
    };
    answers["mapek.requests.optimizer.parameters._"] = {
      items: [{ system: "a", state: "healthy", monitoring_interval: 60 }],
    };
    answers["mapek.requests.feedback.effectiveness._"] = {
      items: [{ system: "a", loop: "decision_quality", effectiveness: 0.75 }],
    };
    const durability = { replicas: 3, storage: "file", cluster_size: 3, sync: 120 };
    answers["mapek.requests.learner.durability._"] = { items: [durability] };
    const json = await run(["status", "--json"]);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      services: { learner: "ok", optimizer: "ok", feedback: "ok" },
      durability,
      systems: [
        {
          system: "a",
          series: 2,
          thresholds: 1,
          open_anomalies: 1,
          stale_series: 1,
          not_taught: 7,
          alarm_budget_spent: 2.1,
          alarm_budget_broken: [{ metric: "m", alarm_budget_spent: 4.2 }],
          state: "healthy",
          effectiveness: { decision_quality: 0.75 },
        },
      ],
    });
    const text = await run(["status"]);
    expect(text.stdout).toContain("stored    3 replicas on 3 server(s), file, sync every 120 s");
    expect(text.stdout).toContain(
      "m: it has spent 4.2 times its alarm budget of 14 days, which is not kept: label the false ones, raise its min_deviation or lower its sensitivity.",
    );
    expect(text.stdout).toContain("7 samples of a came after newer ones of their series");
    expect(text.stdout).toMatch(/a +2 +1 +1 +1 +healthy +60 +- +- +decision_quality 0\.75/);
  });

  it("status fails when a service does not answer", async () => {
    const error = { code: "MAPEK_INTERNAL", message: "broken" };
    answers["mapek.requests.feedback.effectiveness._"] = { error };
    const { code, stderr } = await run(["status"]);
    expect(code).toBe(1);
    expect(stderr).toBe("MAPEK_CLI_UNAVAILABLE: feedback: MAPEK_CLIENT_REFUSED\n");
  });

  it("history asks with loop, system and limit", async () => {
    const args = ["history", "actions", "--loop", "decision_quality", "--system", "a"];
    expect(await run([...args, "--limit", "3", "--json"])).toMatchObject({
      code: 0,
      stdout: "[]\n",
    });
    expect(received[0]?.subject).toBe("mapek.requests.feedback.actions.a");
    expect(received[0]?.json()).toEqual({ loop: "decision_quality", limit: 3 });
  });

  it("thresholds are none before a service has run", async () => {
    expect(await run(["thresholds", "--json"])).toMatchObject({ code: 0, stdout: "[]\n" });
    expect(await run(["thresholds"])).toMatchObject({
      code: 0,
      stdout: "no threshold is in force\n",
    });
  });

  it("import stores a file as history, ascending, without missing samples", async () => {
    writeFileSync(join(folder, "a.csv"), "timestamp,cpu,mem\n2,20,1\n1,10,\n");
    const done = await run(["import", "a.csv", "a", "--json"]);
    expect(JSON.parse(done.stdout)).toEqual({
      system: "a",
      samples: 3,
      not_taught: 0,
      series: [
        { metric: "cpu", samples: 2 },
        { metric: "mem", samples: 1 },
      ],
    });
    // It asks first how far each series is.
    expect(received.map((message) => message.json())).toMatchObject([
      { metric: "cpu", labels: {} },
      { metric: "mem", labels: {} },
      { metric: "cpu", timestamps: [1_000, 2_000], values: [10, 20] },
      { metric: "mem", timestamps: [2_000], values: [1] },
    ]);
    const bad = await run(["import", "none.csv", "a"]);
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringMatching(/^MAPEK_CLI_FILE: none/) });
    expect((await run(["import", "a.csv", "a", "--metric", "x"])).code).toBe(2);
  });
});
