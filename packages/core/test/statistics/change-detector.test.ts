import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Change, ChangeDetector } from "../../src/statistics/index.ts";
import { RandomSource } from "./random-source.ts";

const START = 1_760_000_000_000;
const MINUTE = 60_000;
const DAY_POINTS = 288;

interface Found extends Change {
  /** Place of the sample at which it was told. */
  readonly at: number;
}

/** Feeds values five minutes apart, from a start that differs by days and hours. */
function changesOf(values: Iterable<number>, start = START, stepMs = 5 * MINUTE): Found[] {
  const detector = new ChangeDetector();
  const found: Found[] = [];
  let at = 0;
  for (const value of values) {
    const time = start + at * stepMs;
    const change = detector.update(time, time, value);
    if (change !== undefined) found.push({ ...change, at });
    at++;
  }
  return found;
}

/** Noise of deviation 1 around 0, by name. */
const NOISES: Readonly<Record<string, (random: RandomSource) => () => number>> = {
  normal: (random) => () => random.normal(),
  autoregressive: (random) => {
    let x = 0;
    return () => {
      x = 0.9 * x + Math.sqrt(0.19) * random.normal();
      return x;
    };
  },
  "heavy-tailed": (random) => () =>
    random.normal() / Math.sqrt(Math.max(0.05, (random.normal() ** 2 + random.normal() ** 2) / 2)),
  skewed: (random) => () => Math.exp(0.8 * random.normal()),
  sparse: (random) => () => (random.uniform() < 0.05 ? 1 : 0),
};
/** What the hour of the day (0–24) and the day of the week (0 = Monday) do. */
const SHAPES: Readonly<Record<string, (hour: number, day: number) => number>> = {
  flat: () => 0,
  sine: (hour) => 5 * Math.sin((2 * Math.PI * hour) / 24),
  square: (hour) => (hour >= 9 && hour < 17 ? 10 : 0),
  weekly: (hour, day) => (day < 5 ? 6 : 2) * Math.max(0, Math.sin((2 * Math.PI * (hour - 6)) / 24)),
  workdays: (hour, day) => (day < 5 && hour >= 9 && hour < 17 ? 10 : 0),
};

function* seriesOf(
  noise: () => number,
  shape: (hour: number, day: number) => number,
  count: number,
  start: number,
  more: (i: number) => number = () => 0,
): Generator<number> {
  for (let i = 0; i < count; i++) {
    const hours = (start + i * 5 * MINUTE) / (60 * MINUTE);
    yield 100 + shape(hours % 24, (Math.floor(hours / 24) + 3) % 7) + noise() + more(i);
  }
}

const startOf = (seed: number): number => START + seed * 86_400_000 + seed * 3_700_000;
const each = Object.keys(SHAPES).flatMap((shape) =>
  Object.keys(NOISES).map((noise) => [shape, noise] as const),
);

describe("normal series of 60 days", () => {
  test.each(each)("%s, %s noise: at most one change a series, seldom any", (shape, noise) => {
    let all = 0;
    for (let seed = 0; seed < 8; seed++) {
      const next = NOISES[noise]?.(new RandomSource(seed * 1_000 + 7)) as () => number;
      const start = startOf(seed);
      const found = changesOf(
        seriesOf(next, SHAPES[shape] as never, 60 * DAY_POINTS, start),
        start,
      );
      expect(found.length).toBeLessThanOrEqual(1);
      all += found.length;
    }
    expect(all).toBeLessThanOrEqual(2);
  });
});

