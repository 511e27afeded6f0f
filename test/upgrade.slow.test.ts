// What an earlier version left in its data folder is there after an upgrade, and learning goes on from it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Observer } from "./support/observer.ts";
import { waitFor } from "./support/wait-for.ts";
import { type Facts, readFacts } from "./upgrade/facts.ts";
import { startHouse } from "./upgrade/running-house.ts";

const ROOT = join(import.meta.dirname, "..");
const RECORDED = join(import.meta.dirname, "upgrade");
const versions = readdirSync(RECORDED).filter((name) => /^\d+\.\d+\.\d+$/.test(name));

let dataDir = "";
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "mapek-upgraded-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const factsOf = (version: string): Facts =>
  JSON.parse(gunzipSync(readFileSync(join(RECORDED, version, "facts.json.gz"))).toString());

it("a folder of at least one earlier version is recorded", () => {
  expect(versions).toContain("0.1.0");
});

describe.each(versions)("the data folder of %s", (version) => {
  it("keeps windows, thresholds, pins, freezes, sensitivities, parameters and history", async () => {
    execFileSync("tar", ["-xzf", join(RECORDED, version, "data.tar.gz"), "-C", dataDir]);
    await using house = await startHouse(ROOT, dataDir);
    await using observer = await Observer.connect(house.natsUrl);
    const before = factsOf(version);
    const { actions, ...facts } = await readFacts(observer.nc);
    const { actions: actionsBefore, ...kept } = before;
    // A newer version says more of the same, and recommends by its own lights; a threshold's time is that of its series.
    const series = kept.series.map(({ recommendation: _, confidence: __, ...one }) => one);
    const thresholds = kept.thresholds.map(({ timestamp: _, ...one }) => one);
    expect(facts).toMatchObject({ ...kept, series, thresholds });
    // Actions that were open are closed without a verdict as time passes: that adds to the history.
    expect(actions).toEqual(expect.arrayContaining([...actionsBefore]));
    // Not empty, so that two empty houses are not taken for a kept one.
    const pinned = facts.series.filter((series) => series.pinned);
    expect(pinned).toMatchObject([{ metric: "queue", threshold: 25 }]);
    expect(facts.series.filter(({ frozen }) => frozen)).toMatchObject([{ metric: "disk" }]);

    // What was decided before causes were recorded is explained as far as it is known, and says so.
    const asked = { version: 1, kind: "threshold", metric: "queue" };
    const about = "mapek.requests.learner.explain.shop";
    const { items } = await observer.request(about, asked, 60_000);
    expect(items).toMatchObject([{ decision: { family: "thresholds" } }]);
    expect(JSON.stringify(items[0].causes)).toContain("did not record causes");

    const sample = { value: 9, timestamp: Date.now() };
    const answer = await observer.request("mapek.metrics.shop.queue", sample, 60_000);
    expect(answer).toMatchObject({ accepted: 1 });
    await waitFor("a new sample in the window", async () => {
      const { series } = await readFacts(observer.nc);
      return series.some(({ metric, last_value }) => metric === "queue" && last_value === 9);
    });
    expect(await house.stop()).toBe(0);
  });
});

it("a data folder of a newer version is refused with a code", async () => {
  const house = await startHouse(ROOT, dataDir);
  const nc = await connect({ servers: house.natsUrl });
  const jsm = await jetstreamManager(nc);
  const { config } = await jsm.streams.info("MAPEK_KNOWLEDGE");
  const metadata = { ...config.metadata, "mapek.format": "999" };
  await jsm.streams.update("MAPEK_KNOWLEDGE", { ...config, metadata });
  await nc.close();
  expect(await house.stop()).toBe(0);
  await expect(startHouse(ROOT, dataDir)).rejects.toThrow(
    "MAPEK_HOUSE_TOO_NEW: MAPEK_KNOWLEDGE has the format 999",
  );
});
