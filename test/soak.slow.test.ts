// About a minute of the soak: every kind of fault once. By hand, for hours: pnpm soak.
import { expect, it } from "vitest";
import { LEAST_ACKNOWLEDGED } from "./soak/run-schedule.ts";
import { FAULT_KINDS } from "./soak/schedule.ts";
import { soak } from "./soak/soak.ts";
import { summaryOf } from "./soak/summary.ts";

/** Kinds follow from the seed: from a multiple of their number on, each comes once. */
const SEED = 0;

it("no fault of any kind loses an input, doubles an effect or changes a state", {
  timeout: 3_600_000,
}, async () => {
  const schedules = FAULT_KINDS.length;
  const result = await soak({ seed: SEED, schedules, print: (line) => console.log(line) });
  console.table(summaryOf(result));
  expect(result.failures).toEqual([]);
  expect(result.outcomes.length + result.skipped.length).toBe(schedules);
  // Only a disk of its own may be out of reach: mounting is for root.
  expect(result.skipped.every(({ schedule }) => schedule.kind === "disk full")).toBe(true);
  for (const { acknowledged } of result.outcomes)
    expect(acknowledged).toBeGreaterThan(LEAST_ACKNOWLEDGED);
});
