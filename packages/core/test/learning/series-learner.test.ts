import { describe, expect, test } from "vitest";
import { type SeriesLearner, steadyFactor, UNMOVED } from "../../src/learning/index.ts";
import { StatsError } from "../../src/statistics/index.ts";
import {
  bytesOf,
  feed,
  learnerWith,
  noise,
  ofType,
  SECOND,
  START,
  settings,
  withBurst,
} from "./fixtures.ts";

const at = (second: number): number => START + second * SECOND;

const inForce = (threshold: number, action_id: string | null, timestamp = START) => ({
  threshold,
  strategy: "percentile",
  confidence: 0.9,
  reasoning: "a test",
  source: "recommendation" as const,
  pinned: false,
  action_id,
  timestamp,
});

const upperOf = (learner: SeriesLearner) =>
  learner.recommendations().find(({ side }) => side === "upper")?.recommendation ?? null;
const adaptiveOf = (learner: SeriesLearner) => learner.snapshot().sides[0]?.adaptive;

describe("statistics", () => {
  test("are kept for 60 s of event time and computed anew after it", () => {
    const learner = learnerWith();
    expect(learner.statistics()).toBeUndefined();
    feed(learner, noise(100));
    const first = learner.statistics();
    expect(first?.data_points).toBe(100);
    feed(learner, noise(59, 2), 100);
    expect(learner.statistics()).toBe(first);
    feed(learner, [50], 159);
    const second = learner.statistics();
    expect(second).not.toBe(first);
    expect(second?.data_points).toBe(160);
  });

  test("asking for them changes no state", () => {
    const asked = learnerWith();
    const silent = learnerWith();
    for (let i = 0; i < 300; i++) {
      const value = Math.sin(i);
      feed(asked, [value], i);
      feed(silent, [value], i);
      asked.statistics();
      asked.trend();
      asked.recommendations();
    }
    expect(bytesOf(asked)).toEqual(bytesOf(silent));
  });

  test("new settings forget the kept ones", () => {
    const learner = learnerWith();
    feed(learner, noise(100));
    const before = learner.statistics();
    learner.applySettings(settings({ window_capacity: 50 }), UNMOVED);
    expect(learner.statistics()?.data_points).toBe(50);
    expect(learner.statistics()).not.toBe(before);
  });

  test("a sample that has left the window leaves no trace", () => {
    const values = noise(200);
    const plain = learnerWith({ window_capacity: 100 });
    const stained = learnerWith({ window_capacity: 100 });
    feed(plain, values);
    feed(stained, [1e15, ...values], -1);
    expect(stained.statistics()).toEqual(plain.statistics());
  });
});

