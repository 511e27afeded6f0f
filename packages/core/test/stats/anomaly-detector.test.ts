import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import {
  AnomalyDetector,
  type Incident,
  type IncidentEvent,
  IncidentTracker,
} from "../../src/stats/index.ts";
import { everyMs, RandomSource } from "./random-source.ts";

function scores(values: Float64Array, stepMs = 60_000): number[] {
  const detector = new AnomalyDetector();
  const times = everyMs(values.length, stepMs);
  return Array.from(values, (value, i) => detector.update(times[i]!, value));
}

function watch(values: Float64Array, stepMs = 1000, sensitivity = 1): IncidentEvent[] {
  const detector = new AnomalyDetector({ sensitivity });
  const tracker = new IncidentTracker();
  const times = everyMs(values.length, stepMs);
  return Array.from(values).flatMap((value, i) => {
    const score = detector.update(times[i]!, value);
    const { alarmScore, expectedLow, expectedHigh } = detector;
    return [
      ...tracker.update({ timeMs: times[i]!, value, score, alarmScore, expectedLow, expectedHigh }),
    ];
  });
}

const opened = (events: IncidentEvent[]): Incident[] =>
  events.filter(({ type }) => type === "opened").map(({ incident }) => incident);

suite("scores", () => {
  test("lie in [0, 1] and do not change with what comes later", () => {
    const random = new RandomSource(1);
    const values = random.series(
      4000,
      (i) => 3 * Math.sin(i / 200) + random.normal() + (i % 700 === 9 ? 30 : 0),
    );
    const whole = scores(values);
    for (const score of whole) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
    for (const rows of [1, 29, 31, 640, 2500]) {
      const changed = values.map((value, i) => (i < rows ? value : 1e6 * random.normal()));
      expect(scores(values.slice(0, rows))).toEqual(whole.slice(0, rows));
      expect(scores(changed).slice(0, rows)).toEqual(whole.slice(0, rows));
    }
  });

  test("are silent at first, for a constant and for a single value", () => {
    const random = new RandomSource(2);
    expect(
      scores(random.series(30, () => random.normal() ** 9)).every((score) => score === 0),
    ).toBe(true);
    expect(scores(new Float64Array(3000).fill(42.5)).every((score) => score === 0)).toBe(true);
    const detector = new AnomalyDetector();
    expect(detector.update(1, 5)).toBe(0);
    expect(detector.isAlarm).toBe(false);
    expect(detector.expectedLow).toBeUndefined();
  });

  test("scale and shift with the series", () => {
    const random = new RandomSource(3);
    const values = random.series(1500, (i) => random.normal() + (i === 900 ? 12 : 0));
    const base = scores(values);
    const moved = scores(values.map((x) => x * 256 + 4096));
    for (const [i, score] of base.entries()) expect(moved[i]).toBeCloseTo(score, 6);
  });

  test("are numbers for any finite values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
          minLength: 40,
          maxLength: 120,
        }),
        (values) => {
          for (const score of scores(Float64Array.from(values), 7_000_000)) {
            expect(score).toBeGreaterThanOrEqual(0);
            expect(score).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 200, seed: 6 },
    );
  });
});

suite("incidents", () => {
  test("ten points at mean + 20 sigma are exactly one anomaly, upwards or downwards", () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new RandomSource(seed);
      const jump = seed % 2 === 0 ? 20 : -20;
      const values = random.series(
        400,
        (i) => 50 + random.normal() + (i >= 300 && i < 310 ? jump : 0),
      );
      const events = watch(values);
      expect(opened(events), `seed ${seed}`).toHaveLength(1);
      const closed = events.find(({ type }) => type === "closed")!.incident;
      const times = everyMs(400);
      expect(closed.opened_at).toBe(times[300]);
      expect(closed.closed_at).toBeGreaterThanOrEqual(times[300]!);
      expect(closed.closed_at).toBeLessThan(times[340]!);
      expect(closed.direction).toBe(jump > 0 ? "above" : "below");
      expect(closed.peak_score).toBeGreaterThan(0.9);
      expect(closed.expected_low).toBeGreaterThan(40);
      expect(closed.expected_high).toBeLessThan(60);
      expect(Math.abs(closed.peak_value - 50)).toBeGreaterThan(15);
    }
  });

  test("gaussian noise of 5,000 points opens at most one, and mostly none", () => {
    let total = 0;
    for (let seed = 100; seed < 120; seed++) {
      const random = new RandomSource(seed);
      const count = opened(watch(random.series(5000, () => random.normal()))).length;
      expect(count).toBeLessThanOrEqual(1);
      total += count;
    }
    expect(total).toBeLessThanOrEqual(4);
  });

  test("an absurd value does not blind: the next anomaly is seen", () => {
    const random = new RandomSource(7);
    const values = random.series(
      3000,
      (i) => random.normal() + (i === 1000 ? 1e15 : i === 2000 ? 40 : 0),
    );
    expect(
      opened(watch(values)).map(({ opened_at }) => (opened_at - 1_760_000_000_000) / 1000),
    ).toEqual([1000, 2000]);
  });

  test("a value that is usual, but not at this hour, is found", () => {
    const random = new RandomSource(8);
    const rows = 288 * 10;
    const times = everyMs(rows, 300_000);
    const first = rows - 100;
    const values = random.series(rows, (i) => {
      const usual = (times[i]! / 3_600_000) % 24 < 12 ? 0 : 50;
      return (i >= first && i < first + 20 ? 50 - usual : usual) + random.normal();
    });
    const alarms = opened(watch(values, 300_000)).map(({ opened_at }) => times.indexOf(opened_at));
    // The first time ever that the level changes is an anomaly too.
    expect(alarms.filter((row) => row > 288)).toEqual([first]);
  });

  test("higher sensitivity gives at least as many alarms", () => {
    const random = new RandomSource(9);
    const values = random.series(4000, (i) => random.normal() + (i % 500 === 499 ? 4 : 0));
    const alarms = (sensitivity: number): number => {
      const detector = new AnomalyDetector({ sensitivity });
      return values.filter(
        (value, i) => detector.update(i * 1000, value) >= detector.alarmScore && detector.isAlarm,
      ).length;
    };
    const counts = [0.1, 0.5, 1, 3, 10].map(alarms);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBeGreaterThan(counts[0]!);
  });

  test("peaks are told as they rise; a gap closes; the echo is suppressed", () => {
    const tracker = new IncidentTracker({ quietSamples: 3, gapMs: 1000 });
    const feed = (timeMs: number, score: number, value = 5) =>
      tracker
        .update({ timeMs, value, score, alarmScore: 0.8, expectedLow: 0, expectedHigh: 1 })
        .map(({ type, incident }) => [type, incident.peak_at, incident.closed_at]);
    expect(feed(1, 0.1)).toEqual([]);
    expect(feed(2, 0.8)).toEqual([["opened", 2, null]]);
    expect(feed(3, 0.9)).toEqual([["peak", 3, null]]);
    expect(feed(4, 0.905)).toEqual([]);
    expect(tracker.current?.peak_at).toBe(4);
    expect(feed(5, 0.1)).toEqual([]);
    expect(feed(6, 0.5)).toEqual([]);
    expect(feed(7, 0.1)).toEqual([]);
    expect(feed(8, 0.1)).toEqual([]);
    expect(feed(9, 0.1)).toEqual([["closed", 4, 6]]);
    expect(feed(10, 0.95)).toEqual([]);
    expect(tracker.suppressed).toBe(1);
    for (let i = 0; i < 60; i++) feed(11 + i, 0);
    expect(feed(100, 0.95)).toEqual([["opened", 100, null]]);
    expect(feed(5000, 0)).toEqual([["closed", 100, 100]]);
  });
});

