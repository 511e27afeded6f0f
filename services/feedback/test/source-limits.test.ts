import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SOURCE_MEMORY, SUBJECT_MEMORY } from "../src/sources/source-limits.ts";
import { actionsIn, commandsIn, type Sent, Subject, signalsIn } from "./fixtures.ts";

const BOUND = 4;
const METRICS = ["latency_ms", "errors"] as const;
const proposalOf = (parameter: string, threshold_value: number) => ({
  parameter,
  threshold_value,
  confidence: 1,
});
const keyOf = (metric: string) => `checkout/${metric}`;

/** The learner, as far as moves go: carries out commands and confirms them. */
class Moved {
  readonly subject: Subject;
  /** Logarithms. */
  readonly sensitivity = new Map<string, number>();
  system = 0;
  readonly thresholds = new Map<string, number>();

  constructor(changes: ConstructorParameters<typeof Subject>[0] = {}) {
    this.subject = new Subject({ max_influence_per_source: BOUND, ...changes });
  }

  carryOut(sent: readonly Sent[]): void {
    for (const { id, command } of sent) {
      if (command.name === "set_threshold") {
        const key = keyOf(command.metric);
        const from = this.thresholds.get(key) ?? null;
        this.thresholds.set(key, command.threshold);
        this.carryOut(commandsIn(this.subject.confirm(id, from, command.threshold)));
      } else if (command.name === "scale_sensitivity") {
        const move = Math.log(command.factor);
        if (command.metric === null) this.system += move;
        else {
          const from = this.sensitivity.get(keyOf(command.metric)) ?? 0;
          this.sensitivity.set(keyOf(command.metric), from + move);
          this.carryOut(
            commandsIn(this.subject.confirm(id, Math.exp(from), Math.exp(from + move))),
          );
        }
      }
    }
  }
  label(source: string, metric: string | undefined, wrong: object, seconds = 1) {
    const body = { ...wrong, ...(metric !== undefined && { metric }) };
    const outputs = this.subject.signal("anomaly_feedback", body, { source, seconds });
    this.carryOut(commandsIn(outputs));
    return signalsIn(outputs)[0];
  }
  propose(source: string, metric: string, value: number, seconds = 1) {
    const body = { parameter: metric, threshold_value: value, confidence: 1 };
    const outputs = this.subject.signal("metrics_learning", body, { source, seconds });
    this.carryOut(commandsIn(outputs));
    return signalsIn(outputs)[0];
  }
  /** A threshold that the learner has put in force. */
  learned(metric: string, value: number, scale?: number): void {
    this.thresholds.set(keyOf(metric), value);
    const supporting_data = scale === undefined ? {} : { p25: 0, p75: scale };
    this.subject.recommend({ metric, provisional: true, supporting_data }, value);
  }
  /** By how much the sensitivity of a series has moved, its system's part included: a logarithm. */
  movedSensitivity(metric: string): number {
    return (this.sensitivity.get(keyOf(metric)) ?? 0) + this.system;
  }
}

const label = fc.record({
  type: fc.constant("label" as const),
  metric: fc.constantFrom(...METRICS, undefined),
  wrong: fc.oneof(
    fc.record({ false_positive: fc.integer({ min: 1, max: 1_000 }) }),
    fc.record({ false_negative: fc.integer({ min: 1, max: 1_000 }) }),
    fc.record({ true_positive: fc.integer({ min: 1, max: 3 }) }),
  ),
  seconds: fc.integer({ min: 0, max: 60 }),
});
const proposal = fc.record({
  type: fc.constant("proposal" as const),
  metric: fc.constantFrom(...METRICS),
  value: fc.oneof(
    fc.double({ min: -1e12, max: 1e12, noNaN: true }),
    fc.constantFrom(0, -1, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE),
  ),
  seconds: fc.integer({ min: 0, max: 60 }),
});
// Ends within one window.
const attack = fc.array(fc.oneof(label, proposal), { maxLength: 60 });

