import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Converter } from "../src/convert/converter.ts";
import type { Reading } from "../src/reading.ts";
import { gauge, total } from "./readings.ts";

const NOW = 1_760_000_000_000;
const GAP = 900_000;
const make = (maxSeries = 1_000) => new Converter({ maxSeries, gapMs: GAP });
const run = (readings: Reading[], converter = make()) => {
  const { samples, omitted } = converter.convert(readings, NOW);
  return {
    samples: samples.map(({ metric, timestamp, value }) => [
      metric,
      timestamp && timestamp - NOW,
      value,
    ]),
    omitted: Object.fromEntries(omitted),
  };
};
const at = (seconds: number, value: number, start?: number) =>
  total(
    "c",
    {},
    NOW + seconds * 1_000,
    value,
    start === undefined ? undefined : NOW + start * 1_000,
  );

describe("a total becomes a rate", () => {
  test("from the second reading on, and none for equal or earlier times", () => {
    expect(run([at(0, 100), at(10, 150), at(10, 170), at(5, 120), at(20, 150)])).toEqual({
      samples: [
        ["c_rate", 10_000, 5],
        ["c_rate", 20_000, 0],
      ],
      omitted: { first: 1, not_newer: 2 },
    });
  });

  test("that starts anew where it falls", () => {
    expect(run([at(0, 100), at(10, 4), at(20, 14)])).toEqual({
      samples: [["c_rate", 20_000, 1]],
      omitted: { first: 1, reset: 1 },
    });
  });

  test("that counts from its start where it tells one, even where it did not fall", () => {
    expect(run([at(0, 100, -50), at(10, 40, 2), at(20, 400, 12)])).toEqual({
      samples: [
        ["c_rate", 10_000, 5],
        ["c_rate", 20_000, 50],
      ],
      omitted: { first: 1 },
    });
  });

  test("that begins anew after a gap and after a marker of staleness", () => {
    const stale: Reading = {
      kind: "stale",
      metric: "c",
      labels: {},
      timeMs: NOW,
      upperBound: undefined,
    };
    expect(run([at(0, 1), at(1_000, 2), stale, at(1_010, 3), at(1_020, 4)])).toEqual({
      samples: [["c_rate", 1_020_000, 0.1]],
      omitted: { first: 3, stale: 1 },
    });
  });
});

test("gauges stay what they are; one without a time is left to the monitor's clock", () => {
  expect(run([gauge("g", {}, undefined, 7)]).samples).toEqual([["g", undefined, 7]]);
});

test("a delta is spread over the time since its start, or since the delta before", () => {
  const delta = (seconds: number, value: number, start?: number): Reading => ({
    ...{ kind: "delta", metric: "d", labels: {}, timeMs: NOW + seconds * 1_000, value },
    startMs: start === undefined ? undefined : NOW + start * 1_000,
  });
  expect(run([delta(10, 50, 0), delta(20, 5), delta(30, 5), delta(30, 9)])).toEqual({
    samples: [
      ["d_rate", 10_000, 5],
      ["d_rate", 30_000, 0.5],
    ],
    omitted: { first: 1, not_newer: 1 },
  });
});

describe("memory", () => {
  test("is bounded, and says so", () => {
    const converter = make(2);
    const three = ["a", "b", "c"].map((metric) => total(metric, {}, NOW, 1));
    expect(run(three, converter).omitted).toEqual({ first: 2, full: 1 });
    expect(converter.size).toBe(2);
    converter.forgetIdle(NOW + GAP + 1);
    expect(converter.size).toBe(0);
  });

  test("is as before when what came was not stored", () => {
    const converter = make();
    run([at(0, 0)], converter);
    const lost = converter.convert([at(10, 10), at(20, 30), total("new", {}, NOW, 1)], NOW);
    lost.undo();
    expect(converter.size).toBe(1);
    expect(converter.convert([at(10, 10), at(20, 30)], NOW).samples).toEqual(lost.samples);
  });

  test("of a series that went on meanwhile stays", () => {
    const converter = make();
    run([at(0, 0)], converter);
    const lost = converter.convert([at(10, 10)], NOW);
    run([at(20, 30)], converter);
    lost.undo();
    expect(run([at(30, 31)], converter).samples).toEqual([["c_rate", 30_000, 0.1]]);
  });
});

