import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { number, quantity, seconds, seriesName, unitOf } from "../src/browser/format.ts";
import { figuresSince, newestOfAnomalies, promiseBand } from "../src/browser/series-figures.ts";

const beyond = (values: readonly number[], threshold: number) =>
  values.filter((value) => value > threshold).length / values.length;

describe("the band of the promise", () => {
  it("is where between half and one and a half of the promised share lies beyond", () => {
    const values = Array.from({ length: 1_000 }, (_, i) => (i * 7919) % 1_000);
    const [low, high] = promiseBand(values, 0.05, "upper") ?? [];
    expect(beyond(values, low ?? 0)).toBeCloseTo(0.075, 2);
    expect(beyond(values, high ?? 0)).toBeCloseTo(0.025, 2);
    const [lowest, highest] = promiseBand(values, 0.05, "lower") ?? [];
    expect(1 - beyond(values, lowest ?? 0)).toBeCloseTo(0.025, 2);
    expect(1 - beyond(values, highest ?? 0)).toBeCloseTo(0.075, 2);
  });

  it("is in order and within the values, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), {
          minLength: 40,
          maxLength: 200,
        }),
        fc.constantFrom("upper" as const, "lower" as const),
        (values, side) => {
          const [low, high] = promiseBand(values, 0.05, side) ?? [Number.NaN, Number.NaN];
          expect(low).toBeLessThanOrEqual(high);
          expect(low).toBeGreaterThanOrEqual(Math.min(...values));
          expect(high).toBeLessThanOrEqual(Math.max(...values));
        },
      ),
    );
  });

  it("is not made of too few samples", () => {
    expect(promiseBand([1, 2, 3], 0.05, "upper")).toBeUndefined();
    expect(promiseBand([], 0.05, "upper")).toBeUndefined();
  });
});

const threshold = (value: number, previous: number | null, timestamp: number) => ({
  ...{ version: 1, system: "s", metric: "m", labels: {}, threshold: value, previous, timestamp },
  ...{ strategy: "sigma", confidence: 1, reasoning: "", source: "operator" },
  ...{ pinned: false, action_id: null },
});

describe("the figures of a chart", () => {
  it("have at each time the threshold that was in force then", () => {
    const upper = [threshold(5, null, 20), threshold(7, 5, 40)] as never;
    const known = { lower: [], anomalies: [], bands: [], unit: "ms" };
    const all = { ...known, times: [10, 20, 30, 40, 50], values: [1, 2, 3, 4, 5], upper };
    expect(figuresSince(all, 0).upper).toEqual([null, 5, 5, 7, 7]);
    expect(figuresSince(all, 30)).toMatchObject({ times: [30, 40, 50], upper: [5, 7, 7] });
    expect(figuresSince(all, 60).times).toEqual([]);
  });

  it("have each anomaly once, as it was told last, the newest first", () => {
    const message = (anomaly_id: string, opened_at: number, phase: string) => ({
      anomaly_id,
      opened_at,
      phase,
    });
    const told = [message("a", 1, "opened"), message("b", 5, "opened"), message("a", 1, "closed")];
    expect(newestOfAnomalies(told as never)).toEqual([told[1], told[2]]);
  });
});

describe("texts", () => {
  it("tell the unit that a metric's name tells", () => {
    expect(["latency_ms", "lag_seconds", "cpu_usage", "size_bytes", "items"].map(unitOf)).toEqual([
      "ms",
      "s",
      "%",
      "B",
      "",
    ]);
    expect(quantity(12.345678, "latency_ms")).toBe("12.35 ms");
    expect(quantity(null, "latency_ms")).toBe("–");
  });

  it("have four digits, and words for times", () => {
    expect(number(0)).toBe("0");
    expect(number(1.25e-7)).toBe("1.25e-7");
    expect(seconds(90)).toBe("90 s");
    expect(seconds(604_800)).toBe("7 d");
    expect(seriesName("m", { host: "a", core: "1" })).toBe("m · host=a · core=1");
  });
});