describe("one source", () => {
  it("moves a sensitivity or a threshold by no more than the bound, whatever it sends", () => {
    let farthest = 0;
    fc.assert(
      fc.property(attack, fc.double({ min: 0.05, max: 1, noNaN: true }), (steps, rate) => {
        const moved = new Moved();
        moved.subject.learningRate(rate);
        for (const metric of METRICS) moved.learned(metric, 200);
        const most = Math.log(BOUND) + 1e-9;
        for (const step of steps) {
          if (step.type === "label") moved.label("poisoner", step.metric, step.wrong, step.seconds);
          else moved.propose("poisoner", step.metric, step.value, step.seconds);
          for (const metric of METRICS) {
            const sensitivity = Math.abs(moved.movedSensitivity(metric));
            const threshold = Math.log((moved.thresholds.get(keyOf(metric)) ?? 0) / 200);
            expect(sensitivity).toBeLessThanOrEqual(most);
            expect(Math.abs(threshold)).toBeLessThanOrEqual(most);
            farthest = Math.max(farthest, sensitivity, Math.abs(threshold));
          }
        }
      }),
      { numRuns: 300, seed: 3 },
    );
    // The attacks do reach for it.
    expect(farthest).toBeGreaterThan(Math.log(BOUND) / 2 - 1e-6);
  });

  it("keeps to the bound in every later window too", () => {
    const moved = new Moved({ judgement_timeout_seconds: 1 });
    const path: number[] = [];
    for (let minute = 0; minute < 600; minute++) {
      moved.label("poisoner", "latency_ms", { false_positive: 1_000 }, 60);
      path.push(moved.movedSensitivity("latency_ms"));
      const anHourAgo = path.at(-61) ?? 0;
      expect(Math.abs((path.at(-1) as number) - anHourAgo)).toBeLessThanOrEqual(
        Math.log(BOUND) + 1e-9,
      );
    }
    expect(path.at(-1)).toBeLessThan(-2 * Math.log(BOUND));
  });

  it("is told that its signals have no effect once it has moved what it may", () => {
    const moved = new Moved();
    expect(
      moved.label("a", "latency_ms", { false_positive: 1_000 })?.without_effect,
    ).toBeUndefined();
    const second = moved.label("a", "latency_ms", { false_positive: 1_000 });
    expect(second).toMatchObject({
      source: "a",
      without_effect: { code: "MAPEK_SIGNAL_INFLUENCE_SPENT" },
    });
    expect(second?.without_effect?.reason).toContain("4 within 3600 s");
    moved.learned("errors", 200);
    moved.subject.learningRate(1);
    expect(moved.propose("a", "errors", 1e9)?.without_effect).toBeUndefined();
    expect(moved.thresholds.get(keyOf("errors"))).toBeCloseTo(200 * Math.sqrt(BOUND), 6);
    expect(moved.propose("a", "errors", 1e9)?.without_effect?.code).toBe(
      "MAPEK_SIGNAL_INFLUENCE_SPENT",
    );
  });

  it("sets a threshold where none is in force, until the learner recommends one", () => {
    const moved = new Moved();
    moved.propose("a", "latency_ms", 100);
    expect(moved.thresholds.get(keyOf("latency_ms"))).toBe(100);
    expect(moved.propose("a", "latency_ms", 200)?.without_effect).toBeDefined();
    moved.carryOut(commandsIn(moved.subject.recommend({ recommended_value: 7 }, 100)));
    expect(moved.thresholds.get(keyOf("latency_ms"))).toBe(7);
  });

  it("sets none where the learner has one of which the feedback service does not know", () => {
    const subject = new Subject();
    const sent = commandsIn(subject.signal("metrics_learning", proposalOf("errors", 1e9)));
    expect(sent).toMatchObject([{ command: { threshold: 1e9, only_first: true } }]);
    subject.refuse(sent[0]?.id ?? "", 50);
    const body = proposalOf("errors", 100);
    const next = commandsIn(subject.signal("metrics_learning", body, { source: "other" }));
    expect(next).toMatchObject([{ command: { threshold: 55 } }]);
    expect(next[0]?.command).not.toHaveProperty("only_first");
  });

  it("moves a threshold of 0 by what the scale of its series allows, and else not at all", () => {
    const moved = new Moved();
    moved.learned("errors", 0);
    expect(moved.propose("a", "errors", 10)?.without_effect?.code).toBe(
      "MAPEK_SIGNAL_INFLUENCE_SPENT",
    );
    moved.learned("latency_ms", 0, 2);
    moved.subject.learningRate(1);
    moved.propose("a", "latency_ms", -1e300);
    expect(moved.thresholds.get(keyOf("latency_ms"))).toBeCloseTo(-Math.log(BOUND), 12);
  });

  it("acts so many times a minute; what is more is stored, and no evidence", () => {
    const moved = new Moved({ max_signals_per_source_per_minute: 6 });
    const send = (source: string, seconds: number) =>
      signalsIn(
        moved.subject.signal("performance_adaptation", { cpu_usage: 95 }, { source, seconds }),
      )[0]?.without_effect?.code;
    const codes = Array.from({ length: 8 }, () => send("loud", 0));
    expect(codes).toEqual([...Array(6), ...Array(2).fill("MAPEK_SIGNAL_RATE_LIMITED")]);
    expect(send("quiet", 0)).toBeUndefined();
    expect(moved.subject.loop("performance_adaptation")).toMatchObject({ signals: 9, actions: 7 });
    expect(send("loud", 10)).toBeUndefined();
    expect(send("loud", 0)).toBe("MAPEK_SIGNAL_RATE_LIMITED");
    expect(actionsIn(moved.subject.outputs)).toEqual([]);
  });
});