describe("recommendations", () => {
  test("none under 16 samples, provisional from 16, real at min_data_points at once, then every interval", () => {
    const learner = learnerWith({ optimization_interval: 3_600, min_data_points: 100 });
    const made: [second: number, provisional: boolean][] = [];
    for (let second = 0; second < 2 * 3_600 + 200; second++)
      for (const event of ofType(feed(learner, [50 + Math.sin(second)], second), "recommendation"))
        made.push([second, event.recommendation.provisional]);
    expect(made).toEqual([
      [15, true],
      [99, false],
      [99 + 3_600, false],
      [99 + 7_200, false],
    ]);
    expect(learner.madeRecommendations.map(({ time }) => time)).toEqual(made.map(([s]) => at(s)));
  });

  test("a short interval makes provisional ones too", () => {
    const learner = learnerWith({ optimization_interval: 10, min_data_points: 100 });
    const made = ofType(feed(learner, noise(101)), "recommendation").map(({ time }) => time);
    expect(made).toEqual([15, 25, 35, 45, 55, 65, 75, 85, 95, 99].map(at));
  });

  test("say what is in force", () => {
    const learner = learnerWith();
    learner.setThreshold("upper", inForce(77, null));
    const [made] = ofType(feed(learner, noise(16)), "recommendation");
    expect(made?.inForce).toBe(77);
    expect(made?.recommendation.supporting_data.data_points).toBe(16);
  });

  test("wait while an anomaly is open, up to a tenth of the window", () => {
    const learner = learnerWith({ optimization_interval: 60 });
    const before = ofType(feed(learner, noise(1_000)), "recommendation").at(-1)?.time ?? 0;
    // Ever further out: the anomaly stays open as long as it lasts.
    const climbing = Array.from({ length: 600 }, (_, i) => 1_000 * 1.02 ** i);
    const events = feed(learner, climbing, 1_000);
    const [opened] = ofType(events, "anomaly");
    expect(opened?.phase).toBe("opened");
    expect(ofType(events, "anomaly").some(({ phase }) => phase === "closed")).toBe(false);
    const [next] = ofType(events, "recommendation");
    const waited = ((next?.time ?? 0) - (opened?.time ?? 0)) / SECOND;
    expect((next?.time ?? 0) - before).toBeGreaterThan(60 * SECOND);
    // Samples since it opened exceed a tenth of the window, which grows meanwhile.
    expect(waited).toBeGreaterThan(0.1 * 1_000);
    expect(waited).toBeLessThanOrEqual(0.1 * 1_150 + 1);
  });

  test("go on at once when the anomaly has closed", () => {
    const learner = learnerWith({ optimization_interval: 10 });
    const events = feed(learner, withBurst(1_000, 20, 100));
    const closed = ofType(events, "anomaly").find(({ phase }) => phase === "closed");
    const opened = ofType(events, "anomaly").find(({ phase }) => phase === "opened");
    expect(closed).toBeDefined();
    const during = ofType(events, "recommendation").filter(
      ({ time }) => time >= (opened?.time ?? 0) && time < (closed?.time ?? 0),
    );
    expect(during).toEqual([]);
    expect(ofType(events, "recommendation").some(({ time }) => time === closed?.time)).toBe(true);
  });

  test("the history of recommendations keeps the newest 100", () => {
    const learner = learnerWith({ optimization_interval: 1 });
    feed(learner, noise(400));
    expect(learner.madeRecommendations).toHaveLength(100);
    expect(learner.lastRecommendation?.time).toBe(at(399));
    expect(learner.madeRecommendations[0]?.time).toBe(at(300));
  });
});

describe("the window", () => {
  test("keeps the newest by count", () => {
    const learner = learnerWith({ window_capacity: 20 });
    feed(
      learner,
      Array.from({ length: 50 }, (_, i) => i),
    );
    expect([...learner.window.copyValues()]).toEqual(Array.from({ length: 20 }, (_, i) => i + 30));
    expect(learner.counts.points).toBe(50);
  });

  test("keeps the newest by time", () => {
    const learner = learnerWith({ learning_window_seconds: 30, min_data_points: 16 });
    feed(learner, noise(200));
    // So many that there is something to learn from, however short the window is.
    expect(learner.window.length).toBe(80);
    learner.receiveSample(at(1_000), 50);
    expect(learner.window.length).toBe(80);
    expect(learner.window.oldestTime).toBe(at(121));
  });
});

