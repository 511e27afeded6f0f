import { BUCKETS } from "@mapek/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MapekClient } from "../src/index.ts";
import { LATEST_BUCKETS } from "../src/outputs/latest-values.ts";
import { type House, makeStreams, openHouse, until } from "./house.ts";
import { aThreshold, someParameters } from "./messages.ts";

let house: House;
let client: MapekClient;
beforeAll(async () => {
  house = await openHouse({ withStreams: false });
  client = await house.client();
});
afterAll(() => house[Symbol.asyncDispose]());

describe("latest values", () => {
  it("are in the buckets that the services declare", () => {
    expect(LATEST_BUCKETS).toEqual(BUCKETS);
  });

  it("cannot be read before a service has run, and can afterwards", async () => {
    await expect(client.thresholds()).rejects.toMatchObject({ code: "MAPEK_CLIENT_NO_BUCKET" });
    await expect(client.parameters("checkout")).rejects.toMatchObject({
      code: "MAPEK_CLIENT_NO_BUCKET",
    });
    await makeStreams(house.services);
    expect(await client.thresholds()).toEqual([]);
    expect(await client.parameters("checkout")).toBeUndefined();
  });

  it("give the newest threshold of each series, by system and true metric", async () => {
    const schedule = [[1_760_000_000_000, 250] as const, [1_760_003_600_000, 300] as const];
    const here = aThreshold({ metric: "disk /var", labels: { host: "a" }, schedule });
    await house.commit("thresholds", aThreshold({ threshold: 1 }), here);
    await house.commit(
      "thresholds",
      aThreshold({ threshold: 2 }),
      aThreshold({ metric: "disk__var" }),
      aThreshold({ system: "billing" }),
    );
    await until("four", async () => (await client.thresholds()).length === 4);
    const ofCheckout = await client.thresholds({ system: "checkout" });
    expect(ofCheckout.map(({ metric }) => metric)).toEqual([
      "disk /var",
      "disk__var",
      "latency_ms",
    ]);
    expect(ofCheckout[2]?.threshold).toBe(2);
    expect(await client.thresholds({ metric: "disk /var" })).toEqual([here]);
    expect(await client.thresholds({ metric: "latency_ms" })).toHaveLength(2);
    expect(await client.thresholds({ system: "nowhere" })).toEqual([]);
  });

  it("are watched from the newest on, errors contained", async () => {
    house.reported.length = 0;
    const seen: number[] = [];
    const watch = await client.watchThresholds(
      ({ threshold }) => {
        seen.push(threshold);
        if (threshold === 2) throw new Error("not this one");
      },
      { system: "checkout", metric: "latency_ms" },
    );
    await until("what is in force", () => seen.length === 1);
    await house.commit("thresholds", aThreshold({ threshold: 3 }));
    await until("the change", () => seen.length === 2);
    expect(seen).toEqual([2, 3]);
    expect(watch.stats).toMatchObject({ received: 2, failed: 1 });
    expect(house.reported).toHaveLength(1);
    await watch.stop();
  });

  it("give and watch parameters", async () => {
    await house.commit("parameters", someParameters(), someParameters({ system: "billing" }));
    await until("parameters", async () => (await client.allParameters()).length === 2);
    expect(await client.parameters("checkout")).toEqual(someParameters());
    const seen: number[] = [];
    const watch = await client.watchParameters(
      ({ monitoring_interval }) => {
        seen.push(monitoring_interval);
      },
      { system: "checkout" },
    );
    await until("what holds", () => seen.length === 1);
    await house.commit("parameters", someParameters({ monitoring_interval: 10 }));
    await until("the change", () => seen.length === 2);
    expect(seen).toEqual([60, 10]);
    await watch.stop();
  });

  it("are watched through a restart of the server", async () => {
    const seen: number[] = [];
    const watch = await client.watchThresholds(
      ({ threshold }) => {
        seen.push(threshold);
      },
      { system: "checkout", metric: "latency_ms" },
    );
    await until("what is in force", () => seen.length === 1);
    await house.server.restart();
    await until("connected again", async () => {
      try {
        await house.commit("thresholds", aThreshold({ threshold: 99 }));
        return true;
      } catch {
        return false;
      }
    });
    await until("the newest value", () => seen.at(-1) === 99);
    await watch.stop();
  });
});
