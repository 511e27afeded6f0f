import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyze } from "@mapek/core/learning";
import { Command } from "commander";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { reportCommand } from "../src/commands/report.ts";
import { showNumber, showTime } from "../src/output/output.ts";
import { runProgram } from "../src/program.ts";
import { numberTicks, timeTicks } from "../src/report/axis.ts";
import { html } from "../src/report/html.ts";
import { decisionsOf, lineOf } from "../src/report/in-force.ts";
import { pageOf } from "../src/report/page.ts";
import type { ReportedThreshold } from "../src/report/report-data.ts";
import { thinLine } from "../src/report/thin-line.ts";

const folder = mkdtempSync(join(tmpdir(), "mapek-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function report(...args: string[]): Promise<{ code: number; out: string }> {
  let out = "";
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      out += text;
      return true;
    }),
  );
  try {
    const program = new Command("mapek").addCommand(reportCommand());
    return { code: await runProgram(program, ["report", ...args]), out };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Every element is closed, in order; attributes are quoted. Not for HTML in general. */
function expectWellFormed(page: string): void {
  const open: string[] = [];
  const body = page.replace(/<style>[^<]*<\/style>/, "").replace(/^<!doctype html>/, "");
  for (const [tag, close, name, rest = "", self] of body.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z0-9-]+="[^"<>]*")*)\s*(\/?)>/g,
  )) {
    if (close === "/") expect(open.pop(), tag).toBe(name);
    else if (self !== "/" && name !== "meta") open.push(name as string);
    expect(rest).not.toMatch(/\son[a-z]+="/);
  }
  expect(open).toEqual([]);
  // Whatever is left of a tag that the pattern did not take.
  expect(body.replace(/<\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z0-9-]+="[^"<>]*")*\s*\/?>/g, "")).not.toMatch(
    /[<>]/,
  );
}

const start = Date.UTC(2026, 0, 5);
const times = Array.from({ length: 900 }, (_, i) => start + i * 300_000);
const values = times.map(
  (_, i) => 50 + 5 * Math.sin(i) + ((i * 7919) % 100) / 100 + (i >= 800 && i < 805 ? 300 : 0),
);