describe("samples that are dropped", () => {
  test("duplicates, too late ones and those outside the window are counted", () => {
    const learner = learnerWith({
      max_late_seconds: 600,
      learning_window_seconds: 1_000,
      min_data_points: 16,
    });
    feed(learner, noise(100), 2_000);
    expect(learner.receiveSample(at(2_005), 99)).toEqual([]);
    expect(learner.receiveSample(at(2_099), 99)).toEqual([]);
    expect(learner.receiveSample(at(2_099 - 601), 99)).toEqual([]);
    expect(learner.receiveSample(at(2_099 - 1_001), 99, true)).toEqual([]);
    expect(learner.counts).toMatchObject({ points: 100, duplicates: 2, late: 1, outside: 1 });
    expect(learner.window.length).toBe(100);
    expect(Math.max(...learner.window.copyValues())).toBeLessThan(99);
  });

  test("a late one within the bound is learned from and not judged", () => {
    const learner = learnerWith();
    feed(learner, noise(100), 1_000);
    const { judged } = learner.judge;
    expect(learner.receiveSample(at(1_099 - 600), 50)).toEqual([]);
    expect(learner.counts).toMatchObject({ points: 101, late: 0 });
    expect(learner.judge.judged).toBe(judged);
    expect(learner.judge.score).toBe(0);
    expect(learner.window.oldestTime).toBe(at(499));
  });

  test("history is taken whatever its age", () => {
    const learner = learnerWith();
    feed(learner, noise(20), 80_000);
    learner.receiveSample(at(0), 50, true);
    expect(learner.counts).toMatchObject({ points: 21, late: 0 });
    expect(learner.window.oldestTime).toBe(at(0));
  });

  test.each([
    ["a value that is not a number", at(5), Number.NaN],
    ["an infinite value", at(5), Number.POSITIVE_INFINITY],
    ["a time that is not a number", Number.NaN, 1],
    ["an infinite time", Number.POSITIVE_INFINITY, 1],
  ])("%s is refused with nothing learned, frozen or not", (_, time, value) => {
    for (const frozen of [false, true]) {
      const learner = learnerWith();
      feed(learner, noise(5));
      learner.frozen = frozen;
      const before = bytesOf(learner);
      expect(() => learner.receiveSample(time, value)).toThrow(
        expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE", name: StatsError.name }),
      );
      expect(bytesOf(learner)).toEqual(before);
    }
  });
});

describe("excluded and frozen", () => {
  test("an excluded range is neither learned from nor judged", () => {
    const spared = learnerWith();
    spared.exclude(at(1_000), at(1_019));
    const events = feed(spared, withBurst(1_000, 20, 200));
    expect(ofType(events, "anomaly")).toEqual([]);
    expect(spared.counts).toMatchObject({ points: 1_200, excluded: 20 });
    expect(spared.judge.judged).toBe(1_200);
    expect(spared.statistics()?.max_value).toBeLessThan(100);
    expect(spared.judge.score).toBeLessThanOrEqual(1);
  });

  test("of more than 100 ranges the oldest goes", () => {
    const learner = learnerWith();
    for (let i = 0; i <= 100; i++) learner.exclude(at(10 * i), at(10 * i + 1));
    feed(learner, [1, 2], 0);
    expect(learner.counts).toMatchObject({ points: 2, excluded: 0 });
    learner.receiveSample(at(10), 3);
    expect(learner.counts.excluded).toBe(1);
  });

  test("a frozen series learns nothing and is still judged", () => {
    const learner = learnerWith({ optimization_interval: 1 });
    const values = withBurst(1_000, 20, 100);
    feed(learner, values.slice(0, 1_000));
    const window = learner.window.snapshot();
    const adaptive = adaptiveOf(learner);
    learner.frozen = true;
    const events = feed(learner, values.slice(1_000), 1_000);
    expect(ofType(events, "recommendation")).toEqual([]);
    expect(ofType(events, "anomaly").map(({ phase }) => phase)[0]).toBe("opened");
    expect(learner.window.snapshot()).toEqual(window);
    expect(adaptiveOf(learner)).toEqual(adaptive);
    learner.frozen = false;
    expect(ofType(feed(learner, [50], 2_000), "recommendation")).toHaveLength(1);
  });
});

