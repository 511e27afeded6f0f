import { expect, test } from "vitest";
import { ArrivalClock } from "../src/arrival-clock.ts";

const NOW = 1_760_000_000_000;

test("a sparse series gets the clock's whole milliseconds", () => {
  const clock = new ArrivalClock(7);
  expect(clock.stamp(0, NOW)).toBe(NOW);
  expect(clock.stamp(NOW, NOW + 10)).toBe(NOW + 10);
  expect(clock.stamp(NOW + 10.5, NOW + 1_000)).toBe(NOW + 1_000);
});

test("a dense one gets times that grow strictly, apart by a microsecond at least", () => {
  for (const seed of [0, 1, 899, 900, 4_294_967_295]) {
    const clock = new ArrivalClock(seed);
    const seen = new Set<number>();
    let last = 0;
    for (let i = 0; i < 20_000; i++) {
      const time = clock.stamp(last, NOW + Math.floor(i / 5_000));
      expect(time).toBeGreaterThan(last);
      seen.add(Math.round(time * 1_000));
      last = time;
    }
    expect(seen.size).toBe(20_000);
    expect(last).toBeLessThan(NOW + 25);
  }
});

test("a clock that is set back does not turn time back", () => {
  const clock = new ArrivalClock(3);
  const first = clock.stamp(0, NOW);
  const second = clock.stamp(first, NOW - 60_000);
  expect(second).toBeGreaterThan(first);
  expect(clock.stamp(second, NOW - 60_000)).toBeGreaterThan(second);
});

test("two processes start a dense millisecond at different phases", () => {
  const phase = (seed: number) => new ArrivalClock(seed).stamp(NOW - 1, NOW);
  expect(phase(1)).not.toBe(phase(2));
  expect(phase(1) - NOW).toBeLessThan(1);
});
