import { expect, test } from "vitest";
import { zoneOffset } from "../../src/statistics/index.ts";

const HOUR_MS = 3_600_000;
const at = (iso: string): number => Date.parse(iso);

test("summer time begins and ends to the second", () => {
  const berlin = zoneOffset("Europe/Berlin");
  expect(berlin(at("2026-03-29T00:59:59Z"))).toBe(HOUR_MS);
  expect(berlin(at("2026-03-29T01:00:00Z"))).toBe(2 * HOUR_MS);
  expect(berlin(at("2026-10-25T00:59:59Z"))).toBe(2 * HOUR_MS);
  expect(berlin(at("2026-10-25T01:00:00Z"))).toBe(HOUR_MS);
});

test("parts of an hour, the other half of the world, and times before 1970", () => {
  expect(zoneOffset("Asia/Kathmandu")(at("2026-01-01T00:00:00Z"))).toBe(5.75 * HOUR_MS);
  expect(zoneOffset("America/New_York")(at("2026-07-01T12:00:00Z"))).toBe(-4 * HOUR_MS);
  expect(zoneOffset("America/New_York")(at("1960-01-01T12:00:00.250Z"))).toBe(-5 * HOUR_MS);
});

test("no zone is UTC, a zone is made once, and any time is answered", () => {
  expect(zoneOffset(undefined)(at("2026-07-01T12:00:00Z"))).toBe(0);
  expect(zoneOffset("Europe/Berlin")).toBe(zoneOffset("Europe/Berlin"));
  expect(zoneOffset("Europe/Berlin")(1e300)).toBe(0);
});

test("a zone that is none is refused", () => {
  expect(() => zoneOffset("Mars/Olympus")).toThrow(
    expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" }),
  );
});
