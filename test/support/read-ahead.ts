import { expect } from "vitest";
import { openedRows, scoreSeries } from "../../bench/quality/nab/detect.ts";
import type { TimedSeries } from "./synthetic-series.ts";

/** The score and the alarm of a row follow from that row and earlier ones alone: later ones are cut off or changed. */
export function expectNothingReadAhead({ times, values }: TimedSeries): void {
  const whole = scoreSeries({ times, values });
  const opened = openedRows({ times, values });
  for (const share of [0.1, 0.37, 0.8]) {
    const rows = Math.floor(share * values.length);
    const changed = values.map((value, row) => (row < rows ? value : -1e6 * (1 + row)));
    expect(scoreSeries({ times, values: changed }).subarray(0, rows)).toEqual(
      whole.subarray(0, rows),
    );
    expect(scoreSeries({ times: times.slice(0, rows), values: values.slice(0, rows) })).toEqual(
      whole.slice(0, rows),
    );
    expect(openedRows({ times, values: changed }).filter((row) => row < rows)).toEqual(
      opened.filter((row) => row < rows),
    );
  }
}