describe("anomalies", () => {
  test("one burst is opened once and closed once, with its highest point as peak", () => {
    const learner = learnerWith();
    const events = ofType(feed(learner, withBurst(1_000, 20, 200)), "anomaly");
    expect(events.filter(({ phase }) => phase === "opened")).toHaveLength(1);
    expect(events.filter(({ phase }) => phase === "closed")).toHaveLength(1);
    expect(events[0]?.phase).toBe("opened");
    expect(events.at(-1)?.phase).toBe("closed");
    const { incident } = events.at(-1) as (typeof events)[number];
    expect(incident.opened_at).toBeGreaterThanOrEqual(at(1_000));
    expect(incident.opened_at).toBeLessThanOrEqual(at(1_003));
    expect(incident.closed_at).not.toBeNull();
    expect(incident.peak_score).toBeGreaterThan(0.9);
    expect(incident.direction).toBe("above");
    // The range in which the peak was expected, not the one that the anomaly has widened.
    expect(incident.expected_high).toBeLessThan(incident.peak_value);
    expect(learner.judge.anomalies).toBe(1);
    expect(learner.judge.incidentSamples).toBe(0);
  });

  test("both directions are found", () => {
    const learner = learnerWith();
    const values = withBurst(1_000, 20, 0).map((value) => -value);
    const [opened] = ofType(feed(learner, values), "anomaly");
    expect(opened?.incident.direction).toBe("below");
  });

  test("silence closes an open one, once", () => {
    const learner = learnerWith();
    const events = ofType(feed(learner, withBurst(1_000, 5, 0)), "anomaly");
    expect(events.map(({ phase }) => phase)).not.toContain("closed");
    const { silentAt } = learner.judge;
    expect(silentAt).toBe(at(1_004) + 60_000);
    expect(learner.closeIfSilent((silentAt as number) - 1)).toEqual([]);
    const [closed, ...others] = ofType(learner.closeIfSilent(silentAt as number), "anomaly");
    expect(others).toEqual([]);
    expect(closed).toMatchObject({ phase: "closed", time: silentAt });
    expect(closed?.incident.opened_at).toBe(events[0]?.incident.opened_at);
    expect(learner.judge.silentAt).toBeUndefined();
    expect(learner.closeIfSilent((silentAt as number) + 1)).toEqual([]);
    expect(learner.judge.anomalies).toBe(1);
  });

  test("a slow series is silent after 20 of its usual intervals", () => {
    const learner = learnerWith();
    const values = withBurst(1_000, 5, 0);
    values.forEach((value, i) => {
      learner.receiveSample(at(i * 60), value);
    });
    expect(learner.judge.intervalMs).toBe(60_000);
    expect(learner.judge.silentAt).toBe(at(1_004 * 60) + 20 * 60_000);
  });

  test("no tick makes a difference while nothing is open", () => {
    const learner = learnerWith();
    feed(learner, noise(100));
    const before = bytesOf(learner);
    expect(learner.judge.silentAt).toBeUndefined();
    expect(learner.closeIfSilent(at(1_000_000))).toEqual([]);
    expect(bytesOf(learner)).toEqual(before);
  });

  test("sensitivity is the setting's times the system's times the series' own, within 0.1 and 10", () => {
    const learner = learnerWith({ sensitivity: 2 });
    expect(learner.judge.settings.sensitivity).toBe(2);
    expect(learner.applySensitivity(steadyFactor(2))).toBe(4);
    expect(learner.setSensitivity(8, at(0))).toBe(8);
    expect(learner.snapshot().sensitivity.own.factor).toBe(2);
    expect(learner.applySensitivity(steadyFactor(100))).toBe(10);
    expect(learner.applySensitivity(UNMOVED)).toBe(4);
    // Beyond the bound nothing winds up: the next step back is felt at once.
    for (let i = 0; i < 100; i++) learner.scaleSensitivity(0.5, at(0));
    expect(learner.judge.settings.sensitivity).toBe(0.1);
    expect(learner.scaleSensitivity(2, at(0))).toBeCloseTo(0.2, 12);
  });

  test("what labels did decays with the half-life, what an operator set stays", () => {
    const learner = learnerWith({
      sensitivity_half_life_seconds: 3_600,
      optimization_interval: 60,
    });
    feed(learner, noise(100));
    expect(learner.setSensitivity(2, at(100))).toBe(2);
    expect(learner.scaleSensitivity(0.25, at(100))).toBeCloseTo(0.5, 12);
    feed(learner, noise(3_600), 100);
    expect(learner.judge.settings.sensitivity).toBeGreaterThan(0.97);
    expect(learner.judge.settings.sensitivity).toBeLessThanOrEqual(1);
    feed(learner, noise(9 * 3_600), 3_700);
    expect(learner.judge.settings.sensitivity).toBeCloseTo(2, 1);
    expect(learner.judge.settings.sensitivity).toBeLessThan(2);
  });
});

