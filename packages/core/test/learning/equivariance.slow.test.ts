// A series in another unit, from another zero: the same series. For a > 0 and any b, a·x + b gives the same anomalies,
// changes, recommendations and thresholds but for the unit.
import fc from "fast-check";
import { expect, test } from "vitest";
import { CONTINUOUS, syntheticSeries } from "../../../../test/support/synthetic-series.ts";
import { seriesSettings } from "../../src/contract/index.ts";
import { type SeriesEvent, SeriesLearner } from "../../src/learning/index.ts";

const SAMPLES = 700;
const MINUTE_MS = 60_000;
/** Values on this grid, scaled by a power of two and shifted by whole numbers, are exact: only what is learned rounds. */
const GRID = 1_024;
const ROUNDING = 1e-6;

/** What came of a series, with a threshold that follows what is learned. */
function eventsOf(times: Float64Array, values: Float64Array): SeriesEvent[] {
  const learner = new SeriesLearner(seriesSettings.parse({ thresholds: "both" }));
  const events: SeriesEvent[] = [];
  for (const [i, time] of times.entries())
    for (const event of learner.receiveSample(time, values[i]!)) {
      events.push(event);
      if (event.type !== "recommendation" || event.recommendation.provisional) continue;
      const { recommended_value: threshold, strategy, confidence } = event.recommendation;
      const said = { strategy, confidence, reasoning: "", source: "recommendation" } as const;
      const from = event.inForce ?? undefined;
      const to = from === undefined ? threshold : from + 0.1 * (threshold - from);
      events.push(
        learner.setThreshold(event.side, {
          ...{ ...said, threshold: to, movedFrom: from, rate: 0.1 },
          ...{ pinned: false, action_id: "one", timestamp: time },
        }),
      );
    }
  return events;
}

/** What has no unit: what happened, when, and every share and choice. */
function unitless(event: SeriesEvent): unknown {
  const { type, time } = event;
  switch (type) {
    case "recommendation": {
      const { strategy, confidence, provisional } = event.recommendation;
      return { type, time, side: event.side, strategy, confidence, provisional };
    }
    case "threshold":
      return { type, time, side: event.side, source: event.threshold.source };
    case "change":
      return { type, time, kind: event.kind, since: event.since };
    case "anomaly": {
      const { opened_at, closed_at, peak_at, direction } = event.incident;
      return { type, time, phase: event.phase, opened_at, closed_at, peak_at, direction };
    }
    case "outcome":
      return { type, time, before: event.before.toFixed(6), after: event.after.toFixed(6) };
  }
}

/** What is in the unit of the values. */
function levelsOf(event: SeriesEvent): number[] {
  switch (event.type) {
    case "recommendation":
      return [event.recommendation.recommended_value];
    case "threshold":
      return [event.threshold.threshold, ...(event.schedule ?? []).map(([, value]) => value)];
    case "change":
      return [event.before ?? 0, event.after ?? 0];
    case "anomaly":
      return [event.incident.peak_value, ...(event.threshold === null ? [] : [event.threshold])];
    case "outcome":
      return [];
  }
}

const kinds = fc.constantFrom(...Object.keys(CONTINUOUS));

test("200 series in another unit, from another zero, give the same but for the unit", () => {
  fc.assert(
    fc.property(
      kinds,
      fc.nat(10_000),
      fc.constantFrom(1, 5, 30, 60),
      fc.integer({ min: -10, max: 10 }),
      fc.integer({ min: -10_000, max: 10_000 }),
      (kind, seed, minutes, power, zero) => {
        const { times, values } = syntheticSeries(kind, seed, SAMPLES, minutes * MINUTE_MS);
        const x = values.map((value) => Math.round(value * GRID) / GRID);
        const a = 2 ** power;
        const b = a * zero;
        const plain = eventsOf(times, x);
        const other = eventsOf(
          times,
          x.map((value) => a * value + b),
        );
        expect(other.map(unitless)).toEqual(plain.map(unitless));
        const range = Math.max(...x) - Math.min(...x);
        for (const [i, event] of plain.entries()) {
          const levels = levelsOf(event);
          for (const [k, level] of levelsOf(other[i]!).entries())
            expect(Math.abs((level - b) / a - levels[k]!)).toBeLessThanOrEqual(
              ROUNDING * (range + Math.abs(b / a)),
            );
        }
      },
    ),
    { numRuns: 200, seed: 12 },
  );
});
