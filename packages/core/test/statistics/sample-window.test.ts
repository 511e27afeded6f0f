import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import { type AddOutcome, describe, SampleWindow } from "../../src/statistics/index.ts";
import { meanAndDeviation, sortedQuantile } from "./naive-statistics.ts";
import { RandomSource } from "./random-source.ts";

/** The same promises with a plain sorted array. */
class NaiveWindow {
  samples: [time: number, value: number][] = [];
  capacity: number;
  spanMs: number;

  constructor(capacity: number, spanMs: number) {
    this.capacity = capacity;
    this.spanMs = spanMs;
  }

  add(timeMs: number, value: number): AddOutcome {
    const time = Number.isInteger(timeMs) ? timeMs : Math.round(timeMs * 1000) / 1000;
    if (this.samples.some(([taken]) => taken === time)) return "duplicate";
    const newest = this.samples.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
    if (newest - time > this.spanMs) return "outside";
    if (this.samples.length === this.capacity && time < this.samples[0]![0]) return "outside";
    this.samples.push([time, value]);
    this.samples.sort((a, b) => a[0] - b[0]);
    this.trim();
    return time > newest ? "appended" : "inserted";
  }

  trim(): void {
    const newest = this.samples.at(-1)?.[0] ?? 0;
    this.samples = this.samples
      .filter(([time]) => newest - time <= this.spanMs)
      .slice(-this.capacity);
  }
}

function expectSame(window: SampleWindow, naive: NaiveWindow): void {
  expect(window.length).toBe(naive.samples.length);
  expect([...window.copyTimes()]).toEqual(naive.samples.map(([time]) => time));
  expect([...window.copyValues()]).toEqual(naive.samples.map(([, value]) => value));
  expect(window.oldestTime).toBe(naive.samples[0]?.[0]);
  expect(window.newestTime).toBe(naive.samples.at(-1)?.[0]);
}

