import { describe, expect, it } from "vitest";
import { BoundedParallel } from "../src/loop/bounded-parallel.ts";
import { accuracyOf, DecisionRecord } from "../src/loop/decision-record.ts";
import { StampClock } from "../src/samples/stamp-clock.ts";

describe("StampClock", () => {
  it("gives strictly increasing times, also when the clock stands still or jumps back", () => {
    let now = 1_760_000_000_000;
    const clock = new StampClock(() => now);
    let last = 0;
    for (let i = 0; i < 100_000; i++) {
      if (i === 50_000) now -= 5_000;
      const time = clock.next();
      expect(time > last).toBe(true);
      last = time;
    }
    expect(last).toBeLessThan(1_760_000_000_000 + 110);
    now += 60_000;
    expect(clock.next()).toBe(now);
  });
});

describe("BoundedParallel", () => {
  it("never runs more than the limit, and at once more when it rises", async () => {
    let limit = 2;
    const parallel = new BoundedParallel(() => limit);
    const ends: (() => void)[] = [];
    const done = parallel.each([1, 2, 3, 4, 5, 6], () => new Promise((end) => ends.push(end)));
    await Promise.resolve();
    expect(parallel.running).toBe(2);
    limit = 4;
    parallel.limitChanged();
    expect(parallel.running).toBe(4);
    limit = 1;
    for (let i = 0; i < 6; i++) {
      while (ends.length === 0) await Promise.resolve();
      ends.shift()?.();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      if (i >= 3) expect(parallel.running).toBeLessThanOrEqual(1);
    }
    await done;
    expect(parallel.running).toBe(0);
  });
});

describe("DecisionRecord", () => {
  it("is the mean accuracy of the last 50 decisions", () => {
    expect(accuracyOf(1, 1)).toBe(1);
    expect(accuracyOf(5, 10)).toBe(0.5);
    expect(accuracyOf(100, 1)).toBe(0);
    expect(accuracyOf(0.5, 0)).toBe(0.5);
    const record = new DecisionRecord(0);
    expect(record.quality).toBeUndefined();
    for (let i = 0; i < 50; i++) record.judged(0);
    for (let i = 0; i < 25; i++) record.judged(1);
    expect(record.quality).toBe(0.5);
  });

  it("counts decisions per minute over what it has seen", () => {
    const record = new DecisionRecord(0);
    for (let i = 1; i <= 30; i++) record.decided(i * 1_000);
    expect(record.perMinute(30_000, 1_000)).toBe(60);
    expect(record.perMinute(60_000, 1_000)).toBe(30);
    expect(record.perMinute(300_000, 1_000)).toBe(0);
  });
});
