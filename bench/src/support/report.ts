import type { Result } from "./result.ts";

/** What one bench file found out. */
export interface Report {
  readonly title: string;
  readonly results: readonly Result[];
  /** What one must know to read the figures, a sentence each. */
  readonly notes: readonly string[];
}

/** How a figure stands beside its baseline: above 1 it is better by that factor. */
export function ratioOf({ median, better, baseline }: Result): number | undefined {
  if (baseline === undefined) return undefined;
  return better === "higher" ? median / baseline.median : baseline.median / median;
}

/** Whether the target is reached; undefined where there is none. */
export function isReached({ median, better, target }: Result): boolean | undefined {
  if (target === undefined) return undefined;
  return better === "higher" ? median >= target : median <= target;
}

/** Three significant digits, with separators from 1,000 on. */
export function shown(value: number): string {
  if (value < 1_000) return String(Number(value.toPrecision(3)));
  return Math.round(Number(value.toPrecision(3))).toLocaleString("en-US");
}

/** Ends a bench file: hands the report to the runner, or prints it where the file was started by hand. */
export async function hand(report: Promise<Report>): Promise<void> {
  const found = await report;
  if (process.send !== undefined) {
    await new Promise((resolve) => process.send?.(found, resolve));
    process.disconnect();
    return;
  }
  console.log(found.title);
  for (const result of found.results) {
    const { figure, unit, median, min, max, target, baseline } = result;
    const asked = target === undefined ? "" : `; asked ${shown(target)}`;
    const ratio = shown(ratioOf(result) ?? 0);
    const beside = baseline && `; ${baseline.name}: ${shown(baseline.median)}, ratio ${ratio}`;
    console.log(
      `  ${figure}: ${shown(median)} ${unit} (${shown(min)}–${shown(max)}${asked}${beside ?? ""})`,
    );
  }
  for (const note of found.notes) console.log(`  ${note}`);
}
