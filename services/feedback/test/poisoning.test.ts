// Whatever hostile sources send, of all loops: no threshold moves by more than their bound, and others are heard.
import type { Loop, SignalInputs } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandsIn, Subject } from "./fixtures.ts";

const BOUND = 4;
const SHARED = 16;
const WINDOW_SECONDS = 3_600;
/** Interquartile range of each series; without one the threshold measures itself. */
const SERIES = { latency_ms: 20, near_zero: 5, negative: 3, flat: undefined } as const;
const START = { latency_ms: 200, near_zero: 0.001, negative: -50, flat: 80 } as const;
type Metric = keyof typeof SERIES;
const METRICS = Object.keys(SERIES) as Metric[];

const wild = fc.oneof(
  fc.double({ min: -1e12, max: 1e12, noNaN: true }),
  fc.constantFrom(0, -1, 1e300, -1e300, Number.MIN_VALUE),
);
const metric = fc.constantFrom(...METRICS);
const body: fc.Arbitrary<{ [L in Loop]: { loop: L; body: SignalInputs[L] } }[Loop]> = fc.oneof(
  fc.record({
    loop: fc.constant("metrics_learning" as const),
    body: fc.record({
      parameter: metric,
      threshold_value: wild,
      confidence: fc.constantFrom(0.4, 0.9, 1),
    }),
  }),
  fc.record({
    loop: fc.constant("decision_quality" as const),
    body: fc.record({
      decision_id: fc.string({ minLength: 1, maxLength: 9 }),
      predicted_outcome: wild,
      actual_outcome: wild,
    }),
  }),
  fc.record({
    loop: fc.constant("anomaly_feedback" as const),
    body: fc.record({
      false_positive: fc.integer({ min: 1, max: 1_000 }),
      anomaly_id: fc.oneof(
        metric.map((name) => `checkout/${name}@1760000000000`),
        metric.map((name) => `other/${name}@1760000000000`),
        fc.string({ minLength: 1, maxLength: 30 }),
      ),
    }),
  }),
  fc.record({
    loop: fc.constant("performance_adaptation" as const),
    body: fc.record({ cpu_usage: fc.constantFrom(0, 100) }),
  }),
  fc.record({
    loop: fc.constant("resource_optimization" as const),
    body: fc.record({
      resource_type: fc.constantFrom("cpu", "disk"),
      utilization: fc.constantFrom(0, 1),
    }),
  }),
);
/** Seconds to the next signal: mostly none, jumps, and clocks that run backwards. */
const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat(600) },
  { weight: 1, arbitrary: fc.integer({ min: -90_000, max: 9_000 }) },
);
const attack = fc.array(fc.tuple(body, seconds), { minLength: 1, maxLength: 60 });

/** The learner and the optimizer, as far as thresholds go. */
class Victim {
  readonly subject = new Subject({
    max_influence_per_source: BOUND,
    max_influence_of_unproven_sources: SHARED,
    influence_window_seconds: WINDOW_SECONDS,
  });
  readonly thresholds = new Map<string, number>();
  /** Thresholds at each event time. */
  readonly history: { atMs: number; thresholds: Map<string, number> }[] = [];

  constructor() {
    for (const name of METRICS) {
      const scale = SERIES[name];
      const supporting_data = scale === undefined ? {} : { p25: 0, p75: scale };
      this.thresholds.set(name, START[name]);
      this.subject.recommend({ metric: name, provisional: true, supporting_data }, START[name]);
    }
    this.subject.learningRate(1);
    this.note();
  }

  send(signal: { loop: Loop; body: object }, after: number, source: string, proven = false) {
    const { loop, body } = signal as {
      loop: "decision_quality";
      body: SignalInputs["decision_quality"];
    };
    const outputs = this.subject.signal(loop, body, { seconds: after, source, proven });
    for (const { id, command } of commandsIn(outputs)) {
      if (command.name === "set_threshold") {
        const from = this.thresholds.get(command.metric) ?? null;
        this.thresholds.set(command.metric, command.threshold);
        this.subject.confirm(id, from, command.threshold);
      } else this.subject.confirm(id, 1, 1);
    }
    this.note();
  }

  /** How far a series' threshold has moved within any window: in scales, or as a logarithm. */
  farthest(name: Metric): number {
    const now = this.history.at(-1);
    let farthest = 0;
    for (const { atMs, thresholds } of this.history) {
      if (now === undefined || atMs < now.atMs - WINDOW_SECONDS * 1_000) continue;
      const [from, to] = [thresholds.get(name) ?? 0, now.thresholds.get(name) ?? 0];
      const scale = SERIES[name];
      const moved = scale === undefined ? Math.log(to / from) : (to - from) / scale;
      farthest = Math.max(farthest, Math.abs(moved));
    }
    return farthest;
  }

  private note(): void {
    this.history.push({ atMs: this.subject.state.timeMs, thresholds: new Map(this.thresholds) });
  }
}

describe("poisoning", () => {
  it("of one source moves no threshold by more than its bound within a window", () => {
    let farthest = 0;
    fc.assert(
      fc.property(attack, (steps) => {
        const victim = new Victim();
        for (const [signal, after] of steps) {
          victim.send(signal, after, "poisoner");
          for (const name of METRICS) {
            const moved = victim.farthest(name);
            expect(moved).toBeLessThanOrEqual(Math.log(BOUND) + 1e-9);
            farthest = Math.max(farthest, moved);
          }
        }
      }),
      { numRuns: 300, seed: 11 },
    );
    expect(farthest).toBeGreaterThan(Math.log(BOUND) / 2 - 1e-6);
  });

  it("of any number of names moves none by more than the bound of all unproven ones together", () => {
    let farthest = 0;
    fc.assert(
      fc.property(attack, (steps) => {
        const victim = new Victim();
        steps.forEach(([signal, after], i) => {
          victim.send(signal, after, `sybil_${i}`);
          for (const name of METRICS) {
            const moved = victim.farthest(name);
            expect(moved).toBeLessThanOrEqual(Math.log(SHARED) + 1e-9);
            farthest = Math.max(farthest, moved);
          }
        });
      }),
      { numRuns: 300, seed: 12 },
    );
    expect(farthest).toBeGreaterThan(Math.log(BOUND));
  });

  it("leaves a proven source its say, and so it leaves an unproven one while one name alone attacks", () => {
    fc.assert(
      fc.property(attack, fc.boolean(), (steps, many) => {
        const victim = new Victim();
        steps.forEach(([signal], i) => {
          victim.send(signal, 0, many ? `sybil_${i}` : "honest");
        });
        const before = victim.thresholds.get("latency_ms") ?? 0;
        const threshold_value = before + 15;
        const body = { parameter: "latency_ms", threshold_value, confidence: 1 };
        // The same name, but proven; or another one.
        victim.send({ loop: "metrics_learning", body }, 0, many ? "honest" : "other", many);
        expect(victim.thresholds.get("latency_ms")).toBe(
          before + Math.min(15, 10 * Math.log(BOUND)),
        );
      }),
      { numRuns: 200, seed: 13 },
    );
  });
});
