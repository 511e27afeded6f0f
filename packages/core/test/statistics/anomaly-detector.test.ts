import fc from "fast-check";
import { expect, describe as suite, test } from "vitest";
import { SeriesJudge } from "../../src/learning/judge/series-judge.ts";
import {
  type AlarmSettings,
  AnomalyDetector,
  type Incident,
  type IncidentEvent,
  IncidentTracker,
  scoreOf,
} from "../../src/statistics/index.ts";
import { everyMs, RandomSource } from "./random-source.ts";

function scores(values: Float64Array, stepMs = 60_000): number[] {
  const detector = new AnomalyDetector();
  const times = everyMs(values.length, stepMs);
  return Array.from(values, (value, i) => {
    detector.update(times[i]!, value);
    return scoreOf(detector.surprise);
  });
}

const alarmSettings = (changes: Partial<AlarmSettings> = {}): AlarmSettings => ({
  sensitivity: 1,
  budget: 0.5,
  minDeviation: 0,
  minRelativeDeviation: 0,
  direction: "both",
  ...changes,
});

function watch(
  values: Float64Array,
  stepMs = 1000,
  judge = new SeriesJudge(alarmSettings()),
): IncidentEvent[] {
  const times = everyMs(values.length, stepMs);
  return Array.from(values).flatMap((value, i) => [...judge.judge(times[i]!, value, 0)]);
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
    detector.update(1, 5);
    expect(detector.surprise).toBe(0);
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
      (i) => random.normal() + (i === 1000 ? 1e15 : i >= 2000 && i < 2004 ? 100 : 0),
    );
    expect(
      opened(watch(values)).map(({ opened_at }) => (opened_at - 1_760_000_000_000) / 1000),
    ).toEqual([1000, expect.closeTo(2000, -1)]);
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
    // The second of a series within two weeks, it must show a little more than the first point.
    const later = alarms.filter((row) => row > 288);
    expect(later).toHaveLength(1);
    expect(later[0]! - first).toBeGreaterThanOrEqual(0);
    expect(later[0]! - first).toBeLessThanOrEqual(3);
  });

  test("higher sensitivity gives at least as many anomalies", () => {
    const random = new RandomSource(9);
    const values = random.series(4000, (i) => random.normal() + (i % 500 === 499 ? 4 : 0));
    const counts = [0.1, 0.5, 1, 3, 10].map(
      (sensitivity) =>
        opened(watch(values, 1000, new SeriesJudge(alarmSettings({ sensitivity })))).length,
    );
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBeGreaterThan(counts[0]!);
  });

  /** A tracker that is fed a sample a minute: its surprise, and that of its distance from its hour. */
  const tracked = () => {
    const tracker = new IncidentTracker();
    const feed = (
      minute: number,
      surprise: number,
      levelSurprise: number | undefined,
      value = 1,
      level = 3,
    ) =>
      tracker
        .update({
          timeMs: minute * 60_000,
          value,
          surprise,
          levelSurprise,
          directSurprise: levelSurprise ?? surprise,
          level,
          alarm: surprise >= level,
          expected: 0.5,
          expectedLow: 0,
          expectedHigh: 1,
          intervalMs: 60_000,
          unusual: () => ({ families: ["level"], surprises: { level: levelSurprise ?? 0 } }),
        })
        .map(({ type, incident }) => [
          type,
          incident.peak_at / 60_000,
          incident.closed_at === null ? null : incident.closed_at / 60_000,
          incident.ending,
        ]);
    return { tracker, feed };
  };

  test("peaks are told as they rise; six quiet samples close; what lingers opens nothing", () => {
    const { tracker, feed } = tracked();
    expect(feed(1, 1, 0)).toEqual([]);
    expect(feed(2, 3, 3, 5)).toEqual([["opened", 2, null, null]]);
    expect(feed(3, 4, 4, 6)).toEqual([["peak", 3, null, null]]);
    expect(feed(4, 4.2, 4.2, 6)).toEqual([]);
    expect(tracker.current?.peak_at).toBe(4 * 60_000);
    for (let minute = 5; minute < 10; minute++) expect(feed(minute, 0.5, 0.5)).toEqual([]);
    expect(feed(10, 0.5, 0.5)).toEqual([["closed", 4, 4, "recovered"]]);
    // Slow families remember it; a sample that is off itself is another incident.
    expect(feed(11, 4, 0.5)).toEqual([]);
    expect(feed(12, 4, 4, 5)).toEqual([["opened", 12, null, null]]);
  });

  test("values that are back end it, whatever slow families still say", () => {
    const { feed } = tracked();
    feed(1, 4, 4, 5);
    for (let minute = 2; minute < 13; minute++) expect(feed(minute, 3.5, 0.5)).toEqual([]);
    expect(feed(13, 3.5, 0.5)).toEqual([["closed", 1, 1, "recovered"]]);
  });

  test("the other side is another incident, from the third sample on", () => {
    const { feed } = tracked();
    feed(1, 4, 4, 5);
    expect(feed(2, 4, 4, -5)).toEqual([]);
    expect(feed(3, 4, 4, -5)).toEqual([]);
    expect(feed(4, 4, 4, -5)).toEqual([
      ["closed", 1, 4, "opposite"],
      ["opened", 4, null, null],
    ]);
  });

  test("while hours are not known, values outside of what was expected keep it open", () => {
    const { feed } = tracked();
    feed(1, 4, undefined, 5);
    for (let minute = 2; minute < 400; minute++) expect(feed(minute, 0, undefined, 5)).toEqual([]);
    for (let minute = 400; minute < 405; minute++)
      expect(feed(minute, 0, undefined, 0.5)).toEqual([]);
    expect(feed(405, 0, undefined, 0.5)).toEqual([["closed", 1, 399, "recovered"]]);
  });

  test("a level that stays is one anomaly, which ends", () => {
    const random = new RandomSource(12);
    const values = random.series(3000, (i) => random.normal() + (i >= 1500 ? 30 : 0));
    const begin = everyMs(3000)[1500]!;
    const events = watch(values).filter(({ incident }) => incident.opened_at >= begin);
    expect(opened(events).map(({ opened_at }) => opened_at)).toEqual([begin]);
    const closed = events.find(({ type }) => type === "closed")!.incident;
    const seconds = (closed.closed_at! - closed.opened_at) / 1000;
    expect(seconds).toBeGreaterThan(400);
    expect(seconds).toBeLessThan(600);
  });

  test("say what was unusual, the most unusual first", () => {
    const random = new RandomSource(13);
    const burst = random.series(2000, (i) => random.normal() + (i >= 1500 && i < 1510 ? 20 : 0));
    expect(opened(watch(burst))[0]!.families).toEqual(expect.arrayContaining(["value", "highs"]));
    const job = random.series(6000, (i) =>
      i % 60 < 5 && i < 5000 ? 50 + random.normal() : random.normal() / 10,
    );
    const silent = opened(watch(job)).at(-1)!;
    expect(silent.families).toContain("silence");
    expect(silent.direction).toBe("within");
  });
});