describe("a source's weight", () => {
  it("of 0 stores its signals, without effect and without counting them", () => {
    const moved = new Moved({ source_weights: { liar: 0 } });
    expect(moved.label("liar", "latency_ms", { false_positive: 1 })?.without_effect).toEqual({
      code: "MAPEK_SIGNAL_SOURCE_DISTRUSTED",
      reason: "the weight of liar is 0",
    });
    expect(moved.subject.loop("anomaly_feedback")).toMatchObject({ signals: 1, precision: null });
    expect(
      moved.label("constructor", "latency_ms", { false_positive: 1 })?.without_effect,
    ).toBeUndefined();
    expect(moved.movedSensitivity("latency_ms")).toBeLessThan(0);
  });

  it("scales its steps, its bound, and what its labels count", () => {
    const moved = new Moved({ source_weights: { half: 0.5 } });
    moved.label("half", "latency_ms", { false_positive: 1 });
    expect(moved.sensitivity.get(keyOf("latency_ms"))).toBeCloseTo(Math.log(0.8) / 2, 12);
    expect(moved.subject.loop("anomaly_feedback")).toMatchObject({ precision: 0, labels: 0.5 });
    moved.learned("errors", 100);
    moved.propose("half", "errors", 200);
    expect(moved.thresholds.get(keyOf("errors"))).toBeCloseTo(105, 12);
    for (let i = 0; i < 9; i++) moved.label("half", "latency_ms", { false_positive: 1_000 });
    expect(Math.abs(moved.movedSensitivity("latency_ms"))).toBeLessThanOrEqual(Math.log(BOUND) / 2);
  });
});

it("two honest sources outweigh one poisoner", () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? "poisoner" : `honest${i % 3}`)),
        { minLength: 60 },
      ),
      (senders) => {
        const moved = new Moved({ judgement_signals: 1_000 });
        moved.subject.learningRate(1);
        moved.learned("errors", 200);
        for (const sender of senders) {
          const wrong = sender === "poisoner" ? { false_positive: 1_000 } : { false_negative: 1 };
          moved.label(sender, "latency_ms", wrong);
          moved.propose(sender, "errors", sender === "poisoner" ? 1e-9 : 1_000);
        }
        expect(moved.movedSensitivity("latency_ms")).toBeGreaterThan(0);
        expect(moved.thresholds.get(keyOf("errors"))).toBeGreaterThan(200);
      },
    ),
    { numRuns: 50, seed: 5 },
  );
});

describe("memory of sources", () => {
  it("is bounded, and no flood of names gives a source its allowance anew", () => {
    const moved = new Moved({ max_signals_per_source_per_minute: 10_000 });
    moved.label("poisoner", "latency_ms", { false_positive: 1_000 });
    const before = moved.sensitivity.get(keyOf("latency_ms"));
    for (let i = 0; i < 1_000; i++) {
      moved.label("poisoner", `other_${i}`, { false_positive: 1 }, 0);
      moved.label(`sybil_${i}`, `sybil_${i}`, { false_positive: 1 }, 0);
    }
    const { sources } = moved.subject.state;
    expect(sources.size).toBe(SOURCE_MEMORY);
    for (const [, { influence }] of sources.snapshot())
      expect(influence.size).toBeLessThanOrEqual(SUBJECT_MEMORY);
    expect(
      moved.label("poisoner", "latency_ms", { false_positive: 1 }, 0)?.without_effect,
    ).toBeDefined();
    expect(moved.sensitivity.get(keyOf("latency_ms"))).toBe(before);
  });

  it("forgets those that have been silent for a window", () => {
    const moved = new Moved();
    for (let i = 0; i < 2 * SOURCE_MEMORY; i++)
      moved.label(`old_${i}`, "latency_ms", { false_positive: 1_000 });
    moved.label("late", "latency_ms", { false_positive: 1_000 }, 3_600);
    expect(moved.subject.state.sources.get("?late")).toBeDefined();
    expect(moved.subject.state.sources.size).toBe(SOURCE_MEMORY);
  });

  it("survives a restart", () => {
    const moved = new Moved();
    moved.label("a", "latency_ms", { false_positive: 1_000 });
    moved.subject.restart();
    expect(moved.label("a", "latency_ms", { false_positive: 1 })?.without_effect).toBeDefined();
  });
});
