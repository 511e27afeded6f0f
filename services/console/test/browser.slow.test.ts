// The console in a browser, over a real house. Without a Chromium these tests are skipped, with the reason.
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ServiceProcess } from "../../../test/support/service-process.ts";
import { STUCK_MS, waitFor } from "../../../test/support/wait-for.ts";
import { chromiumPath } from "./chromium.ts";
import { type House, openHouse, publishBurst } from "./house.ts";

const executablePath = chromiumPath();
const TOKEN = "a-token-for-the-browser";

describe("in a browser", () => {
  let house: House;
  let browser: Browser;
  /** What the pages complained of. */
  const complaints: string[] = [];

  beforeEach((context) => {
    if (executablePath === undefined)
      context.skip("there is no chromium on the PATH, and MAPEK_CHROMIUM is not set");
  });
  beforeAll(async () => {
    if (executablePath === undefined) return;
    house = await openHouse({ MAPEK_CONSOLE_TOKEN: TOKEN });
    browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox"],
    });
    await publishBurst(house.client, "shop", "latency_ms");
    await publishBurst(house.client, "shop", "errors");
    await house.client.performance("shop", { cpu_usage: 95, memory_usage: 40, cycle_latency: 1 });
    await waitFor("thresholds and a state", async () => {
      const series = await house.client.series("shop");
      const parameters = await house.client.request("optimizer", "parameters", "shop");
      return (
        parameters.length === 1 &&
        series.length === 2 &&
        series.every((one) => one.threshold !== null)
      );
    });
  });
  afterAll(async () => {
    await browser?.close();
    await house?.[Symbol.asyncDispose]();
  });

  /** A page at an address; whatever it complains of fails the last test. */
  async function open(
    hash: string,
    base = house.console.http,
    context?: BrowserContext,
  ): Promise<Page> {
    const page = await (context ?? (await browser.newContext())).newPage();
    page.setDefaultTimeout(STUCK_MS);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (
        message.type() === "error" &&
        !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(message.text())
      )
        complaints.push(message.text());
    });
    await page.goto(`${base}/${hash}`);
    await page.locator(".live.live").waitFor();
    return page;
  }

  async function openAsOperator(hash: string): Promise<Page> {
    const page = await open(`#token=${TOKEN}`);
    await page.getByText("You may act").waitFor();
    await page.goto(`${house.console.http}/${hash}`);
    return page;
  }

  /** Goes on by the Tab key until that has the focus. */
  async function tabTo(page: Page, wanted: Locator): Promise<void> {
    for (let i = 0; i < 12; i++) {
      if ((await wanted.and(page.locator(":focus")).count()) === 1) return;
      await page.keyboard.press("Tab");
    }
    throw new Error("the Tab key does not lead there");
  }

  const figure = async (page: Page, id: string): Promise<number> =>
    Number.parseFloat(((await page.locator(`#${id}`).textContent()) ?? "").replaceAll(",", ""));

  it("takes the token out of the address and forgets it with the tab", async () => {
    const page = await openAsOperator("#/systems");
    expect(page.url()).not.toContain(TOKEN);
    expect(await page.evaluate("localStorage.length")).toBe(0);
    await page.context().close();
  });

  it("shows systems, a system with its reasons, series, a series, loops and why, live", async () => {
    const page = await open("#/systems");
    await page.getByRole("row", { name: /shop critical/ }).waitFor();
    await page.getByRole("link", { name: "shop" }).click();
    await page.getByRole("heading", { name: "Why this state" }).waitFor();
    await page.locator("section p.reason").first().waitFor();
    await page.locator("[data-chart=monitoring_interval] canvas").waitFor();
    await page.getByRole("link", { name: "Series", exact: true }).click();
    house.client.publish("shop", "errors", 64);
    await page.getByRole("row", { name: /errors.*above threshold.*64/ }).waitFor();
    await page.getByRole("searchbox").fill("laten");
    await page.getByText("1 series, 0 with an open anomaly, 0 beyond").waitFor();
    await page.getByRole("link", { name: "latency_ms" }).click();
    await page.locator("[data-chart=series] canvas").waitFor();
    await page.getByRole("heading", { name: "Why this threshold" }).waitFor();
    await page.getByRole("row", { name: /^adaptive/ }).waitFor();
    house.client.publish("shop", "latency_ms", 51.25);
    await page.locator("#value-now", { hasText: "51.25 ms" }).waitFor();
    await page.getByRole("link", { name: "Loops" }).click();
    await page
      .getByRole("row", { name: /metrics learning/ })
      .first()
      .waitFor();
    await page.getByRole("link", { name: "Why", exact: true }).click();
    await page.getByText(/mean cpu_usage 95 % > 80 %/).waitFor();
    await page.context().close();
  });

  it("labels an anomaly as a false alarm: sensitivity and threshold of its series move on the page", async () => {
    const page = await openAsOperator("#/series/shop/latency_ms");
    await page.locator("#threshold-now").waitFor();
    const before = await figure(page, "threshold-now");
    expect(await figure(page, "sensitivity-now")).toBe(1);
    await page
      .getByRole("button", { name: /Label the anomaly of/ })
      .first()
      .click();
    await page.getByRole("radio", { name: /a false alarm/ }).check();
    await page.getByRole("checkbox", { name: /Propose a threshold/ }).check();
    await page.getByRole("button", { name: "Send the label" }).click();
    await page.getByText("The label is stored.").waitFor();
    await waitFor(
      "a lower sensitivity on the page",
      async () => (await figure(page, "sensitivity-now")) < 1,
    );
    await waitFor(
      "a higher threshold on the page",
      async () => (await figure(page, "threshold-now")) > before + 1,
    );
    await page
      .getByRole("row", { name: /sensitivity/ })
      .first()
      .waitFor();
    const [state] = await house.client.series("shop", { metric: "latency_ms", labels: {} });
    expect(await figure(page, "threshold-now")).toBeCloseTo(state?.threshold ?? 0, 1);
    await page.context().close();
  });

  it("pins by keyboard alone, and unpins", async () => {
    const page = await openAsOperator("#/series/shop/errors");
    await page.locator("#threshold-now").waitFor();
    const pin = page.getByRole("button", { name: "Pin the threshold …" });
    await page.locator("h1").focus();
    await tabTo(page, pin);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Pin the threshold" }).waitFor();
    await tabTo(page, page.getByRole("spinbutton", { name: "Threshold" }));
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("77.5");
    await page.keyboard.press("Enter");
    await page.locator("#threshold-now", { hasText: "77.5" }).waitFor();
    await page.getByText("pinned", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Unpin the threshold" }).click();
    await pin.waitFor();
    await page.context().close();
  });

  it("is read-only where the console has no token, and says so", async () => {
    const { MAPEK_CONSOLE_TOKEN: _, ...env } = house.env;
    await using readOnly = await new ServiceProcess("console", env).start();
    const page = await open("#/series/shop/latency_ms", readOnly.http);
    await page.getByText("This console is read-only").waitFor();
    expect(await page.getByRole("button", { name: /Pin|Label|Freeze/ }).count()).toBe(0);
    await page.context().close();
  });

  it("with a token that is not the console's it says so and stays read-only", async () => {
    const page = await open("#/systems");
    await page.getByRole("button", { name: "Enter token" }).click();
    await page.getByRole("textbox", { name: "Token" }).fill("something else, and long");
    await page.keyboard.press("Enter");
    await page.getByText("That is not the console's token.").waitFor();
    await page.getByText("Read-only").waitFor();
    await page.context().close();
  });

  it("says that it reconnects while the server is away, and goes on when it is back", async () => {
    const port = new URL(house.console.http).port;
    const env = { ...house.env, MAPEK_CONSOLE_PORT: port };
    const page = await open("#/series");
    await page.getByRole("link", { name: "latency_ms" }).waitFor();
    await house.console.end("SIGTERM");
    await page.getByText("Reconnecting …").waitFor();
    house.client.publish("shop", "while_away", 1);
    await using again = await new ServiceProcess("console", env).start();
    await page.locator(".live.live").waitFor();
    await page.getByRole("link", { name: "while_away" }).waitFor();
    expect(again.http).toBe(house.console.http);
    await page.context().close();
    await again.end("SIGTERM");
    await house.console.start();
  });

  it("fits on a phone of 360 px without scrolling sideways", async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    const page = await open("#/systems", house.console.http, context);
    for (const hash of [
      "systems",
      "systems/shop",
      "series",
      "series/shop/errors",
      "loops",
      "why",
    ]) {
      await page.goto(`${house.console.http}/#/${hash}`);
      await page.locator('[data-key="loading"]').waitFor({ state: "detached" });
      await page.locator(".live.live").waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth"), hash).toBe(360);
    }
    await context.close();
  });

  it("and nothing has been complained of: no error, nothing that the policy blocked", () => {
    expect(complaints).toEqual([]);
  });
});
