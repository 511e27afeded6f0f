import { describe, expect, it } from "vitest";
import { BUSY, CALM, parametersIn, type Subject, subjectIn } from "./fixtures.ts";

const warm = (latency: number, more = {}) => ({ ...CALM, cycle_latency: latency, ...more });
const WIDE = { base_parallelism: 40, increase_tolerance: 0.01 } as const;
const parallelism = (subject: Subject) => subject.parameters.execution_parallelism;

/** Reports whose latency follows from the parallelism in force. */
function run(
  subject: Subject,
  count: number,
  latencyAt: (parallelism: number) => number,
  decisions: number,
) {
  for (let i = 0; i < count; i++)
    subject.report(warm(latencyAt(parallelism(subject)), { decisions_per_minute: decisions }));
}

describe("parallelism by latency gradient", () => {
  it("leaves a steady system on its row", () => {
    const subject = subjectIn("healthy");
    for (let i = 0; i < 1_000; i++) expect(subject.report(CALM)).toEqual([]);
  });

  it("falls by its own step when latency rises, and returns to the row a canary at a time", () => {
    const subject = subjectIn("healthy", { ...WIDE, decrease_step: 0.1, adaptation_step: 0.2 });
    subject.fill(warm(0.2));
    const values: number[] = [];
    const watch = (latency: number, times: number) => {
      for (let i = 0; i < times; i++)
        for (const message of parametersIn(subject.report(warm(latency))))
          if (message.changed.includes("execution_parallelism"))
            values.push(message.execution_parallelism);
    };
    watch(1, 80);
    expect(values).toEqual([36, 32, 28, 24, 20]);
    values.length = 0;
    watch(0.2, 200);
    expect(values).toEqual([22, 24, 26, 28, 31, 33, 36, 38, 40]);
    const reasons = parametersIn(subject.outputs).map(({ reason }) => reason);
    expect(reasons.join()).toContain("predicted 0.2, no worse than its noise allows");
  });

  it("rises beyond the row only while it is in use", () => {
    const idle = subjectIn("healthy", WIDE);
    run(idle, 300, () => 0.2, 60);
    expect(parallelism(idle)).toBe(40);
    const used = subjectIn("healthy", WIDE);
    run(used, 90, () => 0.2, 12_000);
    expect(parallelism(used)).toBeGreaterThan(55);
  });

  it("does not climb under constant overload, nor grow under load", () => {
    const overload = { ...BUSY, cycle_latency: 1.9, decisions_per_minute: 1e6 };
    const subject = subjectIn("healthy", WIDE);
    subject.fill(warm(0.2));
    subject.fill(overload);
    expect(subject.state.state).toBe("optimizing");
    let last = parallelism(subject);
    for (let i = 0; i < 5_000; i++) {
      subject.report(overload);
      expect(parallelism(subject)).toBeLessThanOrEqual(last);
      last = parallelism(subject);
    }
    expect(last).toBe(30);
    const loaded = subjectIn("healthy", WIDE);
    for (let i = 0; i < 200; i++)
      loaded.report(warm(0.2, { cpu_usage: 57, decisions_per_minute: 12_000 }));
    expect(parallelism(loaded)).toBeLessThanOrEqual(40);
  });

  it("recovers from a baseline that was learned while its own parallelism overloaded the system", () => {
    const subject = subjectIn("healthy", WIDE);
    const saturates = (at: number) => 0.2 * Math.max(1, at / 22);
    run(subject, 20, saturates, 12_000);
    expect(subject.state.adaptation.gradient.baselineSeconds).toBeGreaterThan(0.36);
    run(subject, 1_500, saturates, 12_000);
    expect(subject.state.adaptation.gradient.baselineSeconds).toBeLessThan(0.25);
    expect(parallelism(subject)).toBeLessThanOrEqual(30);
    expect(parametersIn(subject.outputs).map(({ phase }) => phase)).toContain("probe");
  });

  it("keeps its baseline and returns at once where a probe shows nothing", () => {
    const subject = subjectIn("healthy", WIDE);
    run(subject, 400, () => 0.2, 12_000);
    const published = parametersIn(subject.outputs);
    const probes = published.filter(({ phase }) => phase === "probe");
    expect(probes.length).toBeGreaterThan(0);
    const [probe] = probes;
    const back = published[published.indexOf(probe as never) + 1];
    expect(back).toMatchObject({
      phase: "rollback",
      outcome: { setting: "execution_parallelism" },
    });
    expect(back?.reason).toContain("does not follow from parallelism");
    expect(subject.state.adaptation.gradient.baselineSeconds).toBeCloseTo(0.2, 2);
  });

  it("does not climb under constant timeouts: latency pinned, few decisions", () => {
    const subject = subjectIn("healthy", WIDE);
    run(subject, 100, () => 0.2, 600);
    run(subject, 40, () => 1.5, 30);
    let last = parallelism(subject);
    expect(last).toBe(20);
    for (let i = 0; i < 5_000; i++) {
      run(subject, 1, () => 1.5, 30);
      expect(parallelism(subject)).toBeLessThanOrEqual(last);
      last = parallelism(subject);
    }
    run(subject, 400, () => 0.2, 600);
    expect(parallelism(subject)).toBe(40);
  });

  it("never exceeds the row where timeouts are all that it has ever seen", () => {
    const subject = subjectIn("healthy", WIDE);
    for (let i = 0; i < 3_000; i++) {
      run(subject, 1, () => 1.5, 30);
      expect(parallelism(subject)).toBeLessThanOrEqual(40);
    }
  });

  it("takes a slower system that still works for normal in the long run, but not from what it saw under load", () => {
    const subject = subjectIn("healthy", WIDE);
    subject.fill(warm(0.2));
    for (let i = 0; i < 2_000; i++) subject.report(warm(1, { cpu_usage: 57 }));
    expect(parallelism(subject)).toBe(20);
    for (let i = 0; i < 60; i++) subject.report(warm(1));
    expect(parallelism(subject)).toBe(20);
    for (let i = 0; i < 2_000; i++) subject.report(warm(1));
    expect(parallelism(subject)).toBe(40);
  });

  it("overlooks latencies that are nothing beside the interval", () => {
    const subject = subjectIn("healthy", WIDE);
    for (let i = 0; i < 300; i++) subject.report(warm(0.01));
    for (let i = 0; i < 200; i++) subject.report(warm(0.11));
    expect(parallelism(subject)).toBe(40);
  });

  it("takes a raise back when latency worsens by more than its noise, and waits longer each time", () => {
    const subject = subjectIn("healthy", WIDE);
    run(subject, 12, () => 0.2, 60);
    const at: number[] = [];
    for (let i = 0; i < 1_000; i++) {
      const latency = parallelism(subject) > 40 ? 0.28 : 0.2;
      for (const message of parametersIn(
        subject.report(warm(latency, { decisions_per_minute: 12_000 })),
      ))
        if (message.phase === "rollback" && message.execution_parallelism === 40)
          if (message.outcome?.worse) at.push(i);
    }
    expect(at.length).toBeGreaterThanOrEqual(3);
    const gaps = at.slice(1).map((later, i) => later - (at[i] as number));
    expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
    const judged = subject.state.changes.filter(({ worse }) => worse).at(-1);
    expect(judged).toMatchObject({ setting: "execution_parallelism", objective: "cycle_latency" });
    expect(judged?.after).toBeCloseTo(0.28, 9);
  });

  it("is confined when new settings narrow its bounds", () => {
    const subject = subjectIn("healthy", WIDE);
    subject.fill(warm(0.2));
    for (let i = 0; i < 60; i++) subject.report(warm(1));
    expect(parallelism(subject)).toBe(20);
    subject.settings({ ...WIDE, adaptation_bound: 0.1 });
    expect(parallelism(subject)).toBe(36);
  });
});
