import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMsgpack, encodeMsgpack, type SeriesSettings } from "../../src/contract/index.ts";
import {
  type SeriesEvent,
  SeriesLearner,
  type SeriesSnapshot,
  steadyFactor,
} from "../../src/learning/index.ts";
import { StatsError, type Verdict } from "../../src/statistics/index.ts";
import { bytesOf, feed, learnerWith, noise, SECOND, START, settings } from "./fixtures.ts";

/** What may happen to a series. */
type Step =
  | { type: "samples"; count: number; stepMs: number; level: number; seed: number }
  | { type: "sample"; value: number; gapMs: number; history: boolean }
  | { type: "late"; value: number; byMs: number; history: boolean }
  | { type: "duplicate"; value: number }
  | { type: "settings"; changes: Partial<SeriesSettings>; factor: number }
  | { type: "threshold"; side: "upper" | "lower"; threshold: number; actionId: string | null }
  | { type: "exclude"; fromMs: number; lengthMs: number }
  | { type: "freeze"; frozen: boolean }
  | { type: "sensitivity"; sensitivity: number }
  | { type: "label"; factor: number }
  | { type: "verdict"; verdict: Verdict; agoMs: number; weight: number }
  | { type: "tick"; afterMs: number };

const value = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
  fc.constantFrom(0, -0, 1e15, -1e15, 1.7e308, -1.7e308, 5e-324, 50),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const gapMs = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }),
  fc.double({ min: 0, max: 5, noNaN: true }),
  fc.constant(20 * 3_600_000),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("samples" as const),
      count: fc.integer({ min: 1, max: 120 }),
      stepMs: fc.constantFrom(1, 1_000, 60_000, 300_000, 0.125),
      level: fc.constantFrom(0, 0, 0, 300, -1e6),
      seed: fc.integer({ min: 1, max: 1e6 }),
    }),
  },
  fc.record({ type: fc.constant("sample" as const), value, gapMs, history: fc.boolean() }),
  fc.record({
    type: fc.constant("late" as const),
    value,
    byMs: fc.integer({ min: 0, max: 100_000_000 }),
    history: fc.boolean(),
  }),
  fc.record({ type: fc.constant("duplicate" as const), value }),
  fc.record({
    type: fc.constant("settings" as const),
    changes: fc.record(
      {
        window_capacity: fc.integer({ min: 16, max: 400 }),
        learning_window_seconds: fc.integer({ min: 1, max: 86_400 }),
        min_data_points: fc.integer({ min: 16, max: 200 }),
        optimization_interval: fc.integer({ min: 1, max: 600 }),
        exceedance_rate: fc.constantFrom(0.0001, 0.05, 0.1, 0.25),
        strategy: fc.constantFrom("auto", "percentile", "sigma", "iqr", "adaptive"),
        sensitivity: fc.double({ min: 0.1, max: 10, noNaN: true }),
        thresholds: fc.constantFrom("upper", "lower", "both"),
        maximum: fc.integer({ min: -50, max: 60 }),
        time_zone: fc.constantFrom("UTC", "Asia/Kolkata"),
        seasonal: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    factor: fc.constantFrom(1, 0.5, 4),
  }),
  fc.record({
    type: fc.constant("threshold" as const),
    side: fc.constantFrom("upper", "lower"),
    threshold: fc.integer({ min: -100, max: 100 }),
    actionId: fc.constantFrom(null, "one", "two"),
  }),
  fc.record({
    type: fc.constant("exclude" as const),
    fromMs: fc.integer({ min: -60_000, max: 60_000 }),
    lengthMs: fc.integer({ min: 0, max: 120_000 }),
  }),
  fc.record({ type: fc.constant("freeze" as const), frozen: fc.boolean() }),
  fc.record({
    type: fc.constant("sensitivity" as const),
    sensitivity: fc.double({ min: 0.01, max: 100, noNaN: true }),
  }),
  fc.record({ type: fc.constant("label" as const), factor: fc.constantFrom(0.5, 1.25, 8) }),
  fc.record({
    type: fc.constant("verdict" as const),
    verdict: fc.constantFrom("false_positive", "true_positive", "false_negative"),
    agoMs: fc.integer({ min: 0, max: 7_200_000 }),
    weight: fc.constantFrom(0.1, 0.6, 1),
  }),
  fc.record({
    type: fc.constant("tick" as const),
    afterMs: fc.integer({ min: 0, max: 3_600_000 }),
  }),
);

/** A learner with what is around it: the clock, the settings and the system's factor. */
class Run {
  learner = learnerWith({ optimization_interval: 60, min_data_points: 64 });
  #settings = this.learner.settings;
  #now = START;

  take(next: Step): readonly SeriesEvent[] {
    const { learner } = this;
    switch (next.type) {
      case "samples":
        return noise(next.count, next.seed).flatMap((sample) => {
          this.#now += next.stepMs;
          return learner.receiveSample(this.#now, sample + next.level);
        });
      case "sample":
        this.#now += next.gapMs;
        return learner.receiveSample(this.#now, next.value, next.history);
      case "late":
        return learner.receiveSample(this.#now - next.byMs, next.value, next.history);
      case "duplicate":
        return learner.receiveSample(this.#now, next.value);
      case "settings":
        this.#settings = settings(next.changes);
        learner.applySettings(this.#settings, steadyFactor(next.factor));
        return [];
      case "threshold":
        return [
          learner.setThreshold(next.side, {
            threshold: next.threshold,
            strategy: "sigma",
            confidence: 0.5,
            reasoning: "a test",
            source: "recommendation",
            pinned: false,
            action_id: next.actionId,
            timestamp: this.#now,
          }),
        ];
      case "exclude":
        learner.exclude(this.#now + next.fromMs, this.#now + next.fromMs + next.lengthMs);
        return [];
      case "freeze":
        learner.frozen = next.frozen;
        return [];
      case "sensitivity":
        learner.setSensitivity(next.sensitivity, this.#now);
        return [];
      case "label":
        learner.scaleSensitivity(next.factor, this.#now);
        return [];
      case "verdict": {
        // Of the open anomaly, where there is one.
        const at = learner.judge.open?.opened_at ?? this.#now - next.agoMs;
        learner.judge.label(at, next.verdict, next.weight, this.#now);
        return [];
      }
      case "tick":
        return learner.closeIfSilent(this.#now + next.afterMs);
    }
  }

  /** Forgets everything but the stored bytes. */
  restart(): void {
    const stored = decodeMsgpack(bytesOf(this.learner)) as SeriesSnapshot;
    this.learner = SeriesLearner.restore(stored, this.#settings);
  }
}

const steps = fc.array(step, { minLength: 1, maxLength: 40 });

test("the same input gives the same bytes and the same events", () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const [one, other] = [new Run(), new Run()];
      for (const next of sequence)
        expect(encodeMsgpack(one.take(next))).toEqual(encodeMsgpack(other.take(next)));
      expect(bytesOf(one.learner)).toEqual(bytesOf(other.learner));
    }),
    { numRuns: 60 },
  );
});

test("a restored learner goes on as if it had never stopped, and questions change nothing", () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat({ max: 39 }), { maxLength: 4 }), (sequence, stops) => {
      const lasting = new Run();
      const restarting = new Run();
      sequence.forEach((next, i) => {
        const expected = encodeMsgpack(lasting.take(next));
        expect(encodeMsgpack(restarting.take(next))).toEqual(expected);
        lasting.learner.statistics();
        lasting.learner.recommendations();
        if (!stops.includes(i)) return;
        restarting.restart();
        expect(bytesOf(restarting.learner)).toEqual(bytesOf(lasting.learner));
      });
      expect(bytesOf(restarting.learner)).toEqual(bytesOf(lasting.learner));
    }),
    { numRuns: 150 },
  );
});

test("what holds after every step", () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const run = new Run();
      let open = false;
      for (const next of sequence) {
        for (const event of run.take(next)) {
          if (event.type !== "anomaly") continue;
          // Opened before anything else is said of it, closed once.
          expect(event.phase === "opened").toBe(!open);
          open = event.phase !== "closed";
        }
        const { learner } = run;
        expect(learner.judge.open !== null).toBe(open);
        expect(learner.judge.silentAt !== undefined).toBe(open);
        expect(learner.judge.incidentSamples > 0).toBe(open);
        expect(learner.madeRecommendations.length).toBeLessThanOrEqual(100);
        expect(learner.window.length).toBeLessThanOrEqual(learner.settings.window_capacity);
        expect(learner.judge.score >= 0 && learner.judge.score <= 1).toBe(true);
        const { sensitivity } = learner.judge.settings;
        expect(sensitivity >= 0.1 && sensitivity <= 10).toBe(true);
        for (const figure of Object.values(learner.statistics() ?? {}))
          expect(Number.isFinite(figure)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("a seasoned series is restored to the byte", () => {
  const learner = learnerWith({ optimization_interval: 600 });
  feed(learner, [...noise(11_999), 1_000]);
  const restored = SeriesLearner.restore(
    decodeMsgpack(bytesOf(learner)) as SeriesSnapshot,
    learner.settings,
  );
  expect(bytesOf(restored)).toEqual(bytesOf(learner));
  expect(learner.judge.score).toBeGreaterThan(0);
  expect(restored.judge.score).toBe(learner.judge.score);
  const later = noise(2_000, 9);
  expect(feed(restored, later, 12_000)).toEqual(feed(learner, later, 12_000));
  expect(bytesOf(restored)).toEqual(bytesOf(learner));
});

test("a window grows and a state stays small", () => {
  const learner = learnerWith({ optimization_interval: 150 });
  feed(learner, noise(20_000));
  expect(learner.madeRecommendations).toHaveLength(100);
  expect(learner.window.byteLength).toBeLessThanOrEqual(125_000);
  expect(bytesOf(learner).byteLength).toBeLessThan(145_000);
});

test.each([
  ["another schema", (snapshot: SeriesSnapshot) => ({ ...snapshot, schema: 0 })],
  [
    "a damaged window",
    (snapshot: SeriesSnapshot) => ({ ...snapshot, window: snapshot.window.slice(4) }),
  ],
  [
    "a damaged column",
    ({ judge, ...rest }: SeriesSnapshot) => ({
      ...rest,
      judge: {
        ...judge,
        detector: {
          ...judge.detector,
          numbers: new Uint8Array(13),
        },
      },
    }),
  ],
])("%s is refused with its code", (_, damage) => {
  const learner = learnerWith();
  feed(learner, noise(50));
  const damaged = damage(learner.snapshot()) as SeriesSnapshot;
  const restore = () => SeriesLearner.restore(damaged, learner.settings);
  expect(restore).toThrow(StatsError);
  expect(restore).toThrow(expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" }));
});

test("times are those of the samples: nothing depends on the clock", () => {
  const early = learnerWith({ optimization_interval: 60 });
  const late = learnerWith({ optimization_interval: 60 });
  const shiftMs = 1_000 * 24 * 3_600_000;
  const values = noise(500);
  values.forEach((sample, i) => {
    const time = START + i * SECOND;
    const before = early.receiveSample(time, sample).map(({ type, time: at }) => [type, at]);
    const after = late
      .receiveSample(time + shiftMs, sample)
      .map(({ type, time: at }) => [type, at - shiftMs]);
    expect(after).toEqual(before);
  });
});