describe("a level that shifts by three deviations", () => {
  const AT = 20 * DAY_POINTS;
  test.each(["flat", "sine", "square", "weekly"])("%s: is one event, soon", (shape) => {
    for (const sign of [1, -1])
      for (let seed = 0; seed < 6; seed++) {
        const next = NOISES.normal?.(new RandomSource(seed + 1)) as () => number;
        const start = startOf(seed);
        const at = AT + seed * 41;
        const values = seriesOf(next, SHAPES[shape] as never, 40 * DAY_POINTS, start, (i) =>
          i >= at ? 3 * sign : 0,
        );
        const found = changesOf(values, start);
        expect(found).toHaveLength(1);
        const [change] = found as [Found];
        expect(change.kind).toBe("level_shift");
        expect(change.at - at).toBeLessThanOrEqual(shape === "weekly" ? 250 : 150);
        expect(change.after - change.before).toBeCloseTo(3 * sign, -0.5);
        expect(change.size).toBeGreaterThan(2);
        expect(change.size).toBeLessThan(4.5);
        expect(Math.abs(change.since - (start + at * 5 * MINUTE))).toBeLessThan(2 * 3_600_000);
      }
  });

  test("and back again are two", () => {
    const next = NOISES.normal?.(new RandomSource(5)) as () => number;
    const values = seriesOf(next, SHAPES.sine as never, 40 * DAY_POINTS, START, (i) =>
      i >= AT && i < AT + 4 * DAY_POINTS ? 5 : 0,
    );
    expect(changesOf(values).map(({ kind, after, before }) => [kind, after > before])).toEqual([
      ["level_shift", true],
      ["level_shift", false],
    ]);
  });

  test("of a constant series is told, with a bounded size", () => {
    const values = Array.from({ length: 1_000 }, (_, i) => (i < 600 ? 7 : 8));
    const [change, ...others] = changesOf(values);
    expect(others).toEqual([]);
    expect(change).toMatchObject({ kind: "level_shift" });
    expect(change?.before).toBeCloseTo(7, 9);
    expect(change?.after).toBeCloseTo(8, 9);
    expect(change?.size).toBeGreaterThan(10);
    expect(change?.size).toBeLessThanOrEqual(1_000);
  });

  test("on the first day too, where it is large, abrupt and lasts for hours", () => {
    const random = new RandomSource(3);
    const values = Array.from(
      { length: 900 },
      (_, i) => 50 + random.normal() + (i >= 500 ? 10 : 0),
    );
    expect(changesOf(values, START, MINUTE)).toMatchObject([{ kind: "level_shift" }]);
  });

  test.each([8.3, 10, 13, 16, 20])("on the first day is one event: after %d hours", (hours) => {
    const random = new RandomSource(4);
    const at = hours * 60;
    const values = Array.from(
      { length: 12 * 1_440 },
      (_, i) => 50 + random.normal() + (i >= at ? 10 : 0),
    );
    const found = changesOf(values, START, MINUTE);
    expect(found).toMatchObject([{ kind: "level_shift" }]);
    expect((found[0] as Found).at - at).toBeLessThan(240);
  });

  test.each([1, 5, 10])(
    "on the first day too, where it is abrupt and lasts for one: %i min",
    (minutes) => {
      const random = new RandomSource(3);
      const values = Array.from(
        { length: 2_400 / minutes },
        (_, i) => 50 + random.normal() + (i >= 800 / minutes ? 10 : 0),
      );
      expect(changesOf(values, START, minutes * MINUTE)).toMatchObject([{ kind: "level_shift" }]);
    },
  );
});

describe("what does not last", () => {
  test.each([
    ["a burst", 5, 100],
    ["an incident of four hours", 48, 15],
    ["a dip", 40, -30],
  ])("%s is no change", (_, length, height) => {
    for (let seed = 0; seed < 8; seed++) {
      const next = NOISES.normal?.(new RandomSource(seed + 1)) as () => number;
      const at = 20 * DAY_POINTS + seed * 37;
      const values = seriesOf(next, SHAPES.sine as never, 40 * DAY_POINTS, START, (i) =>
        i >= at && i < at + length ? height : 0,
      );
      expect(changesOf(values)).toEqual([]);
    }
  });
});

test("a level that drifts on is told as drift, at most once a week", () => {
  for (const slope of [1, -2]) {
    const next = NOISES.normal?.(new RandomSource(9)) as () => number;
    const at = 10 * DAY_POINTS;
    const values = seriesOf(next, SHAPES.sine as never, 40 * DAY_POINTS, START, (i) =>
      i >= at ? (slope * (i - at)) / DAY_POINTS : 0,
    );
    const found = changesOf(values);
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(found.length).toBeLessThanOrEqual(5);
    expect(found[0]).toMatchObject({ kind: "drift" });
    expect(Math.sign((found[0] as Found).after - (found[0] as Found).before)).toBe(
      Math.sign(slope),
    );
    expect((found[0] as Found).at - at).toBeLessThan(9 * DAY_POINTS);
  }
});

