import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it, vi } from "vitest";
import { operationalSeries } from "../../../test/support/operational-series.ts";
import { fileOf as goldenFile, readExpected } from "../../core/test/statistics/vectors.ts";
import { analyzeCommand } from "../src/commands/analyze.ts";
import { runProgram } from "../src/program.ts";

const main = join(import.meta.dirname, "../src/main.ts");
const folder = mkdtempSync(join(tmpdir(), "mapek-analyze-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The real command, as a process of its own. */
const spawnAnalyze = (...args: string[]): Promise<Ran> =>
  new Promise((done) => {
    execFile(process.execPath, [main, "analyze", ...args], (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });

/** The same in this process. */
async function analyzeHere(...args: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const outSpy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  const errSpy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  try {
    const program = new Command("mapek").addCommand(analyzeCommand());
    return { code: await runProgram(program, ["analyze", ...args]), out, err };
  } finally {
    outSpy.mockRestore();
    errSpy.mockRestore();
  }
}

function fileOf(name: string, ...lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** A series with incidents, with times as spreadsheets write them. */
function operationalFile(name: string): string {
  const { times, values } = operationalSeries(name);
  const rows = Array.from(times, (time, i) => {
    const iso = new Date(time).toISOString();
    return `${iso.slice(0, 10)} ${iso.slice(11, 19)},${values[i]}`;
  });
  return fileOf(`${name.replace(/\W/g, "_")}.csv`, "timestamp,value", ...rows);
}

const rowsOf = (
  count: number,
  value = (i: number): number => 50 + Math.sin(i),
  stepSeconds = 1,
): string[] =>
  Array.from({ length: count }, (_, i) => `${1_760_000_000 + i * stepSeconds},${value(i)}`);
/** Seconds between samples of which two days and more are in 700: by then the hours of a series are known. */
const STEP = 300;

interface Series {
  metric: string;
  statistics: Record<string, number> | null;
  trend: { direction: string; slope_per_hour: number };
  candidates: Record<string, number> | null;
  recommendation: Record<string, unknown> | null;
  anomalies: Record<string, number>[];
}

async function seriesOf(file: string, ...args: string[]): Promise<Series[]> {
  const { code, out, err } = await analyzeHere(file, "--json", ...args);
  expect(err).toBe("");
  expect(code).toBe(0);
  return (JSON.parse(out) as { series: Series[] }).series;
}

describe("mapek analyze --json", () => {
  it("prints what the interface promises, as a process without a server", async () => {
    const file = operationalFile("passengers: day and week, a lost day, a rush");
    const { code, out, err } = await spawnAnalyze(file, "--json");
    expect([code, err]).toEqual([0, ""]);
    const [series, ...others] = (JSON.parse(out) as { series: Series[] }).series;
    expect(others).toEqual([]);
    expect(Object.keys(series ?? {})).toEqual([
      "metric",
      "statistics",
      "trend",
      "candidates",
      "recommendation",
      "anomalies",
      "changes",
    ]);
    expect(series?.metric).toBe("value");
    expect(Object.keys(series?.statistics ?? {})).toEqual([
      "data_points",
      "mean",
      "median",
      "std_dev",
      "min_value",
      "max_value",
      "p25",
      "p75",
      "p90",
      "p95",
      "p99",
    ]);
    expect(Object.keys(series?.trend ?? {})).toEqual(["direction", "slope_per_hour"]);
    expect(Object.keys(series?.candidates ?? {})).toEqual([
      "percentile",
      "sigma",
      "iqr",
      "adaptive",
    ]);
    expect(series?.recommendation).toMatchObject({
      recommended_value: expect.any(Number),
      confidence: expect.any(Number),
      strategy: expect.any(String),
      reasoning: expect.any(String),
      provisional: false,
    });
    expect(series?.anomalies.length).toBeGreaterThan(0);
    for (const anomaly of series?.anomalies ?? [])
      expect(Object.keys(anomaly)).toEqual([
        "opened_at",
        "closed_at",
        "peak_at",
        "peak_value",
        "peak_score",
        "direction",
        "expected_low",
        "expected_high",
        "expected",
        "families",
        "surprises",
        "ending",
      ]);
  });

  it.each(Object.entries(readExpected()))("agrees with the vector %s", async (name, wanted) => {
    const [series] = await seriesOf(goldenFile(name), "--window", String(wanted.window));
    const figures = {
      ...series?.statistics,
      threshold_percentile: series?.candidates?.percentile,
      threshold_sigma: series?.candidates?.sigma,
      threshold_iqr: series?.candidates?.iqr,
    };
    for (const [field, actual] of Object.entries(figures)) {
      const target = Number(wanted[field as "mean"]);
      expect(Math.abs((actual ?? Number.NaN) - target), field).toBeLessThanOrEqual(
        1e-9 * Math.abs(target),
      );
    }
    if (wanted.trend !== null) expect(series?.trend.direction).toBe(wanted.trend);
  });

  it.each([
    [15, null],
    [16, true],
    [99, true],
    [100, false],
  ])("%i rows: provisional is %s", async (count, provisional) => {
    const [series] = await seriesOf(fileOf("few.csv", "timestamp,value", ...rowsOf(count)));
    expect(series?.recommendation?.provisional ?? null).toBe(provisional);
  });

  it("takes strategy, window and min-data-points", async () => {
    const file = fileOf("options.csv", "timestamp,value", ...rowsOf(200));
    const [series] = await seriesOf(
      file,
      "--strategy",
      "iqr",
      "--window",
      "50",
      "--min-data-points",
      "60",
    );
    expect(series?.statistics?.data_points).toBe(50);
    expect(series?.recommendation).toMatchObject({
      strategy: "iqr",
      recommended_value: series?.candidates?.iqr,
      provisional: true,
    });
  });

  it("takes a sensitivity", async () => {
    const file = operationalFile("mentions: counts with a heavy tail");
    const count = async (x: string) =>
      (await seriesOf(file, "--sensitivity", x))[0]?.anomalies.length ?? 0;
    expect(await count("10")).toBeGreaterThan(await count("0.1"));
  });

  it("takes times without a zone as UTC, whatever zone the machine is in", async () => {
    const rows = rowsOf(703, (i) => (i < 700 ? 50 + ((i * 7) % 9) : 900), STEP);
    const text = rows.map((row) => {
      const [seconds, value] = row.split(",");
      const iso = new Date(Number(seconds) * 1_000).toISOString();
      return `${iso.slice(0, 10)} ${iso.slice(11, 19)},${value}`;
    });
    const [plain] = await seriesOf(fileOf("epoch.csv", "timestamp,value", ...rows));
    vi.stubEnv("TZ", "America/New_York");
    const [zoned] = await seriesOf(fileOf("zoned.csv", "timestamp,value", ...text));
    vi.unstubAllEnvs();
    expect(zoned).toEqual(plain);
    expect(plain?.anomalies[0]?.opened_at).toBe(1_760_210_000_000);
  });

  it("tells a level that shifted", async () => {
    const rows = Array.from(
      { length: 3_000 },
      (_, i) => `${1_760_000_000 + 300 * i},${(i < 2_600 ? 50 : 80) + ((i * 7) % 9)}`,
    );
    const { out } = await analyzeHere(fileOf("shift.csv", "timestamp,value", ...rows));
    expect(out).toMatch(/changes {9}1\n.* level shift: The level went from 5\d\.?\d* to 8\d/);
  });

  it("has no figures for a metric without samples", async () => {
    const [series] = await seriesOf(fileOf("none.csv", "timestamp,value"));
    expect(series).toMatchObject({ statistics: null, candidates: null, recommendation: null });
    const { out } = await analyzeHere(join(folder, "none.csv"));
    expect(out).toBe("value: no samples\n");
  });
});

describe("mapek analyze --scores", () => {
  it("writes a row per row, in order, with time and value as they stand in the file", async () => {
    const usual = rowsOf(700, undefined, STEP);
    const rows = [...usual, "2025-10-11T19:13:20Z,1e2", "1760000000,-0.50", "1760009999,"];
    const file = fileOf("rows.csv", "timestamp,value", ...rows);
    const out = join(folder, "rows-scores.csv");
    const { code } = await analyzeHere(file, "--scores", out);
    expect(code).toBe(0);
    const [header, ...lines] = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(header).toBe("timestamp,value,anomaly_score");
    expect(lines.map((line) => line.slice(0, line.lastIndexOf(",")))).toEqual(rows);
    const scores = lines.map((line) => Number(line.slice(line.lastIndexOf(",") + 1)));
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(scores[700]).toBeGreaterThan(0.99);
    // Repeated, and missing.
    expect(scores.slice(701)).toEqual([0, 0]);
  });

  it("scores of the first rows do not depend on those that follow", async () => {
    const source = operationalFile("requests: a day that jumps up");
    const lines = readFileSync(source, "utf8").trimEnd().split("\n");
    const out = join(folder, "prefix.csv");
    const scoresOf = async (name: string, ...rows: string[]) => {
      await analyzeHere(fileOf(name, ...rows), "--scores", out);
      return readFileSync(out, "utf8").trimEnd().split("\n");
    };
    const whole = await scoresOf("whole.csv", ...lines);
    expect(whole).toHaveLength(lines.length);
    for (const count of [2, 400, 3_000])
      expect(await scoresOf("part.csv", ...lines.slice(0, count))).toEqual(whole.slice(0, count));
  });

  it("writes a file per metric where there are several", async () => {
    const rows = rowsOf(40).map((row, i) => `${row},${i},`);
    const file = fileOf("several.csv", "timestamp,cpu,disk /,net", ...rows);
    const { code } = await analyzeHere(file, "--scores", join(folder, "many.csv"));
    expect(code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith("many"))).toEqual([
      "many.cpu.csv",
      "many.disk__.csv",
      "many.net.csv",
    ]);
    const text = readFileSync(join(folder, "many.disk__.csv"), "utf8").split("\n");
    expect(text[40]).toMatch(/^1760000039,39,[01](?:\.\d+)?$/);
    const series = await seriesOf(file);
    expect(series.map(({ metric }) => metric)).toEqual(["cpu", "disk /", "net"]);
    expect(series[2]?.statistics).toBeNull();
  });

  it("quotes what needs it", async () => {
    const file = fileOf("quoted.csv", "timestamp,value", '"2025-10-09 08:53:20,250",1');
    const out = join(folder, "quoted-scores.csv");
    await analyzeHere(file, "--scores", out);
    expect(readFileSync(out, "utf8")).toBe(
      'timestamp,value,anomaly_score\n"2025-10-09 08:53:20,250",1,0\n',
    );
  });
});

describe("mapek analyze for people", () => {
  it("prints figures, candidates, trend, recommendation and anomalies of each metric", async () => {
    const rows = rowsOf(700, undefined, STEP).map(
      (row, i) => `${row},${i > 690 ? 900 : (i * 7) % 11}`,
    );
    const { code, out } = await spawnAnalyze(fileOf("people.csv", "timestamp,cpu,wait", ...rows));
    expect(code).toBe(0);
    expect(out).toContain("cpu: 700 samples in the window, 700 read, 2025-10-09 08:53:20.000 to");
    expect(out).toContain("wait: 700 samples");
    for (const word of ["MEAN", "P99", "PERCENTILE", "ADAPTIVE", "trend ", "recommendation "])
      expect(out.split(word)).toHaveLength(3);
    expect(out).toContain("anomalies       none");
    expect(out).toContain("changes         none");
    expect(out).toMatch(
      /anomalies {7}1\n\nOPENED .* EXPECTED +HOW RARE +UNUSUAL +ENDED\n2025-10-11 18:\d\d:20\.000 +open .* 900 +-?[\d.]+ to [\d.]+ +less than one hour in 100,000 +\w.*it is open/,
    );
  });

  it("says why there is no recommendation, and when it is provisional", async () => {
    const few = await analyzeHere(fileOf("few.csv", "timestamp,value", ...rowsOf(15)));
    expect(few.out).toContain("recommendation  none under 16 samples");
    const some = await analyzeHere(fileOf("some.csv", "timestamp,value", ...rowsOf(16)));
    expect(some.out).toContain(", provisional)");
  });
});

describe("mapek analyze refuses", () => {
  const good = () => fileOf("good.csv", "timestamp,value", ...rowsOf(3));

  it.each([
    [["--strategy", "magic"], "Allowed choices are percentile, sigma, iqr, adaptive, auto"],
    [["--sensitivity", "0"], "expected a number from 0.1 to 10"],
    [["--sensitivity", "high"], "expected a finite number"],
    [["--window", "0"], "expected a whole number of 1 or more"],
    [["--window", "2000000"], "expected at most 1000000"],
    [["--min-data-points", "1.5"], "expected a whole number of 1 or more"],
    [["--nonsense"], "unknown option '--nonsense'"],
    [["other.csv"], "too many arguments"],
  ])("%j with exit code 2", async (args, text) => {
    const { code, err, out } = await analyzeHere(good(), ...args);
    expect(code).toBe(2);
    expect(err).toContain("MAPEK_CLI_USAGE");
    expect(err).toContain(text);
    expect(out).toBe("");
  });

  it("a bad option with exit code 2 as a process too", async () => {
    const { code, err, out } = await spawnAnalyze(good(), "--window", "-3");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("--window");
  });

  it("no file with exit code 2", async () => {
    const { code, err } = await analyzeHere();
    expect(code).toBe(2);
    expect(err).toContain("missing required argument 'file'");
  });

  it("a file that is not there with exit code 1, naming it", async () => {
    const { code, err, out } = await spawnAnalyze(join(folder, "nowhere.csv"));
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^MAPEK_CLI_FILE: .*nowhere\.csv/);
  });

  it("a table with a fault with exit code 1, naming file, line and column", async () => {
    const { code, err } = await analyzeHere(fileOf("bad.csv", "timestamp,value", "1,2", "2,x"));
    expect(code).toBe(1);
    expect(err).toMatch(/^MAPEK_CLI_BAD_CSV: .*bad\.csv:3: column 2: "x" is not a finite number/);
  });

  it("a scores file that cannot be written with exit code 1", async () => {
    const { code, err } = await analyzeHere(good(), "--scores", join(folder, "no", "where.csv"));
    expect(code).toBe(1);
    expect(err).toMatch(/^MAPEK_CLI_FILE: .*where\.csv/);
  });
});