describe("the threshold in force", () => {
  test("remembers the one before", () => {
    const learner = learnerWith();
    expect(learner.setThreshold("upper", inForce(10, null)).type).toBe("threshold");
    learner.setThreshold("upper", inForce(12, "a"));
    expect(learner.threshold("upper")).toMatchObject({
      threshold: 12,
      previous: 10,
      action_id: "a",
    });
  });

  test("tells after 100 samples how the promise was kept before and after", () => {
    const learner = learnerWith({ exceedance_rate: 0.05 });
    // 20 of the 100 values 0…99 lie above 79, and 5 above 94.
    const values = Array.from({ length: 100 }, (_, i) => i);
    learner.setThreshold("upper", inForce(79, null));
    feed(learner, values);
    learner.setThreshold("upper", inForce(94, "action"));
    expect(ofType(feed(learner, values.slice(0, 99), 100), "outcome")).toEqual([]);
    const [outcome, ...others] = ofType(feed(learner, values.slice(99), 199), "outcome");
    expect(others).toEqual([]);
    expect(outcome).toMatchObject({ actionId: "action", time: at(199) });
    expect(outcome?.before).toBeCloseTo(0.15, 12);
    expect(outcome?.after).toBeCloseTo(0, 12);
    // The old threshold, on the samples after the change.
    expect(outcome?.expected).toBeCloseTo(0.15, 12);
    expect(outcome?.noiseVariance).toBeGreaterThan(0);
    // The 20 above follow each other: they are worth few.
    expect(outcome?.samples).toBeGreaterThanOrEqual(2);
    expect(outcome?.samples).toBeLessThan(20);
    expect(ofType(feed(learner, values, 200), "outcome")).toEqual([]);
  });

  test("measures no first threshold, no operator's and no rollback", () => {
    const learner = learnerWith();
    feed(learner, noise(100));
    learner.setThreshold("upper", inForce(60, "first"));
    learner.setThreshold("upper", { ...inForce(61, "back"), source: "rollback" });
    learner.setThreshold("upper", inForce(62, null));
    expect(learner.snapshot().sides[0]?.promise).toEqual([]);
    expect(ofType(feed(learner, noise(200), 100), "outcome")).toEqual([]);
  });

  test("measures several changes at once, each against its own threshold", () => {
    const learner = learnerWith();
    feed(learner, noise(100));
    learner.setThreshold("upper", inForce(60, null));
    learner.setThreshold("upper", inForce(-1e9, "low"));
    feed(learner, noise(50, 2), 100);
    learner.setThreshold("upper", inForce(1e9, "high"));
    const outcomes = ofType(feed(learner, noise(100, 3), 150), "outcome");
    expect(outcomes.map(({ actionId, time, after }) => [actionId, time, after])).toEqual([
      ["low", at(199), 0.95],
      ["high", at(249), 0.05],
    ]);
  });
});

