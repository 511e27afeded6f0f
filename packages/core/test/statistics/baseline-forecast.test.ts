import { describe, expect, it } from "vitest";
import {
  BaselineForecast,
  disturb,
  follow,
  noTrack,
  StatsError,
  standingOf,
} from "../../src/statistics/index.ts";

const SPAN = 5;

/** Noise around a level, the same each time. */
function noise(level: number, count: number): number[] {
  let a = 7;
  return Array.from({ length: count }, () => {
    a = (a * 16_807) % 2_147_483_647;
    return level + a / 2_147_483_647 - 0.5;
  });
}

function learned(values: readonly number[]) {
  const baseline = new BaselineForecast();
  const track = noTrack();
  for (const value of values) follow(track, value, SPAN, baseline);
  return { baseline, track };
}

describe("a baseline forecast", () => {
  it("says nothing while it knows little", () => {
    const { baseline, track } = learned(noise(3, 60));
    expect(baseline.forecast({ last: 3, mean: 3 })).toBeUndefined();
    for (const value of noise(3, 20)) follow(track, value, SPAN, baseline);
    expect(baseline.forecast({ last: 3, mean: 3 })).toBeDefined();
  });

  it("expects what is extreme to come back, by as much as noise explains", () => {
    const { baseline } = learned(noise(3, 1_000));
    const forecast = baseline.forecast({ last: 3.5, mean: 3.2 });
    expect(forecast?.expected).toBeCloseTo(3, 1);
    // Uniform noise of width 1: a mean of 5 has variance 1/60.
    expect(forecast?.variance).toBeGreaterThan(0.7 / 60);
    expect(forecast?.variance).toBeLessThan(1.5 / 60);
  });

  it("expects a level that noise does not explain to stay", () => {
    const { baseline } = learned(noise(3, 1_000));
    expect(baseline.forecast({ last: 9, mean: 9 })?.expected).toBe(9);
  });

  it("moves with its values: shift and scale", () => {
    const values = noise(3, 400);
    const plain = learned(values).baseline.forecast({ last: 3.2, mean: 3.1 });
    const moved = learned(values.map((x) => 10 * x + 50)).baseline.forecast({ last: 82, mean: 81 });
    expect(moved?.expected).toBeCloseTo(10 * (plain?.expected ?? 0) + 50, 3);
    expect((moved?.variance ?? 0) / (plain?.variance ?? 1)).toBeCloseTo(100, 0);
  });

  it("continues from its snapshot bit for bit, and refuses another's", () => {
    const values = noise(3, 300);
    const { baseline, track } = learned(values.slice(0, 150));
    const restored = new BaselineForecast(baseline.snapshot());
    const itsTrack = structuredClone(track);
    for (const value of values.slice(150)) follow(itsTrack, value, SPAN, restored);
    expect(restored.snapshot()).toEqual(learned(values).baseline.snapshot());
    for (const bad of [[], [1], Array(10).fill(Number.NaN), [-1, ...Array(9).fill(0)]])
      expect(() => new BaselineForecast(bad)).toThrow(StatsError);
    expect(() => restored.learn({ last: Number.NaN, mean: 1 }, 1, 1)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" }),
    );
  });
});

describe("a track", () => {
  it("learns nothing of spans in which an action began", () => {
    const { baseline, track } = learned(noise(3, 100));
    const before = baseline.snapshot();
    disturb(track);
    for (const value of noise(8, 2 * SPAN - 1)) follow(track, value, SPAN, baseline);
    expect(baseline.snapshot()).toEqual(before);
    follow(track, 8, SPAN, baseline);
    expect(baseline.snapshot()).not.toEqual(before);
  });

  it("stands where its newest values are", () => {
    const track = noTrack();
    expect(standingOf(track, 3)).toBeUndefined();
    for (const value of [9, 9, 9, 1, 2, 6]) follow(track, value, 3, undefined);
    expect(standingOf(track, 3)).toEqual({ last: 6, mean: 3 });
    expect(track.values).toHaveLength(6);
  });
});
