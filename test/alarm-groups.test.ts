// A storm in one system, seen from outside: messages, status, explanation, metrics and Alertmanager.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Anomaly, partitionOf } from "@mapek/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { Storm } from "./support/storm.ts";
import { waitFor } from "./support/wait-for.ts";

const CLI = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
const HOSTS = 12;
const PARTITIONS = 16;
const [SYSTEM, METRIC] = ["checkout", "cpu"];

interface Posted {
  readonly at: number;
  readonly alerts: readonly {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
    readonly endsAt: string;
  }[];
}

let stack: AsyncDisposableStack;
let observer: Observer;
let url: string;
let learner: string;
const posted: Posted[] = [];
const postedToSlow: Posted[] = [];
const storm = new Storm(HOSTS, Date.now());

/** An Alertmanager that only listens. @param to What it hears. @param answersAfterMs How slow it is to answer. */
async function listening(to: Posted[], answersAfterMs: number): Promise<string> {
  const server = createServer(async (request, response) => {
    const at = Date.now();
    const body: Buffer[] = [];
    for await (const part of request) body.push(part as Buffer);
    to.push({ at, alerts: JSON.parse(Buffer.concat(body).toString()) });
    setTimeout(() => response.end("{}"), answersAfterMs);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => void server.closeAllConnections());
  stack.defer(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const mapek = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [CLI, ...args, "--nats", url])).stdout;
const told = (): Anomaly[] => observer.on(`mapek.anomalies.${SYSTEM}.${METRIC}`);
const opened = () => told().filter(({ phase }) => phase === "opened");
const publish = (samples: object) => observer.publish(`mapek.metrics.${SYSTEM}.${METRIC}`, samples);
const seriesOf = async () =>
  (await observer.request(`mapek.requests.learner.series.${SYSTEM}`)).items as {
    samples: number;
    labels: { host: string };
    alarm_budget_spent: number;
  }[];

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const server = stack.adopt(await startTestServer(), (it) => it.stop());
  url = server.url;
  const services = stack.use(await startServices({ NATS_URL: url }));
  learner = services.learner.http;
  observer = stack.use(await Observer.connect(url));
  const managers = [await listening(posted, 0), await listening(postedToSlow, 1_500)];
  // It tells again after an hour only: what comes sooner comes since something happened.
  const alerts = spawn(
    process.execPath,
    [
      ...[CLI, "alerts", "--resend", "3600", "--nats", url],
      ...managers.flatMap((manager) => ["--alertmanager", manager]),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  stack.defer(async () => {
    alerts.kill("SIGKILL");
    await once(alerts, "exit");
  });
  await once(alerts.stdout, "data");
  for (let host = 0; host < HOSTS; host++) publish(storm.usual(host));
  await waitFor("all that is usual", async () => {
    const found = await seriesOf();
    return found.length === HOSTS && found.every(({ samples }) => samples >= 280);
  });
  for (let host = 0; host < HOSTS; host++) publish(storm.off(host));
  await waitFor("the storm", () => opened().length >= HOSTS);
});

afterAll(() => stack?.disposeAsync());

describe("a storm in the series of one system", () => {
  it("lies in several partitions, whose incidents say each their group", () => {
    const partitions = new Set(
      storm.hosts.map((_, host) => partitionOf(storm.key(SYSTEM, METRIC, host), PARTITIONS)),
    );
    expect(partitions.size).toBeGreaterThan(3);
    expect(opened()).toHaveLength(HOSTS);
    const groups = new Set(opened().map(({ group }) => group));
    expect(groups.size).toBe(partitions.size);
    expect(groups).toContain(`${SYSTEM}@${storm.beganAt}`);
  });

  it("is one line of the status, the details on demand", async () => {
    const lines = (await mapek("status")).split("\n").filter((line) => line.includes("anomalies"));
    expect(lines).toHaveLength(1);
    const minute = new Date(storm.beganAt).toISOString().slice(11, 16);
    expect(lines[0]).toMatch(
      new RegExp(
        `^checkout: ${HOSTS} anomalies since (\\d{4}-\\d\\d-\\d\\d )?${minute}, first cpu\\{host="h0"\\}, rarest cpu\\{host="h\\d+"\\}: (less than )?one hour (of|in) [\\d,]+$`,
      ),
    );
    const details = (await mapek("status", "--anomalies")).split("\n");
    const rows = details.filter((line) => /^ {2}\d{4}-/.test(line));
    expect(rows).toHaveLength(HOSTS);
    expect(rows[0]).toMatch(/cpu\{host="h0"\} +a .*comes? in/);
    expect(rows.at(-1)).toContain(`host="h${HOSTS - 1}"`);
    const { systems } = JSON.parse(await mapek("status", "--json"));
    expect(systems[0].groups).toMatchObject([
      { group: `${SYSTEM}@${storm.beganAt}`, opened_at: storm.beganAt },
    ]);
  });

  it("is one matter for Alertmanager, in the annotations of each alert", async () => {
    const all = await waitFor("all alerts", () => {
      const last = posted.at(-1)?.alerts ?? [];
      return last.length === HOSTS && last;
    });
    const group = `${SYSTEM}@${storm.beganAt}`;
    expect(new Set(all.map(({ annotations }) => annotations.group))).toEqual(new Set([group]));
    expect(all[0]?.annotations.group_summary).toMatch(/^checkout: 12 anomalies since .* rarest /);
    expect(all[0]?.annotations.description).toMatch(
      /^peak 50\d\d, above what was expected: .*in nine hours of ten [\d.]+ to [\d.]+.*; a .*comes? in/,
    );
    expect(all.map(({ labels }) => labels.host)[0]).toBe("h0");
  });
});

describe("the budget", () => {
  it("is told of each series, and as the mean of the system without a label per series", async () => {
    const spent = (await seriesOf()).map((one) => one.alarm_budget_spent);
    for (const one of spent) expect(one).toBeCloseTo(2, 1);
    const metrics = await (await fetch(`${learner}/metrics`)).text();
    const rows = metrics.split("\n").filter((line) => line.startsWith("mapek_alarm_budget_spent"));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatch(/system="checkout"/);
    const mean = spent.reduce((sum, one) => sum + one, 0) / spent.length;
    expect(Number(rows[0]?.split(" ").at(-1))).toBeCloseTo(mean, 6);
  });
});

describe("mapek explain anomaly", () => {
  it("says which families, how rare, what was expected, and the budget", async () => {
    const text = await mapek("explain", "anomaly", SYSTEM, METRIC, "--label", "host=h3");
    expect(text).toContain('anomaly of checkout cpu{host="h3"} at');
    expect(text).toMatch(
      /Peak 470\d, above what was expected: .*in nine hours of ten [\d.]+ to [\d.]+.*\. A .*comes? in (less than )?one hour (of|in) [\d,]+\./,
    );
    expect(text).toContain("It is open.");
    expect(text).toMatch(/\* +(level|step|season|record) +(less than )?one hour/);
    expect(text).toContain(
      "Of all anomalies of this series now: it has spent 2 times its alarm budget of 14 days.",
    );
    expect(text).not.toMatch(/"\w+":|undefined|NaN/);
  });

  it("finds one by its id, as of a time, or says that there is none", async () => {
    const [first] = opened();
    const found = JSON.parse(
      await mapek("explain", "anomaly", SYSTEM, "--id", first?.anomaly_id as string, "--json"),
    );
    expect(found).toMatchObject({
      kind: "anomaly",
      anomaly_id: first?.anomaly_id,
      alarm_budget_broken: false,
      decision: { family: "anomalies" },
    });
    const none = await mapek("explain", "anomaly", SYSTEM, METRIC, "--at", "1000");
    expect(none).toContain("No anomaly of cpu is stored by then; the log begins 20");
    await expect(mapek("explain", "anomaly", SYSTEM)).rejects.toMatchObject({ code: 2 });
    await expect(
      mapek("explain", "anomaly", "other", "--id", first?.anomaly_id as string),
    ).rejects.toMatchObject({ stderr: expect.stringContaining("MAPEK_MESSAGE_INVALID") });
  });
});

describe("the end of an incident", () => {
  it("is posted within two seconds of the closing message, though another Alertmanager is slow, and told why", async () => {
    const isBusy = () => postedToSlow.length;
    const before = isBusy();
    // A peak keeps the slow one busy while the incident ends.
    publish({ ...storm.off(1).at(-1), value: 9e6, timestamp: storm.after(1, 1)[0]?.timestamp });
    await waitFor("the slow one is told something", () => isBusy() > before);
    publish(storm.after(0, 40));
    const closed = await waitFor("the closing message", () =>
      told().find(({ phase, labels }) => phase === "closed" && labels.host === "h0"),
    );
    const heardAt = Date.now();
    expect(closed).toMatchObject({ ending: "recovered", group: `${SYSTEM}@${storm.beganAt}` });
    const resolve = await waitFor("the resolve", () =>
      posted.find(({ at, alerts }) =>
        alerts.some(({ labels, endsAt }) => labels.host === "h0" && Date.parse(endsAt) <= at),
      ),
    );
    expect(resolve.at - heardAt).toBeLessThan(2_000);
    await waitFor("the slow one is told, too", () =>
      postedToSlow.some(({ at, alerts }) =>
        alerts.some(({ labels, endsAt }) => labels.host === "h0" && Date.parse(endsAt) <= at),
      ),
    );
    const alert = resolve.alerts.find(({ labels }) => labels.host === "h0");
    expect(alert?.annotations.description).toMatch(/; it recovered$/);
    const lines = await mapek("status");
    expect(lines).toContain(`checkout: ${HOSTS - 1} anomalies since`);
    expect(lines).toContain('first cpu{host="h1"}');
    const text = await mapek("explain", "anomaly", SYSTEM, METRIC, "--label", "host=h0");
    expect(text).toContain("It recovered.");
    expect(text).toMatch(/What led here\n.*anomaly opened: peak .*\n(.*\n)*.*anomaly closed: peak/);
  });
});
