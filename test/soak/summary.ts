import type { SoakResult } from "./soak.ts";

/** A row a kind of fault. */
export interface SummaryRow {
  readonly kind: string;
  readonly schedules: number;
  readonly acknowledged: number;
  readonly differences: number;
  /** Schedules that could not be checked: outputs or the house did not come back. */
  readonly stuck: number;
  /** Attempts to start or to clear away a house that failed. */
  readonly houseFailures: number;
  readonly skipped: number;
  readonly crashes: number;
  readonly longestPauseMs: number;
}

/** What came of a soak, by kind. */
export function summaryOf({
  outcomes,
  failures,
  houseFailures,
  skipped,
}: SoakResult): SummaryRow[] {
  const kinds = [...outcomes, ...failures, ...houseFailures, ...skipped].map(
    ({ schedule }) => schedule.kind,
  );
  return [...new Set(kinds)].sort().map((kind) => {
    const of = <T extends { schedule: { kind: string } }>(items: readonly T[]) =>
      items.filter(({ schedule }) => schedule.kind === kind);
    const ran = of(outcomes);
    const checked = new Set(ran.map(({ schedule }) => schedule.seed));
    const stuck = of(failures).filter(({ schedule }) => !checked.has(schedule.seed)).length;
    return {
      kind,
      schedules: ran.length + stuck,
      acknowledged: ran.reduce((sum, one) => sum + one.acknowledged, 0),
      differences: ran.reduce((sum, one) => sum + one.differences.length, 0),
      stuck,
      houseFailures: of(houseFailures).length,
      skipped: of(skipped).length,
      crashes: ran.reduce((sum, one) => sum + one.crashes, 0),
      longestPauseMs: Math.max(0, ...ran.map(({ pauseMs }) => pauseMs)),
    };
  });
}
