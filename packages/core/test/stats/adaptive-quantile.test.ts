import { expect, describe as suite, test } from "vitest";
import { AdaptiveQuantile } from "../../src/stats/index.ts";
import { RandomSource } from "./random-source.ts";

suite("holds the promised rate over 20,000 samples", () => {
  const random = new RandomSource(1);
  const shapes: [string, (i: number) => number][] = [
    ["normal", () => random.normal()],
    ["lognormal", () => Math.exp(random.normal())],
    ["linear drift", (i) => i * 0.002 + random.normal()],
    ["fast drift", (i) => i * 0.1 + random.normal()],
    ["level shift", (i) => (i > 10_000 ? 50 : 0) + random.normal()],
    ["sine", (i) => 5 * Math.sin(i / 200) + random.normal()],
    ["growing variance", (i) => (1 + i / 2000) * random.normal()],
    ["whole numbers", () => Math.round(2 * random.normal())],
    ["negative", () => -1e6 + random.normal()],
  ];
  test.each(shapes)("%s", (_, shape) => {
    const threshold = new AdaptiveQuantile();
    for (let i = 0; i < 20_000; i++) threshold.update(shape(i));
    expect(Math.abs(threshold.measuredRate! - 0.05)).toBeLessThan(0.015);
  });

  test("1 % when 1 % is asked for", () => {
    const threshold = new AdaptiveQuantile({ exceedanceRate: 0.01 });
    for (let i = 0; i < 20_000; i++) threshold.update(random.normal() + i * 0.001);
    expect(Math.abs(threshold.measuredRate! - 0.01)).toBeLessThan(0.005);
  });
});

test("is the constant for a constant, and comes back to it", () => {
  const threshold = new AdaptiveQuantile();
  expect(threshold.value()).toBeUndefined();
  for (let i = 0; i < 500; i++) {
    threshold.update(0.1);
    expect(threshold.value()).toBe(0.1);
  }
  const random = new RandomSource(2);
  for (let i = 0; i < 500; i++) threshold.update(random.normal());
  for (let i = 0; i < 3000; i++) threshold.update(7);
  expect(threshold.value()).toBeCloseTo(7, 9);
});

test("an absurd value moves it by a bounded step and is soon forgotten", () => {
  const random = new RandomSource(3);
  const threshold = new AdaptiveQuantile();
  for (let i = 0; i < 1000; i++) threshold.update(random.normal());
  threshold.update(1e15);
  expect(threshold.value()).toBeLessThan(4);
  for (let i = 0; i < 100; i++) threshold.update(random.normal());
  expect(threshold.value()).toBeGreaterThan(0.5);
  expect(threshold.value()).toBeLessThan(4);
});

test("scales and shifts with the series", () => {
  const random = new RandomSource(4);
  const base = new AdaptiveQuantile();
  const scaled = new AdaptiveQuantile();
  const shifted = new AdaptiveQuantile();
  for (let i = 0; i < 2000; i++) {
    const x = random.normal();
    base.update(x);
    scaled.update(x * 1024);
    shifted.update(x + 100);
    expect(scaled.value()! / 1024).toBe(base.value());
    expect(shifted.value()! - 100).toBeCloseTo(base.value()!, 9);
  }
});

test("continues bit for bit from its snapshot", () => {
  const random = new RandomSource(5);
  const one = new AdaptiveQuantile({ exceedanceRate: 0.02, learningRate: 0.1 });
  for (let i = 0; i < 777; i++) one.update(random.normal());
  const two = AdaptiveQuantile.restore(JSON.parse(JSON.stringify(one.snapshot())));
  for (let i = 0; i < 500; i++) {
    const x = random.normal() * 3;
    one.update(x);
    two.update(x);
    expect(two.value()).toBe(one.value());
  }
  expect(two.snapshot()).toEqual(one.snapshot());
});

test("stays finite at the ends of the range", () => {
  const threshold = new AdaptiveQuantile();
  for (let i = 0; i < 200; i++) {
    threshold.update(i % 2 === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE);
    expect(threshold.value()).toSatisfy(Number.isFinite);
  }
});

test("refuses bad input, settings and snapshots", () => {
  const threshold = new AdaptiveQuantile();
  expect(() => threshold.update(Number.NaN)).toThrow(
    expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" }),
  );
  expect(threshold.count).toBe(0);
  for (const options of [
    { exceedanceRate: 0 },
    { exceedanceRate: 0.6 },
    { learningRate: 0 },
    { learningRate: 2 },
  ]) {
    expect(() => new AdaptiveQuantile(options)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" }),
    );
  }
  const good = threshold.snapshot();
  for (const damage of [
    { version: 2 },
    { count: -1 },
    { spread: -1 },
    { baseline: null },
    { exceedance_rate: 3 },
  ]) {
    expect(() => AdaptiveQuantile.restore({ ...good, ...damage } as never)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" }),
    );
  }
});
