import { expect, test } from "vitest";
import { IncidentRanges } from "../../src/learning/judge/incident-ranges.ts";

function ranges(count: number): IncidentRanges {
  const made = new IncidentRanges();
  for (let i = 0; i < count; i++) {
    made.opened(100 * i);
    made.closed(100 * i + 4.5);
  }
  return made;
}

test("the last 16 incidents are remembered, the last one open or closed", () => {
  const made = ranges(20);
  expect(made.snapshot()).toEqual(
    Array.from({ length: 16 }, (_, i) => [100 * (i + 4), 100 * (i + 4) + 4.5]),
  );
  made.opened(5_000);
  expect(made.snapshot().slice(-2)).toEqual([
    [1_900, 1_904.5],
    [5_000, Number.POSITIVE_INFINITY],
  ]);
  expect(made.snapshot()).toHaveLength(16);
  expect(IncidentRanges.restore(made.snapshot()).snapshot()).toEqual(made.snapshot());
});

test("closing without an open incident changes nothing that was not there", () => {
  const made = new IncidentRanges();
  made.closed(3);
  expect(made.snapshot()).toEqual([]);
});

test("samples of incidents move out of the front of both columns", () => {
  const times = Float64Array.from({ length: 50 }, (_, i) => 80 + i);
  const values = times.map((time) => -time);
  const count = ranges(3).leaveOut(times, values);
  expect(count).toBe(45);
  expect([...times.subarray(18, 22)]).toEqual([98, 99, 105, 106]);
  expect([...values.subarray(18, 22)]).toEqual([-98, -99, -105, -106]);
});
