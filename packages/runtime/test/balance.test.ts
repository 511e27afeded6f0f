import { describe, expect, test } from "vitest";
import { type Outlook, stepFor } from "../src/membership/balance.ts";

const yesNo = [true, false];
const all: Outlook[] = (["none", "follower", "owner"] as const).flatMap((role) =>
  yesNo.flatMap((mine) =>
    yesNo.flatMap((heldByOther) =>
      yesNo.map((assigneeReady) => ({ role, mine, heldByOther, assigneeReady })),
    ),
  ),
);

describe("what to do about a partition", () => {
  test.each([
    ["nobody runs mine: claim", { role: "none", mine: true, heldByOther: false }, "claim"],
    ["somebody runs mine: follow", { role: "none", mine: true, heldByOther: true }, "follow"],
    [
      "followed, and free now: promote",
      { role: "follower", mine: true, heldByOther: false },
      "promote",
    ],
    [
      "followed, no longer mine: drop",
      { role: "follower", mine: false, heldByOther: true },
      "drop",
    ],
  ] as const)("%s", (_, outlook, step) => {
    for (const assigneeReady of yesNo) expect(stepFor({ ...outlook, assigneeReady })).toBe(step);
  });

  test("an owner releases only what another can take over at once", () => {
    for (const outlook of all.filter(({ role }) => role === "owner"))
      expect(stepFor(outlook)).toBe(!outlook.mine && outlook.assigneeReady ? "release" : "keep");
  });

  test("nobody claims what is not assigned to it, or what another runs", () => {
    for (const outlook of all)
      if (["claim", "promote"].includes(stepFor(outlook))) {
        expect(outlook.mine).toBe(true);
        expect(outlook.heldByOther).toBe(false);
      }
  });
});