describe("a straight line of 60 days", () => {
  const changesOfLine = (minutes: number, slope: number, noise: () => number) =>
    changesOf(
      Array.from(
        { length: (60 * 1_440) / minutes },
        (_, i) => 50 + (slope * i * minutes) / 1_440 + noise(),
      ),
      START,
      minutes * MINUTE,
    );

  test.each([0.25, 1, 5, 15, 60])("at %d min has no change", (minutes) => {
    for (const slope of minutes < 1 ? [-30] : [1e-6, -30, 1_440])
      expect(changesOfLine(minutes, slope, () => 0)).toEqual([]);
  });

  test.each([1, 5, 15, 60])(
    "at %i min, with noise, has no level shift, and at most one drift",
    (minutes) => {
      for (const slope of [-1_000, -20, 5, 0.1])
        for (let seed = 0; seed < 4; seed++) {
          const next = NOISES.normal?.(new RandomSource(seed)) as () => number;
          const kinds = changesOfLine(minutes, slope, next).map(({ kind }) => kind);
          expect(kinds.length === 0 || kinds.join() === "drift").toBe(true);
        }
    },
  );
});

test("a shift that is large against what blocks do is told soon, however often a series is sampled", () => {
  const at = 20 * DAY_POINTS * 5 * MINUTE;
  const hours = [0.25, 0.5, 1, 2, 5, 10].map(
    (minutes) => [minutes, minutes <= 1 ? 2.5 : 10] as const,
  );
  for (const wave of [0, 5])
    for (const [minutes, within] of hours) {
      const next = NOISES.normal?.(new RandomSource(7)) as () => number;
      const values = Array.from({ length: (25 * 1_440) / minutes }, (_, i) => {
        const time = i * minutes * MINUTE;
        return wave * Math.sin((2 * Math.PI * time) / 86_400_000) + next() + (time >= at ? 4 : 0);
      });
      const [change, ...others] = changesOf(values, START, minutes * MINUTE);
      expect(others).toEqual([]);
      expect(change?.kind).toBe("level_shift");
      expect(change?.after).toBeCloseTo((change?.before as number) + 4, -0.5);
      const delay = (change as Found).at * minutes * MINUTE - at;
      expect(delay / 3_600_000).toBeGreaterThan(0.7);
      expect(delay / 3_600_000).toBeLessThan(within);
    }
});

describe("at a sample a minute", () => {
  const ofHours = (days: number, seed: number, height: (hour: number) => number) => {
    const random = new RandomSource(seed);
    return changesOf(
      Array.from({ length: days * 1_440 }, (_, i) => 50 + random.normal() + height(i / 60)),
      startOf(seed),
      MINUTE,
    );
  };

  test("an incident of an hour is no change", () => {
    for (let seed = 0; seed < 6; seed++)
      expect(ofHours(30, seed, (hour) => (hour >= 500 && hour < 501 ? 15 : 0))).toEqual([]);
  });

  test("what comes and goes for hours at a time is told a few times, not each time", () => {
    for (let seed = 0; seed < 6; seed++) {
      const random = new RandomSource(50 + seed);
      const isUp = Array.from({ length: 30 * 24 }, () => random.uniform() < 0.05);
      const found = ofHours(30, seed, (hour) => {
        const last = Math.floor(hour);
        return isUp.slice(Math.max(0, last - 2), last + 1).includes(true) ? 10 : 0;
      });
      expect(found.length).toBeLessThanOrEqual(4);
    }
  });

  test("a day of two levels is told at most once, on the first, and is then known", () => {
    for (let seed = 0; seed < 16; seed++) {
      const found = ofHours(12, seed, (hour) => {
        const local = (startOf(seed) / 3_600_000 + hour) % 24;
        return local >= 9 && local < 17 ? 10 : 0;
      });
      expect(found.length).toBeLessThanOrEqual(1);
      for (const { at } of found) expect(at).toBeLessThan(1_440);
    }
  });
});

