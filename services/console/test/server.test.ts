// The console's server over a real house: real nats-server, real services, the console as a process.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServiceProcess } from "../../../test/support/service-process.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { EventReader } from "./event-reader.ts";
import { type House, openHouse, publishBurst } from "./house.ts";

const TOKEN = "a-token-for-the-tests";
const MANY = 10_000;
let house: House;
let burstAt = 0;

beforeAll(async () => {
  house = await openHouse({ MAPEK_CONSOLE_TOKEN: TOKEN });
  burstAt = await publishBurst(house.client, "shop", "latency_ms");
  house.client.publish("shop", "queue", { value: 3, labels: { host: "a b" } });
  await house.client.performance("shop", { cpu_usage: 30, memory_usage: 40, cycle_latency: 1 });
  await waitFor("the threshold and the end of the anomaly", async () => {
    const [one] = await house.client.series("shop", { metric: "latency_ms", labels: {} });
    return one?.threshold != null && one.open_anomaly === null && one.samples === 470;
  });
});
afterAll(() => house?.[Symbol.asyncDispose]());

// biome-ignore lint/suspicious/noExplicitAny: what a test reads is what it expects.
const bodyOf = async (response: Response): Promise<any> => response.json();
const get = async (path: string, base = house.console.http) => {
  const response = await fetch(base + path);
  return { status: response.status, headers: response.headers, body: await bodyOf(response) };
};
const post = async (
  path: string,
  body: unknown,
  token: string | undefined = TOKEN,
  base = house.console.http,
) => {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== "") headers["x-mapek-token"] = token;
  const response = await fetch(base + path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await bodyOf(response) };
};
const one = { system: "shop", metric: "latency_ms" };
const query = (values: Record<string, string>) => new URLSearchParams(values).toString();
const ONE = query(one);
const stateOf = async () => (await get(`/api/series/one?${ONE}`)).body.state;

describe("what it shows", () => {
  it("is a page whose parts are all its own, without anything inline", async () => {
    const response = await fetch(`${house.console.http}/`);
    const page = await response.text();
    expect(response.headers.get("content-security-policy")).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(response.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(page).not.toMatch(/style=|<style|\son\w+=|https?:/);
    for (const [, path] of page.matchAll(/(?:src|href)="(\/app\/[^"]+)"/g)) {
      const asset = await fetch(house.console.http + path);
      expect(asset.status, path).toBe(200);
    }
    const module = await (await fetch(`${house.console.http}/app/app.ts`)).text();
    expect(module).not.toMatch(/import type|: Page \| undefined/);
  });

  it("is every system, with its state and how many series it has", async () => {
    const body = await waitFor("both series", async () => {
      const { body: found } = await get("/api/systems");
      return found.items[0]?.series === 2 && found;
    });
    expect(body.items).toMatchObject([{ system: "shop", state: "healthy", series: 2, open: 0 }]);
    const { body: shop } = await get("/api/system?system=shop");
    expect(shop.row.parameters).toMatchObject({ state: "healthy", mode: "apply" });
    expect(shop.parameters.at(-1)).toMatchObject({ family: "parameters", seq: expect.any(Number) });
    expect(shop.explanation).toMatchObject({ kind: "state", rule: expect.any(String) });
  });

  it("is one series: samples, threshold, why, anomalies, statistics", async () => {
    const { body } = await get(`/api/series/one?${ONE}`);
    expect(body.state).toMatchObject({ ...one, sensitivity: 1, pinned: false });
    expect(body.thresholds).toMatchObject([
      { threshold: body.state.threshold, source: "recommendation" },
    ]);
    // As messages have it, which the pages share with them.
    expect(body.thresholds[0].schedule).not.toBeNull();
    expect(body.recommendation.recommendation.candidates).toHaveProperty("adaptive");
    expect(body.explanations.upper).toMatchObject({ kind: "threshold", rule: expect.any(String) });
    expect(body.explanations.upper.causes.length).toBeGreaterThan(0);
    expect(body.statistics.statistics.mean).toBeGreaterThan(40);
    const told = body.history.filter(({ family }: { family: string }) => family === "anomalies");
    expect(told.at(-1).message).toMatchObject({ phase: "closed", opened_at: burstAt });
    const { body: samples } = await get(`/api/series/samples?${ONE}`);
    expect(samples.values).toHaveLength(470);
    const { body: late } = await get(`/api/series/samples?${ONE}&from=${burstAt}`);
    expect(late.values).toHaveLength(70);
    const labelled = query({ system: "shop", metric: "queue", labels: '{"host":"a b"}' });
    expect((await get(`/api/series/one?${labelled}`)).body.state.last_value).toBe(3);
  });

  it("is the loops of a system with actions and signals", async () => {
    const { body } = await get("/api/loops?system=shop");
    expect(body.loops.map(({ loop }: { loop: string }) => loop)).toEqual(body.order);
    expect(body.actions.at(-1)).toMatchObject({ loop: "metrics_learning", status: "applied" });
  });
});

