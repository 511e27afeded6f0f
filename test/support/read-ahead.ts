import { expect } from "vitest";
import { analysed } from "../../bench/quality/alarms/analysed.ts";
import type { TimedSeries } from "./synthetic-series.ts";

/** Scores and alarms of a row, as `mapek analyze` gives them, follow from that row and earlier ones alone: later ones are cut off or changed. */
export function expectNothingReadAhead({ times, values }: TimedSeries): void {
  const whole = analysed({ times, values });
  for (const share of [0.1, 0.37, 0.8]) {
    const rows = Math.floor(share * values.length);
    const changed = analysed({
      times,
      values: values.map((value, row) => (row < rows ? value : -1e6 * (1 + row))),
    });
    const cut = analysed({ times: times.slice(0, rows), values: values.slice(0, rows) });
    for (const kind of ["scores", "episodes"] as const) {
      expect(changed[kind].subarray(0, rows)).toEqual(whole[kind].subarray(0, rows));
      expect(cut[kind]).toEqual(whole[kind].slice(0, rows));
    }
  }
}