test("a state of version 2 goes on with its level and its season", () => {
  const detector = new ChangeDetector();
  const next = NOISES.normal?.(new RandomSource(8)) as () => number;
  const values = [
    ...seriesOf(next, SHAPES.sine as never, 16 * DAY_POINTS, START, (i) =>
      i >= 12 * DAY_POINTS ? 6 : 0,
    ),
  ];
  const feed = (one: ChangeDetector, from: number, to: number) =>
    values.slice(from, to).flatMap((value, i) => {
      const time = START + (from + i) * 5 * MINUTE;
      return one.update(time, time, value) ?? [];
    });
  feed(detector, 0, 10 * DAY_POINTS);
  const { numbers, ...rest } = detector.snapshot();
  const old = ChangeDetector.restore({ ...rest, version: 2, numbers: numbers.slice(0, 46) });
  expect(feed(old, 10 * DAY_POINTS, 12 * DAY_POINTS)).toEqual([]);
  expect(feed(old, 12 * DAY_POINTS, values.length)).toMatchObject([{ kind: "level_shift" }]);
});

test("a state of version 3 goes on, and learns what a sudden shift is", () => {
  const random = new RandomSource(8);
  const detector = new ChangeDetector();
  const feed = (one: ChangeDetector, from: number, to: number) => {
    const found: Found[] = [];
    for (let i = from * 1_440; i < to * 1_440; i++) {
      const time = START + i * MINUTE;
      const value = 50 + random.normal() + (i >= 12 * 1_440 ? 6 : 0);
      const change = one.update(time, time, value);
      if (change !== undefined) found.push({ ...change, at: i });
    }
    return found;
  };
  expect(feed(detector, 0, 10)).toEqual([]);
  const { numbers, ...rest } = detector.snapshot();
  const old = ChangeDetector.restore({ ...rest, version: 3, numbers: numbers.slice(0, 63) });
  expect(feed(old, 10, 12)).toEqual([]);
  const [change, ...others] = feed(old, 12, 14);
  expect(others).toEqual([]);
  expect((change as Found).at - 12 * 1_440).toBeLessThan(120);
});

test("shift and scale of the values change nothing", () => {
  const values = [
    ...seriesOf(
      NOISES.normal?.(new RandomSource(2)) as never,
      SHAPES.sine as never,
      9_000,
      START,
      (i) => (i > 6_000 ? 4 : 0),
    ),
  ];
  const plain = changesOf(values);
  const other = changesOf(values.map((value) => 1_024 * value - 51_200));
  expect(other.map(({ at }) => at)).toEqual(plain.map(({ at }) => at));
  expect(plain).toHaveLength(1);
  expect(other[0]?.size).toBeCloseTo(plain[0]?.size as number, 6);
});

test("any values and times: finite figures, and a restored one goes on bit for bit", () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
    fc.constantFrom(0, -0, 5e-324, 1.7e308, -1.7e308),
  );
  const stretch = fc.record({
    value,
    spread: fc.constantFrom(0, 1, 1e-300, 1e308),
    count: fc.integer({ min: 1, max: 400 }),
    stepMs: fc.constantFrom(1, 1_000, 30_000, 300_000, 86_400_000),
  });
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 8 }), fc.nat(1_000), (all, stop) => {
      const lasting = new ChangeDetector();
      let other = new ChangeDetector();
      let time = START;
      let i = 0;
      for (const { value: level, spread, count, stepMs } of all)
        for (let j = 0; j < count; j++) {
          time += stepMs;
          const x = Math.max(-1.7e308, Math.min(1.7e308, level + spread * (((j * 7) % 5) - 2)));
          if (i++ === stop) other = ChangeDetector.restore(other.snapshot());
          const change = lasting.update(time, time + 3_600_000, x);
          expect(other.update(time, time + 3_600_000, x)).toEqual(change);
          for (const figure of Object.values(change ?? {}))
            if (typeof figure === "number") expect(Number.isFinite(figure)).toBe(true);
        }
      expect(other.snapshot()).toEqual(lasting.snapshot());
    }),
    { numRuns: 60 },
  );
});

test("what is no number is refused, and so is a damaged snapshot", () => {
  const detector = new ChangeDetector();
  expect(() => detector.update(START, START, Number.NaN)).toThrow("MAPEK_STATS_NOT_FINITE");
  const snapshot = detector.snapshot();
  expect(() => ChangeDetector.restore({ ...snapshot, version: 1 as never })).toThrow(
    "MAPEK_STATS_BAD_SNAPSHOT",
  );
  expect(() => ChangeDetector.restore({ ...snapshot, numbers: snapshot.numbers.slice(1) })).toThrow(
    "MAPEK_STATS_BAD_SNAPSHOT",
  );
});