it("its health is told", async () => {
  expect((await get("/healthz")).status).toBe(200);
  const { status, body } = await get("/readyz");
  expect(body).toEqual({ status: "ok", service: "console", series: 2, viewers: 0, dropped: 0 });
  expect(status).toBe(200);
});

describe("what it refuses", () => {
  it.each([
    ["a field that is missing", "/api/series/one?system=shop", 400, "MAPEK_CONSOLE_BAD_REQUEST"],
    ["a limit out of range", "/api/series?limit=101", 400, "MAPEK_CONSOLE_BAD_REQUEST"],
    ["a system that is no token", "/api/system?system=a.b", 400, "MAPEK_CONSOLE_BAD_REQUEST"],
    [
      "labels that are not JSON",
      `/api/series/one?${ONE}&labels={`,
      400,
      "MAPEK_CONSOLE_BAD_REQUEST",
    ],
    [
      "labels that are no texts",
      `/api/series/one?${ONE}&labels={"a":1}`,
      400,
      "MAPEK_CONSOLE_BAD_REQUEST",
    ],
    ["something else to watch", "/events?watch=all", 400, "MAPEK_CONSOLE_BAD_REQUEST"],
    [
      "a series that is not there",
      "/api/series/one?system=shop&metric=none",
      404,
      "MAPEK_CONSOLE_NOT_FOUND",
    ],
    ["a system that is not there", "/api/system?system=none", 404, "MAPEK_CONSOLE_NOT_FOUND"],
    ["a page that is not there", "/app/../package.json", 404, "MAPEK_CONSOLE_NOT_FOUND"],
  ])("%s", async (_, path, status, code) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(answer.body.error.code).toBe(code);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("actions without the token, with another one, or of a wrong form", async () => {
    const pin = { ...one, command: "pin", threshold: 9 };
    expect(await post("/api/command", pin, "")).toMatchObject({
      status: 401,
      body: { error: { code: "MAPEK_CONSOLE_BAD_TOKEN" } },
    });
    expect(await post("/api/command", pin, `${TOKEN}x`)).toMatchObject({ status: 401 });
    expect(await post("/api/command", { ...pin, threshold: "9" })).toMatchObject({ status: 400 });
    expect(
      await post("/api/command", { ...one, command: "exclude", from: 2, to: 1 }),
    ).toMatchObject({ status: 400 });
    expect(await post("/api/label", { ...one, verdict: "maybe", at: 1 })).toMatchObject({
      status: 400,
    });
    expect(await post("/api/label", "x".repeat(70_000))).toMatchObject({ status: 413 });
    expect((await stateOf()).pinned).toBe(false);
    expect(house.console.log).not.toContain(TOKEN);
  });

  it("every action where it has no token, and says so", async () => {
    const { MAPEK_CONSOLE_TOKEN: _, ...env } = house.env;
    await using readOnly = await new ServiceProcess("console", env).start();
    expect((await get("/api/session", readOnly.http)).body).toEqual({
      read_only: true,
      may_act: false,
    });
    const label = { ...one, verdict: "false_positive", at: burstAt };
    for (const token of ["", TOKEN])
      expect(await post("/api/label", label, token, readOnly.http)).toMatchObject({
        status: 403,
        body: { error: { code: "MAPEK_CONSOLE_READ_ONLY" } },
      });
    expect((await get("/api/systems", readOnly.http)).body.total).toBe(1);
  });

  it("a port that is taken, with a code and exit 1", async () => {
    const port = new URL(house.console.http).port;
    const second = new ServiceProcess("console", { ...house.env, MAPEK_CONSOLE_PORT: port });
    await expect(second.start()).rejects.toThrow(/exited with 1.*MAPEK_CONSOLE_PORT_IN_USE/s);
  });
});

describe("what an operator does", () => {
  it("a label on an anomaly moves the sensitivity; a proposal with it moves the threshold in force", async () => {
    const before = await stateOf();
    await using live = new EventReader(
      `${house.console.http}/events?${query({ watch: "series", ...one })}`,
    );
    await waitFor("the stream", () => live.of("series").length > 0);
    const label = { ...one, verdict: "false_positive", at: burstAt, propose: { threshold: 500 } };
    expect((await post("/api/label", label)).status).toBe(200);
    const after = await waitFor("both on the live page", () =>
      live
        .of("series")
        .map(({ data }) => data)
        .find(({ sensitivity, threshold }) => sensitivity < 1 && threshold > before.threshold),
    );
    // Its kind was learned, so the rest moves by the fourth root; the whole system by the fourth root of that.
    expect(after.sensitivity).toBeCloseTo(0.8 ** (1 / 4 + 1 / 16), 3);
    expect(after.threshold).toBeCloseTo(before.threshold + 0.1 * (500 - before.threshold), 6);
    const loops = () =>
      live
        .of("output")
        .filter(({ data }) => data.family === "actions")
        .map(({ data }) => data.message.loop);
    await waitFor("both actions", () => new Set(loops()).size === 2);
    expect(new Set(loops())).toEqual(new Set(["anomaly_feedback", "metrics_learning"]));
    const { body } = await get(`/api/series/one?${ONE}`);
    expect(
      body.actions.map(({ target }: { target: { setting: string } }) => target.setting),
    ).toContain("sensitivity");
  });

  it("pins and unpins, freezes, excludes, switches a loop", async () => {
    expect((await post("/api/command", { ...one, command: "pin", threshold: 77 })).status).toBe(
      200,
    );
    await waitFor(
      "the pin",
      async () => (await stateOf()).threshold === 77 && (await stateOf()).pinned,
    );
    await post("/api/command", { ...one, command: "unpin" });
    await waitFor("no pin", async () => !(await stateOf()).pinned);
    await post("/api/command", { ...one, command: "freeze" });
    await waitFor("the frost", async () => (await stateOf()).frozen);
    await post("/api/command", { ...one, command: "unfreeze" });
    await waitFor("the thaw", async () => !(await stateOf()).frozen);
    const now = Date.now();
    expect(
      (await post("/api/command", { ...one, command: "exclude", from: now, to: now + 60_000 }))
        .status,
    ).toBe(200);
    await house.client.publish(
      "shop",
      "latency_ms",
      { value: 9_999, timestamp: now + 1_000 },
      { acknowledge: true },
    );
    const excluded = async () => (await get(`/api/series/one?${ONE}`)).body.learning.excluded;
    await waitFor("a sample that was left out", async () => (await excluded()) === 1);
    await post("/api/loop", { system: "shop", loop: "resource_optimization", enabled: false });
    await waitFor("a loop that is off", async () => {
      const { body } = await get("/api/loops?system=shop");
      return body.loops.some(
        ({ loop, enabled }: { loop: string; enabled: boolean }) =>
          loop === "resource_optimization" && !enabled,
      );
    });
  });
});

describe("what is live", () => {
  it("catches up on outputs that came while it was away", async () => {
    const url = `${house.console.http}/events?watch=loops&system=shop`;
    const send = (id: string) =>
      house.client.signal.anomalyFeedback("shop", { id, true_positive: 1, metric: "latency_ms" });
    const idsIn = (reader: EventReader) =>
      reader
        .of("output")
        .filter(({ data }) => data.family === "feedback")
        .map(({ data }) => data.message.id);
    let last = "";
    {
      await using first = new EventReader(url);
      await waitFor("hello", () => first.of("hello").length > 0);
      await send("one");
      await waitFor("the first", () => idsIn(first).includes("one"));
      last = first.of("output").at(-1)?.id ?? "";
    }
    await send("two");
    await waitFor("it is stored", async () => {
      const found = await house.client.history({ kind: "signals", system: "shop", limit: 5 });
      return found.some(({ id }) => id === "two");
    });
    await using second = new EventReader(url, { "last-event-id": last });
    await waitFor("what was missed", () => idsIn(second).includes("two"));
    expect(idsIn(second)).not.toContain("one");
  });

  it("says that the NATS server is gone, and goes on when it is back", async () => {
    await using live = new EventReader(`${house.console.http}/events?watch=list`);
    const isConnected = () => live.of("status").at(-1)?.data.connected;
    await waitFor("it is live", () => isConnected() === true);
    await house.server.restart();
    await waitFor(
      "it is live again",
      () => live.of("status").length >= 3 && isConnected() === true,
    );
    expect(live.of("status").map(({ data }) => data.connected)).toContain(false);
    await house.client.publish("shop", "after", 1, { acknowledge: true });
    await waitFor("what came after", () => live.of("rows").at(-1)?.data.total === 3);
  });

  it(`lists ${MANY} series a page at a time, searched and ranked`, async () => {
    for (let i = 0; i < MANY; i++)
      house.client.publish("fleet", "temperature", {
        value: 20 + (i % 7),
        labels: { unit: `u${i}` },
      });
    await house.client.flush();
    await using live = new EventReader(
      `${house.console.http}/events?watch=list&system=fleet&limit=25`,
    );
    await waitFor("all of them", () => live.of("rows").at(-1)?.data.total === MANY);
    const largest = Math.max(...live.of("rows").map(({ data }) => JSON.stringify(data).length));
    expect(largest).toBeLessThan(25_000);
    const { body } = await get(`/api/series?${query({ search: "TEMP u9999", limit: "10" })}`);
    expect(body).toMatchObject({ total: 1, beyond: 0, items: [{ labels: { unit: "u9999" } }] });
    const { body: last } = await get(
      `/api/series?${query({ system: "fleet", offset: String(MANY - 5), limit: "25" })}`,
    );
    expect(last.items).toHaveLength(5);
  });
});