describe("odd series", () => {
  test("constant: nothing is odd, the threshold is the value", () => {
    const learner = learnerWith();
    const events = feed(learner, new Array(500).fill(42.5));
    expect(ofType(events, "anomaly")).toEqual([]);
    expect(learner.statistics()).toMatchObject({ mean: 42.5, std_dev: 0, p99: 42.5 });
    expect(upperOf(learner)?.recommended_value).toBe(42.5);
    expect(learner.trend().direction).toBe("stable");
  });

  test("single: statistics of one point, no recommendation", () => {
    const learner = learnerWith();
    feed(learner, [7]);
    expect(learner.statistics()).toMatchObject({ data_points: 1, mean: 7, std_dev: 0, p95: 7 });
    expect(upperOf(learner)).toBeNull();
    expect(learner.trend().direction).toBe("unknown");
  });

  test("empty: nothing at all", () => {
    const learner = learnerWith();
    expect(learner.statistics()).toBeUndefined();
    expect(upperOf(learner)).toBeNull();
    expect(learner.lastRecommendation).toBeUndefined();
  });

  test("huge and tiny values give finite figures only", () => {
    const learner = learnerWith();
    const values = [1.7e308, -1.7e308, 5e-324, -0, 0, 1e-300];
    feed(
      learner,
      Array.from({ length: 300 }, (_, i) => values[i % values.length] as number),
    );
    const figures = [
      ...Object.values(learner.statistics() ?? {}),
      ...Object.values(upperOf(learner)?.candidates ?? {}),
      upperOf(learner)?.recommended_value ?? Number.NaN,
      upperOf(learner)?.confidence ?? Number.NaN,
      learner.judge.score,
    ];
    expect(figures.every(Number.isFinite)).toBe(true);
  });

  test.each([0.0001, 0.25])("recommends at an exceedance rate of %d", (exceedance_rate) => {
    const learner = learnerWith({ exceedance_rate });
    feed(learner, noise(200));
    expect(upperOf(learner)?.supporting_data.promised_exceedance_rate).toBe(exceedance_rate);
    learner.applySettings(settings({ exceedance_rate: 0.1 }), UNMOVED);
    expect(learner.snapshot().sides[0]?.adaptive?.numbers).toContain(200);
    expect(adaptiveOf(learner)?.exceedance_rate).toBe(0.1);
  });
});

describe("a season that is switched off", () => {
  const HOUR = 3_600 * SECOND;
  /** Five days of a daily wave, a sample every ten minutes. */
  const wavy = (changes: Parameters<typeof learnerWith>[0] = {}): SeriesLearner => {
    const learner = learnerWith({ learning_window_seconds: 7 * 86_400, ...changes });
    const values = noise(720);
    for (const [i, value] of values.entries())
      learner.receiveSample(
        START + (i * HOUR) / 6,
        value + 40 * Math.sin((2 * Math.PI * i) / 144),
        true,
      );
    return learner;
  };

  test("is not learned by the threshold either, and learned when it is switched on", () => {
    const learner = wavy();
    expect(adaptiveOf(learner)?.profile).not.toBeNull();
    learner.applySettings(
      settings({ learning_window_seconds: 7 * 86_400, seasonal: false }),
      UNMOVED,
    );
    const off = adaptiveOf(learner);
    expect(off?.profile).toBeNull();
    expect(off).toEqual(adaptiveOf(wavy({ seasonal: false })));
    learner.applySettings(settings({ learning_window_seconds: 7 * 86_400 }), UNMOVED);
    expect(adaptiveOf(learner)?.profile?.week).toHaveLength(84);
  });

  test("is told how strong it is, and none where there is to be none", () => {
    expect(upperOf(wavy())?.supporting_data.seasonality).toBeGreaterThan(0.8);
    expect(upperOf(wavy({ seasonal: false }))?.supporting_data.seasonality).toBe(0);
    const young = learnerWith();
    feed(young, noise(300));
    expect(upperOf(young)?.supporting_data.seasonality).toBeNull();
  });

  test("a rise of half a day is a trend where there is no season", () => {
    const rising = (seasonal: boolean): string => {
      const learner = learnerWith({ seasonal });
      for (const [i, value] of noise(72).entries())
        learner.receiveSample(START + (i * HOUR) / 6, value + i, true);
      return learner.trend().direction;
    };
    expect(rising(true)).toBe("unknown");
    expect(rising(false)).toBe("increasing");
  });
});
