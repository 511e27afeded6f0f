import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestServer } from "../../../test/support/nats.ts";
import { ANSWER_MS, waitFor } from "../../../test/support/wait-for.ts";
import { startChild } from "./support/child.ts";
import {
  expectNothingLostOrTwice,
  type House,
  PARTITIONS,
  SYSTEMS,
  startHost,
  startHouse,
  waitForOutputs,
} from "./support/house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(async () => {
  await house.clear();
});

const [SYSTEM = ""] = SYSTEMS;
const environment = () => ({ NATS_URL: house.server.url });
const status = async (url: string) => (await fetch(url)).status;

/** Sends reports through the service's front door, as fast as it takes them, until the service is gone. */
function load() {
  let stopped = false;
  let accepted = 0;
  const work = async () => {
    while (!stopped) {
      const subject = house.subjects.performance(SYSTEMS[accepted % SYSTEMS.length] ?? "");
      await house.nc.request(subject, '{"value":1}', { timeout: 2_000 }).then(
        () => accepted++,
        () => new Promise((resolve) => setTimeout(resolve, 20)),
      );
    }
  };
  const done = Promise.all(Array.from({ length: 20 }, work));
  return {
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      stopped = true;
      await done;
    },
  };
}

describe("a service that runs", () => {
  test("tells its parent, answers on loopback, and serves metrics", async () => {
    await using child = startChild(environment());
    const url = await child.ready();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: "ok",
      service: "optimizer",
      nats: { version: house.server.version },
      partitions: Array.from({ length: PARTITIONS }, (_, partition) => ({
        partition,
        role: "owner",
        restored: true,
        settled: true,
        historyTrimmed: false,
      })),
    });
    expect(await status(`${url}/healthz`)).toBe(200);
    const answer = await house.nc.request(house.subjects.performance(SYSTEM), '{"value":1}', {
      timeout: ANSWER_MS,
    });
    expect(answer.json()).toEqual({ accepted: 1, rejected: [] });
    await waitForOutputs(house, 1);
    const metrics = await waitFor("the output is counted", async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return text.includes('mapek_outputs_total{family="actions",service="optimizer"} 1') && text;
    });
    for (const name of [
      "mapek_inputs_total",
      "mapek_commit_seconds_count",
      "mapek_owned_partitions",
      "mapek_partition_lag",
      "mapek_restore_seconds_count",
      "mapek_process_cpu_seconds_total",
    ])
      expect(metrics).toMatch(new RegExp(`^${name}[ {]`, "m"));
    expect(metrics).toContain(`mapek_owned_partitions{service="optimizer"} ${PARTITIONS}`);
  });

  test("is ready again after the server was away, and says that it is not meanwhile", async () => {
    await using child = startChild(environment());
    const url = await child.ready();
    await house.server.stop({ keepStore: true });
    await waitFor("not ready", async () => (await status(`${url}/readyz`)) === 503);
    expect(await status(`${url}/healthz`)).toBe(200);
    await house.server.restart();
    await waitFor("ready again", async () => (await status(`${url}/readyz`)) === 200);
    await waitFor("it takes reports in again", async () => {
      const subject = house.subjects.performance(SYSTEM);
      const answer = await house.nc.request(subject, '{"value":1}', { timeout: 2_000 });
      return answer.json<{ accepted: number }>().accepted === 1;
    });
    await waitForOutputs(house, 1);
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "drains on %s under load, and ends with 0",
    async (signal) => {
      await using child = startChild(environment());
      await child.ready();
      {
        await using work = load();
        await waitFor("there is load", () => work.accepted() > 300);
        child.process.kill(signal);
        expect(await child.exited).toBe(0);
      }
      expect(child.text()).toContain(`"why":"${signal}"`);
      expect(child.text()).not.toMatch(/"level":(50|60)/);
      await using host = await startHost(house);
      await waitFor("the next one is ready", () => host.host.ready);
      await expectNothingLostOrTwice(house, host.host);
    },
  );

  test("drains when its parent is gone", async () => {
    await using child = startChild(environment());
    await child.ready();
    child.process.disconnect();
    expect(await child.exited).toBe(0);
    expect(child.text()).toContain("the parent process is gone");
  });

  test("does not outlive a parent that went before it was ready", async () => {
    await using child = startChild(environment());
    child.process.disconnect();
    expect(await child.exited).toBe(0);
  });

  test("ends with 1 when the server does not let it in any more", async () => {
    const config = join(house.server.storeDir, "..", "users.conf");
    const admit = (pass: string) => {
      writeFileSync(config, `authorization { user: ann, password: "${pass}" }\n`);
      return { config, connection: { user: "ann", pass } };
    };
    await using before = await startTestServer(admit("hunter1"));
    await using child = startChild({
      NATS_URL: before.url,
      NATS_USER: "ann",
      NATS_PASSWORD: "hunter1",
    });
    await child.ready();
    await before.stop();
    await using _ = await startTestServer({ ...admit("hunter2"), port: before.port });
    expect(await child.exited).toBe(1);
    expect(child.text()).toContain("the connection is closed for good");
    expect(child.text()).not.toContain("hunter");
  });
});

describe("a service that cannot run", () => {
  test.each([
    [
      "a bad value",
      { MAPEK_MIN_DATA_POINTS: "few" },
      [],
      "MAPEK_CONFIG_BAD_VALUE: environment MAPEK_MIN_DATA_POINTS",
    ],
    [
      "an unreadable file",
      {},
      ["--config", "no/such.yaml"],
      "MAPEK_CONFIG_UNREADABLE: no/such.yaml",
    ],
    ["an unknown flag", {}, ["--colour"], "--colour"],
    ["a bad port", {}, ["--http-port", "x"], "MAPEK_CONFIG_BAD_VALUE: flag for http.port"],
    ["no credentials file", { NATS_CREDS: "no.creds" }, [], "nats.credentials_file"],
  ])("%s: ends with 2, and text", async (_, env, args, text) => {
    await using child = startChild({ ...environment(), MAPEK_LOG_LEVEL: "silent", ...env }, args);
    expect(await child.exited).toBe(2);
    expect(child.text()).toContain(text);
    expect(child.text().trim().split("\n")).toHaveLength(1);
  });

  test("no server: ends with 1, the code, and no secret", async () => {
    await using child = startChild({ NATS_URL: "nats://ann:hunter2@127.0.0.1:1" });
    expect(await child.exited).toBe(1);
    expect(child.text()).toContain('"code":"MAPEK_NATS_UNREACHABLE"');
    expect(child.text()).not.toContain("hunter2");
  });

  test("streams that are configured otherwise: ends with 1 and names them", async () => {
    await using child = startChild({ ...environment(), MAPEK_FEEDBACK_ACTION_HISTORY: "9" });
    expect(await child.exited).toBe(1);
    expect(child.text()).toContain("MAPEK_STREAM_DRIFT: MAPEK_ACTIONS.max_msgs");
  });

  test("its port is taken: ends with 1, and has claimed nothing", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const port = String((taken.address() as AddressInfo).port);
    await using child = startChild(environment(), ["--http-port", port]);
    expect(await child.exited).toBe(1);
    expect(child.text()).toContain(`MAPEK_HTTP_PORT_IN_USE: 127.0.0.1:${port}`);
    const { state } = await house.jsm.streams.info("MAPEK_KNOWLEDGE");
    expect(state.messages).toBe(0);
    taken.close();
  });
});