suite("content", () => {
  const step = fc.record({
    advance: fc.oneof(
      fc.integer({ min: -40, max: 60 }),
      fc.double({ min: -40, max: 60, noNaN: true }),
      fc.constantFrom(0, 0.0004, 2e9, 4e9, -3e9, 5e12),
    ),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  });

  test.each([
    ["integer bounds", 20, Number.POSITIVE_INFINITY],
    ["time bound", 50, 300],
    ["one sample", 1, 1000],
  ])("equals a sorted array after every sample: %s", (_, capacity, spanMs) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const window = new SampleWindow({ capacity, spanMs });
        const naive = new NaiveWindow(capacity, spanMs);
        let newest = 1_760_000_000_000;
        for (const { advance, value } of steps) {
          const time = newest + advance;
          expect(window.add(time, value)).toBe(naive.add(time, value));
          newest = Math.max(newest, Math.min(time, 4e12));
          expectSame(window, naive);
        }
        const again = SampleWindow.restore(window.snapshot());
        expectSame(again, naive);
        expect(again.snapshot()).toEqual(window.snapshot());
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  test("long mixed history over several packings", () => {
    const random = new RandomSource(5);
    const window = new SampleWindow({ capacity: 40, spanMs: Number.POSITIVE_INFINITY });
    const naive = new NaiveWindow(40, Number.POSITIVE_INFINITY);
    let time = 1_760_000_000_000;
    for (let i = 0; i < 6000; i++) {
      const phase = Math.floor(i / 1000);
      const advance = phase % 3 === 0 ? 1000 : phase % 3 === 1 ? random.uniform() * 10 : 3e8;
      time += advance;
      const at = random.uniform() < 0.1 ? time - advance * random.below(60) : time;
      expect(window.add(at, i)).toBe(naive.add(at, i));
      if (i % 50 === 0) expectSame(window, naive);
    }
    expectSame(window, naive);
  });

  test("keeps the newest N", () => {
    const window = new SampleWindow({ capacity: 100 });
    for (let i = 0; i < 1000; i++) window.add(i, i);
    expect(window.length).toBe(100);
    expect(window.valueAt(0)).toBe(900);
    expect(window.timeAt(99)).toBe(999);
  });

  test("names what became of a sample", () => {
    const window = new SampleWindow({ capacity: 3, spanMs: 100 });
    expect(window.add(1000, 1)).toBe("appended");
    expect(window.add(1000.0001, 9)).toBe("duplicate");
    expect(window.add(950, 2)).toBe("inserted");
    expect(window.add(899.9, 3)).toBe("outside");
    expect(window.add(1001, 4)).toBe("appended");
    expect(window.add(940, 5)).toBe("outside");
    expect(window.add(975, 5)).toBe("inserted");
    expect([...window.copyTimes()]).toEqual([975, 1000, 1001]);
    expect(window.add(2000, 6)).toBe("appended");
    expect([...window.copyTimes()]).toEqual([2000]);
  });

  test("gives way to new bounds", () => {
    const window = new SampleWindow({ capacity: 100, spanMs: 1e6 });
    for (let i = 0; i < 150; i++) window.add(i * 10, i);
    window.resize({ capacity: 20 });
    expect(window.length).toBe(20);
    expect(window.valueAt(0)).toBe(130);
    window.resize({ spanMs: 50 });
    expect(window.length).toBe(6);
    window.resize({ capacity: 200, spanMs: 1e9 });
    for (let i = 150; i < 400; i++) window.add(i * 10, i);
    expect(window.length).toBe(200);
    window.clear();
    expect(window.length).toBe(0);
    expect(window.oldestTime).toBeUndefined();
    expect(window.newestTime).toBeUndefined();
    window.resize({ capacity: 5 });
    expect(window.add(1, 1)).toBe("appended");
  });

  test("equal content gives equal bytes, whatever the history", () => {
    const straight = new SampleWindow({ capacity: 50, spanMs: 1e9 });
    const winding = new SampleWindow({ capacity: 50, spanMs: 1e9 });
    for (let i = 0; i < 77; i++) winding.add(i + 0.25, 1e15);
    for (let i = 99; i >= 50; i--) winding.add(1e6 + i, i);
    for (let i = 50; i < 100; i++) straight.add(1e6 + i, i);
    expect(winding.snapshot()).toEqual(straight.snapshot());
  });
});

suite("statistics over the window", () => {
  test("are exact on every prefix, and an outlier leaves no trace", () => {
    const random = new RandomSource(11);
    const window = new SampleWindow({ capacity: 64, spanMs: Number.POSITIVE_INFINITY });
    const kept: number[] = [];
    for (let i = 0; i < 400; i++) {
      const value = i % 150 === 3 ? 1e15 : random.normal();
      window.add(i * 1000, value);
      kept.push(value);
      if (kept.length > 64) kept.shift();
      const statistics = describe(window.copyValues())!;
      const { mean, deviation } = meanAndDeviation(kept);
      const size = Math.max(...kept.map(Math.abs));
      expect(Math.abs(statistics.mean - mean)).toBeLessThanOrEqual(1e-14 * size);
      expect(Math.abs(statistics.std_dev - deviation)).toBeLessThanOrEqual(1e-12 * deviation);
      expect(statistics.p95).toBeCloseTo(sortedQuantile(kept, 0.95), size > 1e9 ? -2 : 12);
      expect(statistics.max_value).toBe(Math.max(...kept));
    }
    expect(describe(window.copyValues())!.std_dev).toBeLessThan(2);
  });
});

suite("memory", () => {
  test("grows on demand; a full window of whole milliseconds takes at most 125 KB", () => {
    const window = new SampleWindow();
    expect(window.byteLength).toBeLessThan(1000);
    for (let i = 0; i < 25_000; i++) window.add(1_760_000_000_000 + i * 1000, i);
    expect(window.length).toBe(10_000);
    expect(window.byteLength).toBeLessThanOrEqual(125_000);
  });

  test("packs again after times that do not fit have left", () => {
    const window = new SampleWindow({ capacity: 1000, spanMs: Number.POSITIVE_INFINITY });
    for (let i = 0; i < 1000; i++) window.add(i * 60_000 + 0.5, i);
    const plain = window.byteLength;
    for (let i = 1000; i < 4000; i++) window.add(i * 60_000, i);
    expect(window.byteLength).toBeLessThan(plain);
    expect(window.timeAt(0)).toBe(3000 * 60_000);
  });
});

suite("refuses", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%s", (bad) => {
    const window = new SampleWindow();
    expect(() => window.add(1, bad)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" }),
    );
    expect(() => window.add(bad, 1)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" }),
    );
    expect(window.length).toBe(0);
  });

  test("settings and indexes out of range", () => {
    const bad = expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" });
    expect(() => new SampleWindow({ capacity: 0 })).toThrow(bad);
    expect(() => new SampleWindow({ capacity: 1.5 })).toThrow(bad);
    expect(() => new SampleWindow({ spanMs: 0 })).toThrow(bad);
    expect(() => new SampleWindow({ spanMs: Number.NaN })).toThrow(bad);
    const window = new SampleWindow();
    expect(() => window.valueAt(0)).toThrow(bad);
    window.add(1, 1);
    window.add(2, 1);
    expect(() => window.timeAt(2)).toThrow(bad);
    expect(() => window.timeAt(-1)).toThrow(bad);
    expect(() => window.copyValues(new Float64Array(1))).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_LENGTH_MISMATCH" }),
    );
  });

  test("damaged snapshots", () => {
    const bad = expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" });
    const window = new SampleWindow({ capacity: 9 });
    for (let i = 0; i < 12; i++) window.add(i * 7.5, i);
    const bytes = window.snapshot();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => SampleWindow.restore(bytes.slice(0, length))).toThrow(bad);
    }
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      expect(() => SampleWindow.restore(flipped), `byte ${at}`).toThrow(bad);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
        expect(() => SampleWindow.restore(garbage)).toThrow(bad);
      }),
    );
  });
});
