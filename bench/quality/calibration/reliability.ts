import type { Case } from "./cases.ts";

const BINS = 10;

/** The cases whose confidence lies in one tenth. */
export interface Bin {
  readonly from: number;
  readonly count: number;
  /** Mean confidence, and share of promises kept; 0 … 1. */
  readonly said: number;
  readonly kept: number;
}

/** The ten bins of a reliability diagram; those without cases are left out. */
export function reliability(cases: readonly Pick<Case, "confidence" | "kept">[]): Bin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const inside = cases.filter(
      ({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin,
    );
    const said = inside.reduce((sum, { confidence }) => sum + confidence, 0) / inside.length;
    const kept = inside.filter((one) => one.kept).length / inside.length;
    return { from: bin / BINS, count: inside.length, said, kept };
  }).filter(({ count }) => count > 0);
}

/** Mean distance between what was said and what was kept, weighted by cases. Source: Naeini et al. (2015), AAAI 29. */
export function calibrationError(cases: readonly Pick<Case, "confidence" | "kept">[]): number {
  return reliability(cases).reduce(
    (sum, { count, said, kept }) => sum + (count / cases.length) * Math.abs(said - kept),
    0,
  );
}
