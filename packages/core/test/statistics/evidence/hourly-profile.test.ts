import { describe, expect, test } from "vitest";
import { HourlyProfile } from "../../../src/statistics/anomaly/evidence/hourly-profile.ts";
import { RandomSource } from "../random-source.ts";

/** A profile after so many hours, a sample each, of which the first is a midnight. */
function after(hours: number, valueAt: (hour: number) => number): HourlyProfile {
  const profile = new HourlyProfile();
  for (let hour = 0; hour <= hours; hour++) profile.update(hour, valueAt(hour));
  return profile;
}

const day = (hour: number): number => 100 + 20 * Math.sin((2 * Math.PI * hour) / 24);

describe("an hourly profile", () => {
  test("knows an hour from its second day on", () => {
    const profile = after(30, day);
    expect(profile.at(29 + 24)).toBeCloseTo(day(29), 4);
    expect(after(20, day).at(23)).toBeUndefined();
  });

  test("an outage moves its hours by less than a hundredth of what it was off", () => {
    const random = new RandomSource(1);
    const noisy = (hour: number) => day(hour) + random.normal();
    const usual = after(24 * 14, noisy);
    const before = usual.at(24 * 14 + 5)!;
    for (let hour = 24 * 14 + 1; hour < 24 * 14 + 8; hour++) usual.update(hour, 0);
    expect(Math.abs(usual.at(24 * 15 + 5)! - before)).toBeLessThan(1);
  });

  test("knows a weekend after it has seen two", () => {
    const value = (hour: number) => (Math.floor(hour / 24) % 7 >= 5 ? 40 : 100);
    const profile = after(24 * 42, value);
    expect(profile.at(24 * 47 + 12)).toBeCloseTo(40, -1);
    expect(profile.at(24 * 45 + 12)).toBeCloseTo(100, -1);
  });

  test("one weekend that is a weekday leaves the weekends as they were", () => {
    const random = new RandomSource(3);
    const value = (hour: number) => {
      const isWeekend = Math.floor(hour / 24) % 7 >= 5 && Math.floor(hour / 168) !== 4;
      return (isWeekend ? 40 : 100) + random.normal();
    };
    const profile = after(24 * 40, value);
    expect(profile.at(24 * 40 + 12)).toBeCloseTo(40, -1);
  });

  test("a large offset costs no digits", () => {
    const small = after(24 * 10, (hour) => day(hour) - 100);
    const large = after(24 * 10, (hour) => 1e10 + day(hour) - 100);
    for (let hour = 240; hour < 264; hour++)
      expect(large.at(hour)! - 1e10).toBeCloseTo(small.at(hour)!, 3);
  });

  test("moves with its series' level", () => {
    const profile = after(24 * 10, day);
    const before = profile.at(245)!;
    profile.shift(50);
    expect(profile.at(245)).toBeCloseTo(before + 50, 9);
  });

  test("goes on bit for bit from a snapshot", () => {
    const random = new RandomSource(2);
    const one = after(24 * 9, () => random.normal());
    const two = HourlyProfile.restore(structuredClone(one.snapshot()), true);
    for (let hour = 24 * 9 + 1; hour < 24 * 20; hour++) {
      const value = random.normal();
      one.update(hour, value);
      two.update(hour, value);
      expect(two.at(hour)).toBe(one.at(hour));
    }
    expect(two.snapshot()).toEqual(one.snapshot());
  });
});
