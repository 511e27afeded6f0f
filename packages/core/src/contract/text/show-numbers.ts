import { figure } from "../../statistics/index.ts";

const USUAL_DIGITS = 6;
/** A double has no more that mean something. */
const MOST_DIGITS = 17;
/** Digits of the smallest difference that are shown. */
const DIGITS_OF_DIFFERENCE = 3;

/**
 * Numbers that a person compares, as texts in which those that differ differ: 16,777,215,900 beside 16,777,216,100 is not
 * the same as 16,777,200,000 twice. "-" where there is none.
 *
 * @param digits Significant digits of each, where that is enough to tell them apart.
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

/** A number by itself: six significant digits, without an exponent where it can be avoided; "-" where there is none. */
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
