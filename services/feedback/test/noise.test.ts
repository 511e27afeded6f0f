// Whether a loop's actions helped is told apart from the noise of its objective, over seeded simulations.
import type { Loop } from "@mapek/core/messages";
import { describe, expect, it } from "vitest";
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