describe("mapek report of a file", () => {
  const file = join(folder, "metrics.csv");
  const evil = `<img src=x onerror=alert(1)>'&`;
  writeFileSync(
    file,
    [
      `timestamp,latency,"${evil}"`,
      ...times.map((time, i) => `${new Date(time).toISOString()},${values[i]},${i % 7}`),
    ].join("\n"),
  );

  it("is one page with what the analysis found", async () => {
    const output = join(folder, "page.html");
    expect(await report(file, "-o", output)).toEqual({ code: 0, out: `${output}\n` });
    const page = readFileSync(output, "utf8");
    expectWellFormed(page);
    const found = analyze(times, values);
    const [anomaly] = found.anomalies;
    expect(page).toContain(`<h2>latency</h2>`);
    expect(page).toContain(
      `<strong>${showNumber(found.recommendation?.recommended_value)}</strong>`,
    );
    expect(page).toContain(html`${found.recommendation?.reasoning}`.text);
    for (const value of Object.values(found.statistics ?? {}))
      expect(page).toContain(`<dd>${showNumber(value)}</dd>`);
    expect(page).toContain(`<td>${showTime(anomaly?.peak_at as number)}</td>`);
    expect(page).toMatch(
      /<td>less than one hour in 100,000<\/td><td>peak 3\d\d[^<]*; it recovered</,
    );
    expect(page.match(/<rect class="anomaly"/g)).toHaveLength(found.anomalies.length);
    expect(page).toContain(`<path class="threshold proposed"`);
  });

  it("needs nothing from elsewhere and runs nothing", async () => {
    const { out } = await report(file, "-o", "-");
    expect(out).not.toMatch(/https?:|<script|<link|<img|@import|url\(/);
    expect(out).toContain(`default-src &#39;none&#39;`.replaceAll("&#39;", "'"));
    expect(out).toContain("prefers-color-scheme: dark");
    expect(out).toContain("@media print");
    expect(out).toContain("<h2>&lt;img src=x onerror=alert(1)&gt;&#39;&amp;</h2>");
  });

  it("takes one column, and settings", async () => {
    const { out } = await report(file, "-o", "-", "--metric", "latency", "--strategy", "iqr");
    expect(out.match(/<h2>/g)).toHaveLength(1);
    const { recommendation } = analyze(times, values, { strategy: "iqr" });
    expect(out).toContain(
      `<strong>${showNumber(recommendation?.recommended_value)}</strong> by iqr`,
    );
  });

  it("of no samples says so", async () => {
    const empty = join(folder, "empty.csv");
    writeFileSync(empty, "timestamp,latency\n");
    const { out, code } = await report(empty, "-o", "-");
    expect(out).toContain("No samples.");
    expect(code).toBe(0);
  });

  it("that is not there, or may not be written, is an error with its code", async () => {
    const missing = await report(join(folder, "none.csv"));
    expect(missing).toMatchObject({ code: 1, out: expect.stringMatching(/^MAPEK_CLI_FILE/) });
    const unwritable = await report(file, "-o", join(folder, "no", "such.html"));
    expect(unwritable).toMatchObject({ code: 1, out: expect.stringMatching(/^MAPEK_CLI_FILE/) });
  });
});

const aThreshold = (changes: Partial<ReportedThreshold> = {}): ReportedThreshold => ({
  threshold: 60,
  side: "upper",
  source: "recommendation",
  reasoning: "because",
  action_id: "a-1",
  pinned: false,
  timestamp: start,
  ...changes,
});

describe("a threshold that follows the day", () => {
  const hour = 3_600_000;
  const at = (h: number) => start + h * hour;
  const curve = (...values: number[]) => values.map((value, h) => [at(h), value] as const);
  const first = aThreshold({ schedule: curve(60, 70, 80, 90) });
  const redrawn = aThreshold({
    threshold: 82,
    timestamp: at(1.5),
    schedule: curve(62, 72, 92, 102),
  });
  const pinned = aThreshold({
    threshold: 55,
    timestamp: at(2.5),
    ...{ source: "operator", pinned: true, action_id: null, reasoning: "by hand" },
  });
  const all = [first, redrawn, pinned];

  it("has the decisions, each with what was drawn anew for it", () => {
    expect(decisionsOf(all, "upper")).toEqual([
      { threshold: first, curves: [first, redrawn] },
      { threshold: pinned, curves: [pinned] },
    ]);
    expect(decisionsOf(all, "lower")).toEqual([]);
  });

  it("is drawn as it was handed out: each schedule until the next message", () => {
    expect(lineOf([first, redrawn], at(0), at(2.5))).toEqual([
      [at(0), 60],
      [at(1), 70],
      [at(1.5), 75],
      [at(1.5), 82],
      [at(2), 92],
      [at(2.5), 97],
    ]);
    expect(lineOf([first, redrawn], at(2), at(3)).map(([time]) => time)).toEqual([at(2), at(3)]);
  });

  it("is told with its value at the end, its decisions in the table and its redraws as a number", () => {
    const hours = Array.from({ length: 25 }, (_, i) => at(i / 10));
    const found = {
      ...analyze(times, values),
      name: "m",
      times: hours,
      values: hours.map(() => 50),
    };
    const make = (thresholds: readonly ReportedThreshold[]) =>
      pageOf({ title: "m", source: "s", madeAt: 0, series: [{ ...found, thresholds }] });
    const page = make([first, redrawn]);
    expectWellFormed(page);
    expect(page).toContain("<dd>96 <small>recommendation, follows the day</small></dd>");
    expect(page.match(/<td>recommendation<\/td>/g)).toHaveLength(1);
    expect(page).toContain("Once it was drawn anew by the clock");
    expect(make(all).match(/<path class="threshold"/g)).toHaveLength(1);
    expect(make([first])).not.toContain("drawn anew");
    const ahead = page.match(/<path class="threshold proposed"/g);
    expect(ahead).toHaveLength(1);
    expect(page).toContain("expected next");
    expect(page).toContain('<rect class="ahead"');
    expect(make([pinned])).not.toMatch(/expected next|<rect class="ahead"/);
  });
});

const anyText = fc.string({ unit: "binary", maxLength: 40 });

it("whatever texts a series has, the page is well-formed and shows them as texts", () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (name, reasoning, source) => {
      const page = pageOf({
        title: name,
        source,
        madeAt: 0,
        series: [
          {
            ...analyze(times, values),
            name,
            times,
            values,
            thresholds: [aThreshold({ source: "signal", reasoning, timestamp: start + 5 })],
            changes: [
              { kind: "drift", since: start + 9, before: 1, after: null, reasoning: source },
            ],
          },
        ],
      });
      expectWellFormed(page);
      expect(page).toContain(html`<td>${reasoning}</td>`.text);
    }),
    { numRuns: 50 },
  );
});

