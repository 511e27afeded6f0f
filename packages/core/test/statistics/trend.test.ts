import { expect, describe as suite, test } from "vitest";
import { type Season, timeToThresholdMs, trend } from "../../src/statistics/index.ts";
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

suite("seasons", () => {
  const STEP_MS = 300_000;
  const DAY = 288;

  /** Share of windows with a direction: a daily wave of deviation 4, and a drift an hour. `known`: part of the wave. */
  function share(length: number, driftPerHour: number, known = 0): number {
    const random = new RandomSource(length);
    let called = 0;
    for (let round = 0; round < 200; round++) {
      const phase = random.uniform() * DAY;
      const wave = (i: number): number => 30 * Math.sin((2 * Math.PI * (i + phase)) / DAY);
      const drift = (driftPerHour * STEP_MS) / HOUR_MS;
      const values = random.series(length, (i) => wave(i) + drift * i + 4 * random.normal());
      const times = everyMs(length, STEP_MS);
      const season = (time: number): number => known * wave((time - times[0]!) / STEP_MS);
      const { direction } = trend(times, values, known > 0 ? season : undefined);
      if (direction === "increasing" || direction === "decreasing") called++;
    }
    return called / 200;
  }

  test.each([72, 144, 216, 288, 360, 432, 575, 576, 700, 864, 2_016, 4_100, 10_000])(
    "a window of %i samples of a daily cycle is no trend: at most 5 %",
    (length) => {
      expect(share(length, 0)).toBeLessThanOrEqual(0.05);
    },
  );

  test("a drift under a season is found: in a day mostly, from two days on nearly always", () => {
    expect(share(DAY, 0.3)).toBeGreaterThan(0.5);
    expect(share(2 * DAY, 0.3)).toBeGreaterThan(0.8);
    expect(share(3 * DAY, 0.3)).toBeGreaterThan(0.95);
    expect(share(7 * DAY, 0.3)).toBe(1);
    expect(share(30 * DAY, 0.02)).toBe(1);
  });

  test("a large drift is found where half of the season is known", () => {
    expect(share(1.5 * DAY, 1, 0.5)).toBe(1);
  });

  test("a step at the weekend is no trend in a window of three days", () => {
    const random = new RandomSource(21);
    for (let start = 0; start < 7 * DAY; start += 24) {
      const values = random.series(3 * DAY, (i) => {
        const day = Math.floor((start + i) / DAY) % 7;
        return (day >= 5 ? -15 : 0) + 20 * Math.sin((2 * Math.PI * i) / DAY) + random.normal();
      });
      expect(trend(everyMs(3 * DAY, STEP_MS), values).direction).toBe("stable");
    }
  });

  test("where a weekend begins or ends no trend is called beside a week that is known", () => {
    const random = new RandomSource(23);
    const week = (time: number): number => {
      const hours = (time - everyMs(1)[0]!) / HOUR_MS;
      const wave = Math.sin((2 * Math.PI * hours) / 24);
      return Math.floor(hours / 24) % 7 >= 5 ? 12 * wave - 15 : 30 * wave;
    };
    const share = (driftPerHour: number, season?: Season): number => {
      let called = 0;
      for (let start = 0; start < 7 * DAY; start += 6) {
        const times = everyMs(1.25 * DAY, STEP_MS).map((time) => time + start * STEP_MS);
        const drift = (i: number): number => (driftPerHour * i * STEP_MS) / HOUR_MS;
        const values = times.map((time, i) => week(time) + drift(i) + 4 * random.normal());
        const { direction } = trend(times, values, season);
        if (direction === "increasing" || direction === "decreasing") called++;
      }
      return called / (7 * (DAY / 6));
    };
    expect(share(0)).toBeGreaterThan(0.08);
    expect(share(0, week)).toBeLessThan(0.03);
    expect(share(0.3, week)).toBeGreaterThan(0.5);
  });

  test("a rise of half a day is unknown, unless it is known to be no season", () => {
    const random = new RandomSource(22);
    const values = random.series(144, (i) => i / 20 + random.normal());
    const times = everyMs(144, STEP_MS);
    expect(trend(times, values)).toMatchObject({ direction: "unknown" });
    expect(trend(times, values).slope_per_hour).toBeGreaterThan(0);
    expect(trend(times, values, () => 0).direction).toBe("increasing");
  });

  test.each([72, DAY, 3 * DAY, 15 * DAY])(
    "%i samples: turns with the sign, scales and shifts with the values",
    (length) => {
      const random = new RandomSource(length + 1);
      const values = random.series(
        length,
        (i) => i / 20 + 5 * Math.sin((2 * Math.PI * i) / DAY) + random.normal(),
      );
      const times = everyMs(length, STEP_MS);
      const base = trend(times, values);
      const turned = trend(
        times,
        values.map((x) => -x),
      );
      const moved = trend(
        times,
        values.map((x) => 1024 + 4 * x),
      );
      const swapped = { increasing: "decreasing", decreasing: "increasing" } as const;
      expect(turned.direction).toBe(
        base.direction === "increasing" ? swapped.increasing : base.direction,
      );
      expect(turned.slope_per_hour).toBeCloseTo(-base.slope_per_hour, 9);
      expect(turned.slope_low).toBeCloseTo(-base.slope_high, 9);
      expect(moved.direction).toBe(base.direction);
      expect(moved.slope_per_hour / 4).toBeCloseTo(base.slope_per_hour, 9);
      expect(moved.slope_high / 4).toBeCloseTo(base.slope_high, 9);
    },
  );

  test.each([3 * DAY, 15 * DAY])("%i samples: the interval holds the slope", (length) => {
    const random = new RandomSource(length + 2);
    let held = 0;
    for (let round = 0; round < 200; round++) {
      const values = random.series(
        length,
        (i) => 0.01 * i + 5 * Math.sin((2 * Math.PI * i) / DAY) + random.normal(),
      );
      const found = trend(everyMs(length, STEP_MS), values);
      if (found.slope_low <= 0.12 && found.slope_high >= 0.12) held++;
    }
    expect(held / 200).toBeGreaterThan(0.9);
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
