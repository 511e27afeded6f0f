import { type AnomalyFamily, EVIDENCE_FAMILIES, type Surprises } from "./anomaly-families.ts";
import { VIEW_FAMILIES } from "./record-detector.ts";

/** A message names a family from this surprise on, which one hour in ten reaches. */
export const NAMED_SURPRISE = 1;

/**
 * The families that a message about an anomaly names: unusual families, the most surprising first; then, if "record" is among them,
 * the record's views, the largest excess first. Also returns the surprise of every family.
 *
 * @param surprises By `EVIDENCE_FAMILIES`. @param excesses Excess of each of `VIEW_FAMILIES`, 0 inside its range.
 */
export function unusualFamilies(
  surprises: readonly number[],
  excesses: readonly number[],
): { families: AnomalyFamily[]; surprises: Surprises } {
  const named = byDescent(EVIDENCE_FAMILIES, surprises, NAMED_SURPRISE);
  const views = byDescent(VIEW_FAMILIES, excesses, Number.MIN_VALUE);
  return {
    families: named.includes("record") ? [...named, ...views] : named,
    surprises: Object.fromEntries(
      EVIDENCE_FAMILIES.map((family, i) => [family, rounded(surprises[i]!)]),
    ),
  };
}

/** The names whose size is at least `least`, the largest first. */
const byDescent = <Name>(names: readonly Name[], sizes: readonly number[], least: number): Name[] =>
  names
    .map((name, at) => ({ name, size: sizes[at]! }))
    .filter(({ size }) => size >= least)
    .sort((a, b) => b.size - a.size)
    .map(({ name }) => name);

/** Rounded to a hundredth, because people read messages. */
const rounded = (surprise: number): number => Math.round(100 * surprise) / 100;