suite("state", () => {
  test("continues bit for bit from a snapshot, at any moment", () => {
    const random = new RandomSource(10);
    const values = random.series(7000, (i) => random.normal() + (i % 900 === 5 ? 25 : 0));
    const step = 300_000;
    for (const cut of [0, 1, 3, 29, 400, 625, 1250, 6001]) {
      const one = new AnomalyDetector({ sensitivity: 2 });
      const oneTracker = new IncidentTracker();
      const judge = (detector: AnomalyDetector, tracker: IncidentTracker, i: number) => {
        const score = detector.update(i * step, values[i]!);
        return [
          score,
          tracker.update({
            timeMs: i * step,
            value: values[i]!,
            score,
            alarmScore: detector.alarmScore,
          }),
        ];
      };
      for (let i = 0; i < cut; i++) judge(one, oneTracker, i);
      const two = AnomalyDetector.restore(structuredClone(one.snapshot()));
      const twoTracker = IncidentTracker.restore(JSON.parse(JSON.stringify(oneTracker.snapshot())));
      for (let i = cut; i < cut + 900; i++) {
        expect(judge(two, twoTracker, i)).toEqual(judge(one, oneTracker, i));
        expect(two.expectedHigh).toBe(one.expectedHigh);
      }
      expect(two.snapshot()).toEqual(one.snapshot());
    }
  });

  test("stays below 12 KB", () => {
    const detector = new AnomalyDetector();
    const random = new RandomSource(11);
    for (let i = 0; i < 20_000; i++) detector.update(i * 60_000, random.normal());
    const { ranges, recent, hours } = detector.snapshot();
    const bytes = [ranges.lows, ranges.highs, recent.values, hours.days, hours.means]
      .map(({ byteLength }) => byteLength)
      .reduce((sum, length) => sum + length);
    expect(bytes).toBeLessThan(12_000);
  });

  test("refuses bad input, settings and snapshots", () => {
    const detector = new AnomalyDetector();
    const finite = expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" });
    expect(() => detector.update(1, Number.NaN)).toThrow(finite);
    expect(() => detector.update(Number.NaN, 1)).toThrow(finite);
    expect(detector.count).toBe(0);
    const setting = expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" });
    expect(() => new AnomalyDetector({ sensitivity: 0.05 })).toThrow(setting);
    expect(() => (detector.sensitivity = 11)).toThrow(setting);
    expect(() => new IncidentTracker({ quietSamples: 0 })).toThrow(setting);
    const damaged = expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" });
    const good = detector.snapshot();
    expect(() => AnomalyDetector.restore({ ...good, version: 2 as never })).toThrow(damaged);
    expect(() => AnomalyDetector.restore({ ...good, score: Number.NaN })).toThrow(damaged);
    expect(() =>
      AnomalyDetector.restore({ ...good, ranges: { ...good.ranges, points: 9999 } }),
    ).toThrow(damaged);
    expect(() =>
      AnomalyDetector.restore({ ...good, recent: { count: 3, values: new Float64Array(2) } }),
    ).toThrow(damaged);
    expect(() =>
      AnomalyDetector.restore({ ...good, hours: { ...good.hours, sum: Number.NaN } }),
    ).toThrow(damaged);
    const tracker = new IncidentTracker().snapshot();
    expect(() => IncidentTracker.restore({ ...tracker, seen: -1 })).toThrow(damaged);
  });
});
