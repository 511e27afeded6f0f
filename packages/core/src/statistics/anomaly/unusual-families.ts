import { type AnomalyFamily, EVIDENCE_FAMILIES, type Surprises } from "./anomaly-families.ts";
import { VIEW_FAMILIES } from "./record-detector.ts";

/** A family is named from this surprise on: one hour in ten has as much. */
export const NAMED_SURPRISE = 1;

/**
 * What an anomaly's message says of its families: those that are unusual, the rarest first, then by which of its views a record is one,
 * the furthest first; and the surprise of each.
 *
 * @param surprises By `EVIDENCE_FAMILIES`. @param excesses How far a record goes beyond each of `VIEW_FAMILIES`, 0 where it does not.
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

/** The names whose sizes are at least so large, the largest first. */
const byDescent = <Name>(names: readonly Name[], sizes: readonly number[], least: number): Name[] =>
  names
    .map((name, at) => ({ name, size: sizes[at]! }))
    .filter(({ size }) => size >= least)
    .sort((a, b) => b.size - a.size)
    .map(({ name }) => name);

/** To a hundredth: a message is read by people. */
const rounded = (surprise: number): number => Math.round(100 * surprise) / 100;
