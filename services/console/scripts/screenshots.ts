// Makes the pictures of the README: node services/console/scripts/screenshots.ts [<folder>]
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { chromium, type Page } from "playwright-core";
import { waitFor } from "../../../test/support/wait-for.ts";
import { chromiumPath } from "../test/chromium.ts";
import { openHouse } from "../test/house.ts";
import { publishLive, seedReports, seedSamples } from "./seed.ts";

const TOKEN = "for-these-pictures-only";
const LIVE_MS = 1_000;
/** So long a stretch of the incident is to be seen. */
const INCIDENT_MS = 8_000;
const MOST_BYTES = 200_000;

const folder = process.argv[2] ?? join(import.meta.dirname, "..", "screenshots");
const executablePath = chromiumPath();
if (executablePath === undefined) throw new Error("no chromium: install it, or set MAPEK_CHROMIUM");

await using house = await openHouse({
  MAPEK_CONSOLE_TOKEN: TOKEN,
  MAPEK_CONFIG: join(import.meta.dirname, "pictures.yaml"),
});
const { client, console: shown } = house;
await seedSamples(client, Date.now());
let trouble = 0;
const timer = setInterval(() => publishLive(client, Date.now(), trouble), LIVE_MS);
using live = new DisposableStack();
live.defer(() => clearInterval(timer));
await seedReports(client);
await client.signal.metricsLearning("checkout", {
  parameter: "requests_per_second",
  ...{ threshold_value: 1_400, confidence: 0.9 },
});
await client.signal.decisionQuality("checkout", {
  ...{ decision_id: "scale-out-17", predicted_outcome: 120, actual_outcome: 133 },
});
await client.signal.resourceOptimization("payments", { resource_type: "cpu", utilization: 0.86 });
await client.signal.performanceAdaptation("search", { cpu_usage: 52, latency_ms: 900 });
for (const anomaly_id of await anomaliesOf("search", "latency_ms"))
  await client.signal.anomalyFeedback("search", { false_positive: 1, anomaly_id });

trouble = 110;
await waitFor("an open anomaly", async () => {
  const [one] = await client.series("checkout", { metric: "latency_ms", labels: {} });
  return one !== undefined && one.open_anomaly !== null;
});
await delay(INCIDENT_MS);

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const PAGES = {
  "one-series": "#/series/checkout/latency_ms",
  series: "#/series",
  systems: "#/systems",
  system: "#/systems/checkout",
  loops: "#/loops",
  why: "#/why",
};
for (const [device, viewport] of Object.entries({
  desktop: { width: 1280, height: 860 },
  phone: { width: 360, height: 740 },
}))
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({
      ...{ viewport, colorScheme, deviceScaleFactor: device === "phone" ? 2 : 1 },
      ...{ reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC" },
    });
    const page = await context.newPage();
    await page.goto(`${shown.http}/#token=${TOKEN}`);
    for (const [name, hash] of Object.entries(PAGES)) {
      await page.goto(`${shown.http}/${hash}`);
      await settled(page);
      if (name === "one-series") await page.getByRole("button", { name: "15 min" }).click();
      const path = join(folder, `${name}-${device}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: process.argv.includes("--full") });
    }
    await context.close();
  }
await browser.close();
live.dispose();
for (const name of readdirSync(folder)) {
  const { size } = statSync(join(folder, name));
  if (size > MOST_BYTES)
    process.stderr.write(`${name} has ${size} bytes, more than ${MOST_BYTES}\n`);
}

/** The page has what it reads, is live, and has drawn its charts. */
async function settled(page: Page): Promise<void> {
  await page.locator(".live.live").waitFor();
  await page.locator('[data-key="loading"]').waitFor({ state: "detached" });
  await page.waitForTimeout(1_500);
}

async function anomaliesOf(system: string, metric: string): Promise<Set<string>> {
  const series = { system, metric, labels: {} };
  const events = await client.events({ service: "learner", families: ["anomalies"], ...series });
  return new Set(events.map(({ message }) => String(message.anomaly_id)));
}
