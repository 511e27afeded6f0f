import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chooseSeries, parseCsv, readCsv } from "../src/input/csv.ts";
import { parseTime } from "../src/input/time.ts";

const T = Date.UTC(2025, 9, 9, 8, 53, 20);

describe("parseTime", () => {
  it.each([
    ["2025-10-09T08:53:20Z", T],
    ["2025-10-09T08:53:20", T],
    ["2025-10-09 08:53:20", T],
    ["2025-10-09 08:53:20.250", T + 250],
    ["2025-10-09T10:53:20+02:00", T],
    ["2025-10-09T10:53:20+0200", T],
    ["2025-10-09T03:23:20-05:30", T],
    ["2025-10-09 08:53:20 UTC", T],
    ["2025-10-09T08:53", T - 20_000],
    ["2025-10-09", Date.UTC(2025, 9, 9)],
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    [`${T / 1_000}`, T],
    [`${T / 1_000}.5`, T + 500],
    [`${T}`, T],
    [` ${T} `, T],
    ["1.7600000e12", 1_760_000_000_000],
    ["0", 0],
  ])("reads %s", (text, time) => {
    expect(parseTime(text)).toBe(time);
  });

  it.each([
    "",
    "now",
    "2025-02-30",
    "2025-13-01",
    "2025-10-09 25:00:00",
    "2025-10-09T08:53:20+25:00",
    "-5",
    "1e13",
    "NaN",
    "10/09/2025",
  ])("refuses %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

describe("parseCsv", () => {
  it("gives a series per value column, rows in order, empty cells missing", () => {
    const text = "timestamp,cpu,memory\r\n2,1,10\r\n1,,20\r\n\r\n3,-3.5e-1,\r\n";
    expect(parseCsv(text, "f")).toEqual([
      { metric: "cpu", times: [2_000, 1_000, 3_000], values: [1, Number.NaN, -0.35] },
      { metric: "memory", times: [2_000, 1_000, 3_000], values: [10, 20, Number.NaN] },
    ]);
  });

  it("reads quoted cells, a byte order mark and a header without rows", () => {
    expect(parseCsv('\uFEFFTimestamp,"a ""b"", c"\n"1","2"\n', "f")).toEqual([
      { metric: 'a "b", c', times: [1_000], values: [2] },
    ]);
    expect(parseCsv('timestamp,"two\nlines"\n1,2\n', "f")[0]?.metric).toBe("two\nlines");
    expect(parseCsv("timestamp,value", "f")).toEqual([{ metric: "value", times: [], values: [] }]);
  });

  it.each([
    ["", "f:1: column 1: the file is empty"],
    ["time,value\n1,2", 'f:1: column 1: "time", expected a header'],
    ["timestamp\n1", "f:1: column 2: no value column"],
    ["timestamp,a,a\n1,2,3", "f:1: column 3: a second column"],
    ["timestamp,a,\n1,2,3", "f:1: column 3: expected a column name"],
    ["timestamp,value\n1,2\n\nsoon,3", 'f:4: column 1: "soon" is no time'],
    ["timestamp,value\n1,2\n2,high", 'f:3: column 2: "high" is not a finite number'],
    ["timestamp,value\n1,Infinity", "f:2: column 2"],
    ["timestamp,value\n1,0x10", "f:2: column 2"],
    ["timestamp,value\n1,1e999", "f:2: column 2"],
    ["timestamp,value\n1,NaN", "f:2: column 2"],
    ["timestamp,value\n1,2,3", "f:2: column 3: 3 cells, expected 2"],
    ["timestamp,value\n1", "f:2: column 1: 1 cells, expected 2"],
    ['timestamp,value\n1,"2', "f:2: column 1: a quote that does not end"],
    ['timestamp,value\n1,"2"x', "f:2: column 2: text beside a quoted cell"],
  ])("names file, line and column of the fault in %j", (text, message) => {
    expect(() => parseCsv(text, "f")).toThrow(
      expect.objectContaining({
        code: "MAPEK_CLI_BAD_CSV",
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe("readCsv", () => {
  it("reads a file, and names one that cannot be read", () => {
    const folder = mkdtempSync(join(tmpdir(), "mapek-csv-"));
    try {
      const path = join(folder, "a.csv");
      writeFileSync(path, "timestamp,value\n1,2\n");
      expect(readCsv(path)).toEqual([{ metric: "value", times: [1_000], values: [2] }]);
      expect(() => readCsv(join(folder, "b.csv"))).toThrow(
        expect.objectContaining({ code: "MAPEK_CLI_FILE", exitCode: 1 }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("chooseSeries", () => {
  const series = (metric: string) => ({ metric, times: [], values: [] });
  it("takes all, the named one, or renames the only one", () => {
    expect(chooseSeries([series("a"), series("b")])).toHaveLength(2);
    expect(chooseSeries([series("a"), series("b")], "b")).toEqual([series("b")]);
    expect(chooseSeries([series("value")], "cpu")).toEqual([series("cpu")]);
    expect(() => chooseSeries([series("a"), series("b")], "c")).toThrow(
      expect.objectContaining({ code: "MAPEK_CLI_USAGE", exitCode: 2 }),
    );
  });
});
