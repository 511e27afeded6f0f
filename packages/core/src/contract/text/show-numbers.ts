import { figure } from "../../statistics/index.ts";

const USUAL_DIGITS = 6;
/** Significant digits that identify a double. */
const MOST_DIGITS = 17;
/** Significant digits shown of the smallest difference. */
const DIGITS_OF_DIFFERENCE = 3;

/**
 * Formats numbers for comparison: different numbers give different texts, so that 16,777,215,900 and 16,777,216,100 do not both
 * become 16,777,200,000. A missing number gives "-".
 *
 * @param digits Significant digits of each number, where these distinguish the numbers.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { showNumbers } from "@mapek/core/contract";
 *
 * assert.deepEqual(showNumbers([0.1 + 0.2, null]), ["0.3", "-"]);
 * assert.deepEqual(showNumbers([16_777_215_900, 16_777_216_100]), ["16777215900", "16777216100"]);
 * ```
 */
export function showNumbers(
  values: readonly (number | null | undefined)[],
  digits = USUAL_DIGITS,
): string[] {
  const precision = Math.max(digits, digitsToTell(values));
  return values.map((value) =>
    value === null || value === undefined || Number.isNaN(value) ? "-" : figure(value, precision),
  );
}

/** Formats one number with six significant digits, without an exponent where possible; a missing number gives "-". */
export const showNumber = (value: number | null | undefined): string =>
  showNumbers([value])[0] ?? "-";

function digitsToTell(values: readonly (number | null | undefined)[]): number {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a! - b!);
  let needed = 1;
  for (let i = 1; i < sorted.length; i++) {
    const [low, high] = [sorted[i - 1]!, sorted[i]!];
    if (low === high) continue;
    const size = Math.max(Math.abs(low), Math.abs(high));
    needed = Math.max(needed, Math.ceil(Math.log10(size / (high - low))) + DIGITS_OF_DIFFERENCE);
  }
  return Math.min(MOST_DIGITS, needed);
}