suite("what is no alarm", () => {
  const reasons = (values: Float64Array, changes: Partial<AlarmSettings> = {}, stepMs = 1000) => {
    const judge = new SeriesJudge(alarmSettings(changes));
    const events = watch(values, stepMs, judge);
    return { suppressed: judge.suppressed, count: opened(events).length };
  };
  const noisy = (seed: number, jump: (i: number) => number, count = 3000) => {
    const random = new RandomSource(seed);
    return random.series(count, (i) => 100 + random.normal() + jump(i));
  };
  const burst = (i: number) => (i >= 2000 && i < 2020 ? 20 : 0);

  test("has a reason: a young series, the other side, too little", () => {
    expect(reasons(noisy(1, burst)).count).toBe(1);
    expect(
      reasons(noisy(1, (i) => (i === 60 || i === 61 ? 12 : 0), 100)).suppressed.cold_start,
    ).toBeGreaterThan(0);
    const below = reasons(noisy(1, burst), { direction: "below" });
    expect(below.count).toBe(0);
    expect(below.suppressed.direction).toBeGreaterThan(0);
    expect(reasons(noisy(1, burst), { direction: "above" }).count).toBe(1);
    const small = reasons(noisy(1, burst), { minDeviation: 40 });
    expect(small.count).toBe(0);
    expect(small.suppressed.small_deviation).toBeGreaterThan(0);
    expect(reasons(noisy(1, burst), { minRelativeDeviation: 0.3 }).count).toBe(0);
    expect(reasons(noisy(1, burst), { minRelativeDeviation: 0.1 }).count).toBe(1);
  });

  test("a series that cries often is believed less, until its alarms were right", () => {
    const cries = (i: number) => {
      for (let k = 0; k < 6; k++) if (i >= 1500 + 700 * k && i < 1510 + 700 * k) return 4.5;
      return 0;
    };
    const values = noisy(3, cries, 6000);
    const often = reasons(values, {}, 300_000);
    expect(often.suppressed.repeated).toBeGreaterThan(0);
    const judge = new SeriesJudge(alarmSettings());
    const times = everyMs(values.length, 300_000);
    let right = 0;
    values.forEach((value, i) => {
      for (const { type, incident } of judge.judge(times[i]!, value, 0))
        if (type === "opened") {
          right++;
          judge.label(incident.opened_at, "true_positive", 1, times[i]!);
        }
    });
    expect(right).toBeGreaterThan(often.count);
  });
});

