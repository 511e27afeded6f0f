import { writeFileSync } from "node:fs";
import { parse } from "node:path";
import { CliError } from "../errors.ts";

/**
 * Writes `timestamp,value,anomaly_score` with one row per row of the table, in the same order; time and value are
 * written as they stand in the table.
 *
 * @param rows Cells of the table: the time, then a value per metric.
 * @param column Index in `cells` of the value to write.
 * @param scores Same length as `rows`.
 * @throws {CliError} MAPEK_CLI_FILE
 */
export function writeScores(
  path: string,
  rows: readonly (readonly string[])[],
  column: number,
  scores: Float64Array,
): void {
  const lines = rows.map(
    (cells, i) => `${quoted(cells[0] ?? "")},${quoted(cells[column] ?? "")},${scores[i]}`,
  );
  try {
    writeFileSync(path, `${["timestamp,value,anomaly_score", ...lines].join("\n")}\n`);
  } catch (cause) {
    throw new CliError("MAPEK_CLI_FILE", `${path}: ${(cause as Error).message}`, { cause });
  }
}

const quoted = (cell: string): string =>
  /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** A distinct path per metric: `path` itself for a single metric, else with `.<metric>` before its extension. */
export function scorePaths(path: string, metrics: readonly string[]): string[] {
  if (metrics.length === 1) return [path];
  const { dir, name, ext } = parse(path);
  const folder = dir === "" || dir.endsWith("/") ? dir : `${dir}/`;
  const paths: string[] = [];
  for (const metric of metrics) {
    const safe = metric.replace(/[^A-Za-z0-9._-]/g, "_");
    let made = `${folder}${name}.${safe}${ext}`;
    for (let n = 2; paths.includes(made); n++) made = `${folder}${name}.${safe}-${n}${ext}`;
    paths.push(made);
  }
  return paths;
}
