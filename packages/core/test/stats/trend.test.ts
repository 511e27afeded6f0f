import { expect, describe as suite, test } from "vitest";
import { timeToThresholdMs, trend } from "../../src/stats/index.ts";
import { everyMs, RandomSource } from "./random-source.ts";

const HOUR_MS = 3_600_000;

suite("direction", () => {
  const levels = [
    ["positive", 1000],
    ["negative", -1000],
    ["near zero", 0],
    ["huge", 1e9],
  ] as const;
  test.each(levels)("up, down and flat around a %s mean", (_, level) => {
    const random = new RandomSource(1);
    for (const count of [40, 400, 4000]) {
      const times = everyMs(count);
      const line = (slope: number): Float64Array =>
        random.series(count, (i) => level + slope * (i / count - 0.5) + random.normal());
      expect(trend(times, line(6)).direction).toBe("increasing");
      expect(trend(times, line(-6)).direction).toBe("decreasing");
    }
    expect(trend(everyMs(500), new Float64Array(500).fill(level)).direction).toBe("stable");
  });

  test("unknown under 8 points or without a span of time", () => {
    expect(trend(everyMs(7), Float64Array.of(1, 2, 3, 4, 5, 6, 7)).direction).toBe("unknown");
    expect(trend(everyMs(8), Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)).direction).toBe("increasing");
    expect(
      trend(
        new Float64Array(20),
        Float64Array.from({ length: 20 }, (_, i) => i),
      ).direction,
    ).toBe("unknown");
    expect(trend(new Float64Array(0), new Float64Array(0)).direction).toBe("unknown");
  });

  test("a tiny but certain slope does not matter", () => {
    const random = new RandomSource(3);
    const values = random.series(10_000, (i) => 0.15 * (i / 10_000) + random.normal());
    expect(trend(everyMs(10_000), values).direction).toBe("stable");
  });

  test("an outlier neither makes nor hides a trend", () => {
    const random = new RandomSource(4);
    const flat = random.series(1000, (i) => (i > 990 ? 1e15 : random.normal()));
    expect(trend(everyMs(1000), flat).direction).toBe("stable");
    const rising = random.series(1000, (i) => (i === 500 ? -1e15 : i / 100 + random.normal()));
    expect(trend(everyMs(1000), rising).direction).toBe("increasing");
  });
});

suite("false trends", () => {
  function share(count: number, series: (random: RandomSource) => (i: number) => number): number {
    const random = new RandomSource(count);
    let called = 0;
    for (let round = 0; round < 300; round++) {
      const values = random.series(count, series(random));
      if (trend(everyMs(count), values).direction !== "stable") called++;
    }
    return called / 300;
  }

  test.each([10, 50, 300, 2000])("white noise of %i points: at most 8 %", (count) => {
    expect(share(count, (random) => () => random.normal())).toBeLessThan(0.08);
  });

  test("autocorrelated noise: at most 12 %", () => {
    const autoregressive = (random: RandomSource): (() => number) => {
      let last = 0;
      return () => (last = 0.9 * last + random.normal());
    };
    expect(share(300, autoregressive)).toBeLessThan(0.12);
    expect(share(2000, autoregressive)).toBeLessThan(0.12);
  });

  test("random walks: at most 25 %, where a plain test calls nearly all", () => {
    const walk = (random: RandomSource): (() => number) => {
      let last = 0;
      return () => (last += random.normal());
    };
    expect(share(1000, walk)).toBeLessThan(0.25);
  });

  test("seasonal series: at most 5 %", () => {
    const season = (random: RandomSource): ((i: number) => number) => {
      const phase = random.uniform() * 2 * Math.PI;
      return (i) => 5 * Math.sin(phase + i / 60) + random.normal();
    };
    expect(share(1200, season)).toBeLessThan(0.05);
  });
});

suite("numbers", () => {
  test("the slope of a line is exact, in units an hour, irregular times included", () => {
    const random = new RandomSource(6);
    let time = 1_760_000_000_000;
    const times = random.series(500, () => (time += 1 + random.uniform() * 5000));
    const values = times.map((t) => 5 - 2 * ((t - times[0]!) / HOUR_MS));
    const found = trend(times, values);
    expect(found.slope_per_hour).toBeCloseTo(-2, 9);
    expect(found.change_over_window).toBeCloseTo(values[499]! - values[0]!, 9);
    expect(found.direction).toBe("decreasing");
    expect(found.significance).toBeGreaterThan(0.999);
  });

  test("the interval holds the true slope about 95 % of the time", () => {
    const random = new RandomSource(7);
    let held = 0;
    for (let round = 0; round < 300; round++) {
      const values = random.series(400, (i) => i * 0.002 + random.normal());
      const found = trend(everyMs(400), values);
      expect(found.slope_low).toBeLessThanOrEqual(found.slope_per_hour);
      expect(found.slope_high).toBeGreaterThanOrEqual(found.slope_per_hour);
      if (found.slope_low <= 7.2 && found.slope_high >= 7.2) held++;
    }
    expect(held / 300).toBeGreaterThan(0.9);
  });

  test("scales with the values, and stays finite at the ends of the range", () => {
    const random = new RandomSource(8);
    const values = random.series(300, (i) => i / 30 + random.normal());
    const times = everyMs(300);
    const base = trend(times, values);
    for (const scale of [1e-150, 1e-6, 1e6, 1e150]) {
      const scaled = trend(
        times,
        values.map((x) => x * scale),
      );
      expect(scaled.direction).toBe(base.direction);
      expect(scaled.slope_per_hour / scale).toBeCloseTo(base.slope_per_hour, 6);
    }
    const extreme = random.series(300, () => (random.uniform() < 0.5 ? -1 : 1) * 1.7e308);
    for (const value of Object.values(trend(times, extreme))) {
      if (typeof value === "number") expect(value).toSatisfy(Number.isFinite);
    }
  });

  test("time to a threshold, only where the trend leads there", () => {
    const times = everyMs(100);
    const rising = trend(
      times,
      times.map((_, i) => i),
    );
    expect(timeToThresholdMs(rising, 99, 199)).toBeCloseTo(100_000, 3);
    expect(timeToThresholdMs(rising, 99, 50)).toBeUndefined();
    const falling = trend(
      times,
      times.map((_, i) => -i),
    );
    expect(timeToThresholdMs(falling, -99, -199)).toBeCloseTo(100_000, 3);
    expect(timeToThresholdMs(trend(times, new Float64Array(100)), 0, 5)).toBeUndefined();
  });

  test("refuses columns of different length", () => {
    expect(() => trend(everyMs(9), new Float64Array(8))).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_LENGTH_MISMATCH" }),
    );
  });
});