suite("labels", () => {
  /** A usual load, with a burst of one kind every 3.5 days and, at the end, a drop that is another kind. */
  function labelled(labels: number, growth: number): { bursts: number[]; drop: number } {
    const random = new RandomSource(21);
    const rows = 17_000;
    const judge = new SeriesJudge(alarmSettings({ sensitivity: 3 }));
    const times = everyMs(rows, 300_000);
    const bursts: number[] = [];
    let drop = 0;
    let given = 0;
    for (let i = 0; i < rows; i++) {
      const burst = Math.floor((i - 2000) / 1000);
      const inBurst = i >= 2000 && (i - 2000) % 1000 < 8 && burst < 13;
      const inDrop = i >= 16_000 && i < 16_010;
      const value =
        100 + random.normal() + (inBurst ? 12 * growth ** burst : 0) - (inDrop ? 6_000 : 0);
      for (const { type, incident } of judge.judge(times[i]!, value, 0)) {
        if (type !== "opened") continue;
        if (inDrop) drop++;
        if (!inBurst) continue;
        bursts.push(burst);
        if (
          given < labels &&
          judge.label(incident.opened_at, "false_positive", 1, times[i]!) === "learned"
        )
          given++;
      }
    }
    return { bursts, drop };
  }

  test("three false alarms silence their kind of burst for weeks; another kind is still found", () => {
    const all = Array.from({ length: 13 }, (_, burst) => burst);
    expect(labelled(0, 1)).toEqual({ bursts: all, drop: 1 });
    // The third label comes with the third burst that opens an anomaly, and wears off by half in thirty days.
    expect(labelled(3, 1)).toEqual({ bursts: [0, 1, 4, 10, 11, 12], drop: 1 });
  });

  test("a burst that is far larger than those labelled is found", () => {
    const { bursts, drop } = labelled(3, 1.8);
    expect(bursts.slice(0, 4)).toEqual([0, 1, 2, 5]);
    expect(drop).toBe(1);
  });
});

