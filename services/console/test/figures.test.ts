import type { Threshold } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  counted,
  number,
  percent,
  quantity,
  seconds,
  seriesName,
  unitOf,
  withoutJson,
} from "../src/browser/format.ts";
import {
  figuresSince,
  newestOfAnomalies,
  promiseBand,
} from "../src/browser/series/series-figures.ts";
import {
  aheadOf,
  decisionsOf,
  handedOutAt,
  nextHours,
  presentAt,
} from "../src/browser/series/thresholds.ts";
import { withoutReplaced } from "../src/handed-out.ts";

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

const threshold = (changes: Partial<Threshold>): Threshold => ({
  ...{ version: 1, system: "s", metric: "m", labels: {}, threshold: 5, previous: null },
  ...{ strategy: "sigma", confidence: 1, reasoning: "because", source: "recommendation" },
  ...{ pinned: false, action_id: null, timestamp: 0 },
  ...changes,
});
const curve = (...values: number[]) => values.map((value, i) => [10 * i, value] as const);

describe("thresholds", () => {
  const first = threshold({ timestamp: 20, schedule: curve(1, 2, 3, 4, 5, 6, 7, 8) });
  const redrawn = threshold({ timestamp: 40, schedule: curve(11, 12, 13, 14, 15, 16, 17, 18) });
  const pinned = threshold({ timestamp: 60, source: "operator", pinned: true, threshold: 9 });

  it("have the value that was handed out for each time, none before the first message", () => {
    const times = [10, 20, 25, 40, 55, 60, 70];
    expect(handedOutAt([first, redrawn, pinned], times)).toEqual([null, 3, 3.5, 15, 16.5, 9, 9]);
  });

  it("are expected to go on as their last message says, until its end", () => {
    expect(aheadOf(redrawn, 55, 70)).toEqual([
      [55, 16.5],
      [60, 17],
      [70, 18],
    ]);
    expect(aheadOf(redrawn, 55, 1_000).at(-1)).toEqual([70, 18]);
    expect(aheadOf(redrawn, 70, 1_000)).toEqual([]);
    expect(aheadOf(pinned, 60, 1_000)).toEqual([]);
    expect(nextHours(redrawn, 55, "latency_ms")).toBe("16.5 ms to 18 ms in the next day");
    expect(nextHours(pinned, 60, "latency_ms")).toBeUndefined();
  });

  it("are at times before their first message what their schedule says of that hour of the day", () => {
    const day = 86_400_000;
    const schedule = [
      [2 * day, 1],
      [3 * day, 11],
    ] as const;
    const present = threshold({ timestamp: 2 * day, schedule });
    expect([0, day / 2, 1.75 * day, 2.5 * day].map((time) => presentAt(present, time))).toEqual([
      1, 6, 8.5, 6,
    ]);
    expect(presentAt(pinned, 0)).toBe(9);
  });

  it("are decided on fewer times than they are drawn", () => {
    expect(decisionsOf([first, redrawn, redrawn, pinned])).toEqual([first, pinned]);
  });

  it("say the same without the hours that were drawn anew", () => {
    const told = [first, redrawn, pinned];
    const cut = withoutReplaced(
      told.map((message, seq) => ({ seq, timestamp: 0, family: "thresholds", message })),
    ).map(({ message }) => message as unknown as Threshold);
    expect(cut.map(({ schedule }) => schedule?.length)).toEqual([3, 3, undefined]);
    const times = Array.from({ length: 70 }, (_, i) => i);
    expect(handedOutAt(cut, times)).toEqual(handedOutAt(told, times));
  });
});

describe("the figures of a chart", () => {
  it("have the thresholds of the samples, what comes, and which samples are beyond them", () => {
    const schedule = [
      [20, 3],
      [50, 6],
      [55, 7],
      [60, 8],
    ] as const;
    const upper = { messages: [threshold({ timestamp: 20, schedule })], band: undefined };
    const lower = { messages: [threshold({ threshold: 1, timestamp: 40 })], band: undefined };
    const known = { anomalies: [], unit: "ms", upper, lower };
    const all = { ...known, times: [10, 20, 30, 40, 50], values: [9, 2, 5, 0, 6] };
    const { upper: drawn, beyond, times } = figuresSince(all, 20);
    expect(times).toEqual([20, 30, 40, 50]);
    expect(drawn.past).toEqual([3, 4, 5, 6]);
    expect(drawn.ahead).toEqual([
      [50, 6],
      [55, 7],
      [57.5, 7.5],
    ]);
    expect(beyond).toEqual([null, 5, 0, null]);
    expect(figuresSince(all, 0).upper).toMatchObject({
      past: [null, 3, 4, 5, 6],
      before: [expect.any(Number), null, null, null, null],
    });
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

  it("have four digits, and words for times and sizes", () => {
    expect(number(0)).toBe("0");
    expect(number(1.25e-7)).toBe("1.25e-7");
    expect([0.5, 90, 150, 900, 5_399.8, 86_399].map(seconds)).toEqual([
      ...["0.5 s", "90 s", "2 min 30 s", "15 min", "1 h 30 min", "1 d"],
    ]);
    expect([600_000, 604_800, -9_000].map(seconds)).toEqual(["6 d 23 h", "7 d", "-2 h 30 min"]);
    expect(quantity(5e8, "memory_bytes")).toBe("500 MB");
    expect(quantity(12, "memory_bytes")).toBe("12 B");
    expect(quantity(599_110, "lag_seconds")).toBe("6 d 22 h");
    expect(quantity(125.4, "lag_seconds")).toBe("125.4 s");
    const fields = { parameter: "m", labels: {}, threshold_value: 9, in_force: null };
    const said = "parameter m, labels –, threshold value 9, in force –";
    expect(withoutJson(`signal of m{host="a"}: ${JSON.stringify(fields)}`)).toBe(
      `signal of m{host="a"}: ${said}`,
    );
    expect(withoutJson('m{host="a"} threshold')).toBe('m{host="a"} threshold');
    expect([0.05, 1e-9, 0, null].map(percent)).toEqual(["5 %", "< 0.01 %", "0 %", "–"]);
    expect([1, 2].map((n) => counted(n, "sample"))).toEqual(["1 sample", "2 samples"]);
    expect(seriesName("m", { host: "a", core: "1" })).toBe("m · host=a · core=1");
  });

  it("of every length are in no unit as much as the next larger one", () => {
    fc.assert(
      fc.property(fc.double({ min: 120, max: 1e8, noNaN: true }), (length) => {
        const told = seconds(length);
        expect(told).toMatch(/^[\d,]+ (d|h|min)( \d+ (h|min|s))?$/);
        expect(told).not.toMatch(/\b(24 h|60 min|60 s)\b/);
      }),
    );
  });
});
