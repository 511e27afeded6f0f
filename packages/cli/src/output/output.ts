export { showNumber, showNumbers, showSeries, showTime } from "@mapek/core/contract";

/** `--json`, on every command that prints. */
export const JSON_OPTION = ["--json", "print JSON"] as const;

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a line for people to standard error, so that standard output carries results only. */
export function sayAside(text: string): void {
  process.stderr.write(`mapek: ${text}\n`);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** Lays out rows as columns, each as wide as its widest cell, with two spaces between them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
