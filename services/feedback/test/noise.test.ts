// Whether a loop's actions helped is told apart from the noise of its objective, over seeded simulations.
import type { Loop } from "@mapek/core/contract";
import { describe, expect, it } from "vitest";
import { actionsIn } from "./fixtures.ts";
import { autocorrelated, Managed } from "./managed.ts";

const SEEDS = 40;
const SIGNALS = 1_500;
const WATCHED = 300;
const PHIS = [0, 0.5, 0.9];

/** Runs each seed; for the first 300 signals the loop only watches where that is asked for. */
function simulate(
  loop: Loop,
  watched: number,
  signal: (managed: Managed, i: number, noise: number) => void,
  phi: number,
) {
  const all = Array.from({ length: SEEDS }, (_, seed) => {
    const managed = new Managed();
    const noise = autocorrelated(seed + 1, phi);
    managed.subject.control({ command: "set_loop", loop, enabled: watched === 0 });
    for (let i = 0; i < watched + SIGNALS; i++) {
      if (i === watched) managed.subject.control({ command: "set_loop", loop, enabled: true });
      signal(managed, i, noise());
    }
    return managed;
  });
  const sum = (field: string) =>
    all.reduce((total, { subject }) => total + (subject.loop(loop)[field] as number), 0);
  const judged = sum("judged");
  return { all, judged, helped: sum("helped") / judged, hurt: sum("hurt") / judged };
}

describe("actions that do nothing, begun when the objective is extreme", () => {
  it.each(PHIS)("are judged neutral: decisions whose noise correlates by %d", (phi) => {
    const { judged, helped, hurt } = simulate(
      "decision_quality",
      0,
      (managed, _, noise) => managed.decision(0.3 + 0.1 * noise),
      phi,
    );
    expect(judged).toBeGreaterThan(500);
    expect(Math.abs(helped - hurt)).toBeLessThan(0.05);
    expect(helped + hurt).toBeLessThan(0.1);
  });

  it.each(PHIS)("are judged neutral: a resource whose noise correlates by %d", (phi) => {
    const { judged, helped, hurt } = simulate(
      "resource_optimization",
      0,
      (managed, _, noise) => managed.resource(0.7 + 0.1 * noise),
      phi,
    );
    expect(judged).toBeGreaterThan(500);
    expect(Math.abs(helped - hurt)).toBeLessThan(0.05);
    expect(helped + hurt).toBeLessThan(0.1);
  });
});

describe("actions that help", () => {
  it.each(PHIS)("are recognised: decisions whose noise correlates by %d", (phi) => {
    const { judged, helped, hurt } = simulate(
      "decision_quality",
      WATCHED,
      (managed, i, noise) => {
        // The world changes, and asks for three times the rate.
        if (i % 200 === 199) managed.learningRate = Math.max(0.05, managed.learningRate / 3);
        managed.decision(
          0.25 + 0.6 * Math.max(0, Math.log(0.3 / managed.learningRate)) + 0.06 * noise,
        );
      },
      phi,
    );
    expect(judged).toBeGreaterThan(500);
    expect(helped).toBeGreaterThan(0.3);
    expect(hurt).toBeLessThan(0.03);
  });
});

describe("actions that hurt", () => {
  it.each(PHIS)(
    "damp their loop and are rolled back: decisions, noise correlating by %d",
    (phi) => {
      const { all, helped } = simulate(
        "decision_quality",
        WATCHED,
        (managed, _, noise) => managed.decision(0.35 + managed.moved + 0.07 * noise),
        phi,
      );
      const caught = all.filter(
        ({ rollbacks, leastDamping }) => rollbacks > 0 && leastDamping <= 0.5,
      );
      expect(caught.length).toBeGreaterThanOrEqual(0.95 * SEEDS);
      expect(helped).toBeLessThan(0.02);
    },
  );

  it.each(PHIS)(
    "damp their loop and are rolled back: a resource, noise correlating by %d",
    (phi) => {
      const { all, helped } = simulate(
        "resource_optimization",
        WATCHED,
        (managed, _, noise) =>
          managed.resource(0.7 * (16 / managed.parallelism) ** 2 + 0.05 * noise),
        phi,
      );
      const caught = all.filter(
        ({ rollbacks, leastDamping }) => rollbacks > 0 && leastDamping <= 0.5,
      );
      expect(caught.length).toBeGreaterThanOrEqual(0.95 * SEEDS);
      expect(helped).toBeLessThan(0.02);
    },
  );
});

describe("actions that go to and fro", () => {
  /** A resource that is busy and idle in turn, whatever is done. */
  const swing = (managed: Managed, times: number) => {
    for (let i = 0; i < times; i++) managed.resource(Math.floor(i / 12) % 2 ? 0.95 : 0.4);
  };

  it("damp their loop, which comes back when its actions help", () => {
    const managed = new Managed();
    swing(managed, 1_500);
    expect(managed.leastDamping).toBeLessThan(0.3);
    expect(managed.subject.loop("resource_optimization").hurt).toBe(0);
    const noise = autocorrelated(1, 0);
    for (let i = 0; i < 4_000; i++) {
      if (i % 100 === 99) managed.parallelism = Math.min(16, managed.parallelism + 6);
      managed.resource(0.95 * (managed.parallelism / 16) + 0.01 * noise());
    }
    expect(managed.subject.state.loops.resource_optimization.damping).toBeGreaterThan(0.9);
  });

  it("are each rolled back once at most, and no rollback is judged", () => {
    const managed = new Managed();
    for (let i = 0; i < WATCHED; i++) managed.resource(0.7 + 0.02 * (i % 2));
    for (let i = 0; i < 3_000; i++)
      managed.resource(0.7 + 0.1 * managed.moved * (i % 40 < 20 ? 1 : -1));
    const statuses = new Map<string, string[]>();
    for (const { action_id, status } of actionsIn(managed.subject.outputs))
      statuses.set(action_id, [...(statuses.get(action_id) ?? []), status]);
    const { actions } = managed.subject.loop("resource_optimization");
    expect(statuses.size).toBe(actions);
    for (const said of statuses.values())
      expect(said.join(" ")).toMatch(/^(refused|applied( judged( rolled_back| refused)?)?)$/);
  });
});