suite("state", () => {
  test("continues bit for bit from a snapshot, at any moment", () => {
    const random = new RandomSource(10);
    const values = random.series(7000, (i) => random.normal() + (i % 900 === 5 ? 25 : 0));
    const step = 300_000;
    for (const cut of [0, 1, 3, 29, 400, 625, 1250, 6001]) {
      const one = new SeriesJudge(alarmSettings({ sensitivity: 2 }));
      const judge = (judge: SeriesJudge, i: number) => [
        ...judge.judge(1 + i * step, values[i]!, 0),
        judge.score,
      ];
      for (let i = 0; i < cut; i++) judge(one, i);
      const two = SeriesJudge.restore(structuredClone(one.snapshot()), one.settings);
      for (let i = cut; i < cut + 900; i++) expect(judge(two, i)).toEqual(judge(one, i));
      expect(two.snapshot()).toEqual(one.snapshot());
    }
  });

  test("continues from a snapshot of before the mean of an hour was looked at", () => {
    const random = new RandomSource(12);
    const valueAt = (i: number) => (i % 288 >= 24 && i % 288 < 30 ? 50 : 0) + random.normal();
    const detector = new AnomalyDetector();
    const feed = (one: AnomalyDetector, i: number, value: number) => one.update(i * 300_000, value);
    for (let i = 0; i < 288 * 14; i++) feed(detector, i, valueAt(i));
    const { hour, ...known } = detector.snapshot();
    expect(hour).not.toBeNull();
    const restored = AnomalyDetector.restore({ ...known, version: 6 });
    expect(restored.snapshot()).toEqual({ ...known, hour: null });
    for (let i = 288 * 14; i < 288 * 20; i++) {
      const value = valueAt(i);
      feed(detector, i, value);
      feed(restored, i, value);
    }
    expect(restored.snapshot().hour).not.toBeNull();
    expect(restored.surprise).toBe(detector.surprise);
  });

  test("stays below 10 KB", () => {
    const detector = new AnomalyDetector();
    const random = new RandomSource(11);
    for (let i = 0; i < 20_000; i++) detector.update(i * 60_000, random.normal());
    let bytes = 0;
    JSON.stringify(detector.snapshot(), (_, field) => {
      if (field instanceof Float64Array) bytes += field.byteLength;
      return field instanceof Float64Array ? null : field;
    });
    expect(bytes).toBeLessThan(10_000);
  });

  test("refuses bad input, settings and snapshots", () => {
    const detector = new AnomalyDetector();
    const finite = expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" });
    expect(() => detector.update(1, Number.NaN)).toThrow(finite);
    expect(() => detector.update(Number.NaN, 1)).toThrow(finite);
    expect(detector.count).toBe(0);
    const damaged = expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" });
    const good = detector.snapshot();
    expect(() => AnomalyDetector.restore({ ...good, version: 1 as never })).toThrow(damaged);
    expect(() =>
      AnomalyDetector.restore({ ...good, numbers: good.numbers.map(() => Number.NaN) }),
    ).toThrow(damaged);
    expect(() =>
      AnomalyDetector.restore({
        ...good,
        records: { ...good.records, ranges: { ...good.records.ranges, points: -1 } },
      }),
    ).toThrow(damaged);
    expect(() =>
      AnomalyDetector.restore({
        ...good,
        records: { ...good.records, recent: { count: 3, values: new Float64Array(2) } },
      }),
    ).toThrow(damaged);
    for (let i = 0; i < 40; i++) detector.update(i * 1000, i);
    const seasoned = detector.snapshot();
    expect(() =>
      AnomalyDetector.restore({
        ...seasoned,
        tails: {
          ...seasoned.tails,
          step: { ...seasoned.tails.step, numbers: new Float64Array(3) },
        },
      }),
    ).toThrow(damaged);
    const tracker = new IncidentTracker().snapshot();
    expect(() => IncidentTracker.restore({ ...tracker, version: 3 as never })).toThrow(damaged);
  });

  test("sees what is unusual at its hour only where the series may have a season", () => {
    const valueAt = (i: number) => 50 + 20 * Math.sin((i / 288) * 2 * Math.PI) + (i % 7) / 7;
    const [seasonal, plain] = [new AnomalyDetector(), new AnomalyDetector(false)];
    const feed = (from: number, to: number) => {
      for (let i = from; i < to; i++)
        for (const detector of [seasonal, plain]) detector.update(i * 300_000, valueAt(i));
    };
    feed(0, 288 * 14);
    const noon = 288 * 14;
    feed(noon, noon + 72);
    // At its highest hour the value of its lowest, which is nothing that it never was.
    const level = (detector: AnomalyDetector) => {
      detector.update((noon + 72) * 300_000, valueAt(216));
      return detector.levelSurprise!;
    };
    expect(level(seasonal)).toBeGreaterThan(3);
    expect(level(plain)).toBeLessThan(2.6);
    plain.seasonal = true;
    const restored = AnomalyDetector.restore(plain.snapshot());
    for (let i = noon + 73; i < noon + 288 * 3; i++) {
      plain.update(i * 300_000, valueAt(i));
      restored.update(i * 300_000, valueAt(i));
    }
    expect(restored.snapshot()).toEqual(plain.snapshot());
    plain.seasonal = false;
    expect(AnomalyDetector.restore(plain.snapshot()).seasonal).toBe(false);
  });
});
