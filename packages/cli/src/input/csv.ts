import { readFileSync } from "node:fs";
import { CliError, usageError } from "../errors.ts";
import { parseTime } from "./time.ts";

/** One value column of a table. */
export interface CsvSeries {
  /** The column's name. */
  metric: string;
  /** Milliseconds since 1970, one per row, in the order of the file. */
  times: number[];
  /** One per row; NaN where the cell is empty. */
  values: number[];
}

type OnRow = (cells: readonly string[]) => void;

/**
 * Reads a table of samples: a header `timestamp,<metric>[,<metric>…]`, then a row per time.
 *
 * Times are those of {@link parseTime}; an empty value cell is a missing sample; blank lines are
 * skipped; cells may be quoted.
 *
 * @param onRow Called with the cells of each row as they stand in the file, without quotes.
 * @returns A series per value column, all of the same length.
 * @throws {CliError} MAPEK_CLI_FILE for a file that cannot be read; MAPEK_CLI_BAD_CSV with file, line
 * and column of the first fault.
 * Cost: O(file), the whole file in memory.
 */
export function readCsv(path: string, onRow?: OnRow): CsvSeries[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new CliError("MAPEK_CLI_FILE", `${path}: ${(cause as Error).message}`, { cause });
  }
  return parseCsv(text, path, onRow);
}

/** {@link readCsv} on a text; `name` stands for the file in errors. */
export function parseCsv(text: string, name: string, onRow?: OnRow): CsvSeries[] {
  const rows = rowsOf(text.startsWith("\uFEFF") ? text.slice(1) : text, name);
  const first = rows.next();
  if (first.done) throw fault(name, 1, 1, "the file is empty, expected timestamp,value");
  const series = headerOf(first.value, name);
  for (const { cells, line } of rows) {
    if (cells.length !== series.length + 1)
      throw fault(
        name,
        line,
        cells.length,
        `${cells.length} cells, expected ${series.length + 1} as in the header`,
      );
    const time = parseTime(cells[0] ?? "");
    if (time === undefined)
      throw fault(name, line, 1, `${show(cells[0])} is no time (ISO 8601, or epoch s or ms)`);
    onRow?.(cells);
    series.forEach((one, i) => {
      one.times.push(time);
      one.values.push(cellValue(cells[i + 1] ?? "", name, line, i + 2));
    });
  }
  return series;
}

interface Row {
  readonly cells: readonly string[];
  /** Number of the line in which the row starts, from 1. */
  readonly line: number;
}

function headerOf({ cells, line }: Row, name: string): CsvSeries[] {
  const [time = "", ...metrics] = cells;
  if (time.trim().toLowerCase() !== "timestamp")
    throw fault(name, line, 1, `${show(time)}, expected a header that starts with timestamp`);
  if (metrics.length === 0) throw fault(name, line, 2, "no value column, expected timestamp,value");
  return metrics.map((cell, i) => {
    const metric = cell.trim();
    if (metric === "" || metric.length > 256)
      throw fault(name, line, i + 2, "expected a column name of 1–256 characters");
    if (metrics.findIndex((other) => other.trim() === metric) !== i)
      throw fault(name, line, i + 2, `a second column ${show(metric)}`);
    return { metric, times: [], values: [] };
  });
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function cellValue(cell: string, name: string, line: number, column: number): number {
  const text = cell.trim();
  if (text === "") return Number.NaN;
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value))
    throw fault(name, line, column, `${show(cell)} is not a finite number`);
  return value;
}

const show = (cell: string | undefined): string => JSON.stringify((cell ?? "").slice(0, 40));

const fault = (name: string, line: number, column: number, what: string): CliError =>
  new CliError("MAPEK_CLI_BAD_CSV", `${name}:${line}: column ${column}: ${what}`);

/** Rows that are not blank. Cells may be quoted (RFC 4180); line ends may be LF, CRLF or CR. */
function* rowsOf(text: string, name: string): Generator<Row, undefined> {
  const lines = text.split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length; i++) {
    let row = lines[i] ?? "";
    const line = i + 1;
    if (row.trim() === "") continue;
    if (!row.includes('"')) {
      yield { cells: row.split(","), line };
      continue;
    }
    while (countQuotes(row) % 2 === 1) {
      const next = lines[++i];
      if (next === undefined) throw fault(name, line, 1, "a quote that does not end");
      row = `${row}\n${next}`;
    }
    yield { cells: quotedCells(row, name, line), line };
  }
}

const countQuotes = (text: string): number => text.split('"').length - 1;

function quotedCells(row: string, name: string, line: number): string[] {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/gy;
  for (let end = ","; end === ","; ) {
    const match = cell.exec(row);
    if (match === null) throw fault(name, line, cells.length + 1, "text beside a quoted cell");
    const [, quoted, plain = "", next = ""] = match;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    end = next;
  }
  return cells;
}

/**
 * Chooses the columns to use: all without `metric`, else the column of that name. A file with only one column gives
 * that column under the name `metric`.
 *
 * @throws {CliError} MAPEK_CLI_USAGE where no column has the name and there are several.
 */
export function chooseSeries(series: readonly CsvSeries[], metric?: string): CsvSeries[] {
  if (metric === undefined) return [...series];
  const named = series.filter((one) => one.metric === metric);
  if (named.length > 0) return named;
  const [only, ...others] = series;
  if (only !== undefined && others.length === 0) return [{ ...only, metric }];
  throw usageError(
    `no column ${metric}, the file has ${series.map((one) => one.metric).join(", ")}`,
  );
}
