import { expect, it } from "vitest";
import { isRedraw } from "../src/index.ts";
import { aThreshold } from "./messages.ts";

it("a message that only draws the same threshold anew is told from one that somebody decided", () => {
  const before = aThreshold({ action_id: "a-1" });
  const later = { ...before, threshold: 260, previous: 258, timestamp: before.timestamp + 1 };
  expect(isRedraw(later, before)).toBe(true);
  expect(isRedraw(later, undefined)).toBe(false);
  for (const changed of [
    { action_id: "a-2" },
    { source: "rollback" as const },
    { reasoning: "P95 of 501 samples" },
    { pinned: true },
  ])
    expect(isRedraw({ ...later, ...changed }, before)).toBe(false);
  const pinned = { ...before, pinned: true };
  expect(isRedraw({ ...later, pinned: true }, pinned)).toBe(false);
});