describe("axes", () => {
  const number = fc.double({ min: -1e9, max: 1e9, noNaN: true });

  it("numbers are round, in order, within the range, and neither few nor many", () => {
    fc.assert(
      fc.property(number, fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (low, size) => {
        fc.pre(low + size > low && size > Math.abs(low) * 1e-9);
        const ticks = numberTicks(low, low + size);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(6);
        for (const { value } of ticks) {
          expect(value).toBeGreaterThanOrEqual(low - size * 1e-9);
          expect(value).toBeLessThanOrEqual(low + size * (1 + 1e-9));
        }
      }),
    );
    expect(numberTicks(0, 100).map(({ label }) => label)).toEqual([
      "0",
      "20",
      "40",
      "60",
      "80",
      "100",
    ]);
    expect(numberTicks(0.1, 0.35).map(({ label }) => label)).toEqual([
      "0.1",
      "0.15",
      "0.2",
      "0.25",
      "0.3",
      "0.35",
    ]);
  });

  it("times are round, at most nine, and named by what passes", () => {
    const hour = 3_600_000;
    expect(timeTicks(start - 1, start + 6 * hour).map(({ label }) => label)).toEqual([
      "01-05",
      ...["01:00", "02:00", "03:00", "04:00", "05:00", "06:00"],
    ]);
    expect(timeTicks(start, start + 4_000)[1]?.label).toBe("00:00.500");
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 9e12, noNaN: true }),
        fc.double({ min: 1, max: 9e12, noNaN: true }),
        (low, size) => {
          const ticks = timeTicks(low, Math.min(low + size, 9e12));
          expect(ticks.length).toBeLessThanOrEqual(9);
        },
      ),
    );
  });
});

describe("a thinned line", () => {
  it("keeps the extremes of every column and stays small", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 500 }),
        (some) => {
          const at = some.map((_, i) => i);
          const path = thinLine(
            at,
            some,
            (time) => (time / some.length) * 20,
            (value) => value,
          );
          const drawn = [...path.matchAll(/[ML](\S+) ([-\d.e]+)/g)].map(([, , y]) => Number(y));
          expect(drawn.length).toBeLessThanOrEqual(Math.min(80, some.length));
          expect(Math.max(...drawn)).toBeCloseTo(Math.max(...some), 1);
          expect(Math.min(...drawn)).toBeCloseTo(Math.min(...some), 1);
        },
      ),
    );
  });

  it("is broken where nothing came for long", () => {
    const at = [0, 1, 2, 3, 500, 501];
    const path = thinLine(
      at,
      at,
      (time) => time,
      (value) => value,
    );
    expect(path.match(/M/g)).toHaveLength(2);
  });
});