/** Steps of a counter: how long, how much, and whether it started anew before. */
const steps = fc.array(
  fc.record({
    ms: fc.integer({ min: 1, max: 60_000 }),
    add: fc.integer({ min: 0, max: 1_000_000 }),
    reset: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
);

function counted(list: readonly { ms: number; add: number; reset: boolean }[]) {
  let time = NOW;
  let value = 5;
  const readings = [total("c", {}, time, value)];
  let increase = 0;
  for (const { ms, add, reset } of list) {
    time += ms;
    // A total that starts anew is seen where it is below the one before.
    const fell = reset && add < value;
    increase += fell ? 0 : add;
    value = fell ? add : value + add;
    readings.push(total("c", {}, time, value));
  }
  return { readings, increase };
}

test("the sum of rate and time is the increase between resets", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { readings, increase } = counted(list);
      const { samples } = make().convert(readings, NOW);
      const times = readings.map(({ timeMs = 0 }) => timeMs);
      const sum = samples.reduce((total, { timestamp = 0, value }) => {
        const before = times[times.indexOf(timestamp) - 1] as number;
        return total + (value * (timestamp - before)) / 1_000;
      }, 0);
      expect(Math.abs(sum - increase)).toBeLessThan(1e-6 * (1 + increase));
    }),
  );
});

const bucket = (le: number, seconds: number, value: number): Reading => ({
  ...{ kind: "bucket", metric: "h", labels: {}, timeMs: NOW + seconds * 1_000 },
  ...{ upperBound: le, value, startMs: undefined },
});

const ended = (upperBound: number, seconds: number): Reading => ({
  ...{ kind: "stale", metric: "h", labels: {}, timeMs: NOW + seconds * 1_000, upperBound },
});

test("any split into batches gives the same", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 8 });
  fc.assert(
    fc.property(steps, cuts, (list, places) => {
      const { readings } = counted(list);
      const all = readings.flatMap((one, i): Reading[] => [
        one,
        ...[1, 2, Infinity].map((le, j) => bucket(le, i, i * (j + 1))),
        ...(list[i]?.reset ? [1, 2, Infinity].map((le) => ended(le, i + 0.5)) : []),
      ]);
      const ends = [...new Set([...places.filter((one) => one < all.length), all.length])];
      ends.sort((a, b) => a - b);
      const split = make();
      const parts = ends.flatMap(
        (end, i) => split.convert(all.slice(ends[i - 1] ?? 0, end), NOW).samples,
      );
      const sorted = (samples: typeof parts) => samples.map((one) => JSON.stringify(one)).sort();
      const whole = make().convert(all, NOW).samples;
      // What is there of the newest histogram waits for what may come, wherever the lots end.
      expect(sorted(parts)).toEqual(sorted(whole));
    }),
  );
});

test("a histogram of more buckets than may be is left out", () => {
  const many = Array.from({ length: 401 }, (_, i) => bucket(i, 0, i));
  expect(run(many)).toEqual({ samples: [], omitted: { full: 401 } });
});

test("buckets that come one by one become quantiles of what came between two times", () => {
  const first = [bucket(1, 0, 5), bucket(2, 0, 5), bucket(Infinity, 0, 5)];
  const second = [bucket(Infinity, 10, 15), bucket(1, 10, 10), bucket(2, 10, 15)];
  const converter = make();
  expect(run(first, converter)).toEqual({ samples: [], omitted: {} });
  expect(run(second.slice(0, 2), converter)).toEqual({ samples: [], omitted: { first: 3 } });
  expect(run(second.slice(2), converter).samples).toEqual([
    ["h_p50", 10_000, 1],
    ["h_p90", 10_000, 1.8],
    ["h_p99", 10_000, 1.98],
  ]);
  // One bucket never came.
  expect(run([bucket(1, 20, 11), bucket(2, 20, 16)], converter).samples).toEqual([]);
  expect(run([bucket(1, 30, 11), bucket(2, 30, 20), bucket(Infinity, 30, 20)], converter)).toEqual({
    samples: [
      ["h_p50", 30_000, expect.closeTo(1.375)],
      ["h_p90", 30_000, expect.closeTo(1.875)],
      ["h_p99", 30_000, expect.closeTo(1.9875)],
    ],
    omitted: { incomplete: 2 },
  });
});
