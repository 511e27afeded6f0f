import type { Threshold } from "@mapek/client";
import { expect, it } from "vitest";
import { thresholdTable } from "../src/commands/thresholds.ts";
import { describeMessage } from "../src/output/describe-message.ts";
import { whatIf } from "../src/replay/what-if.ts";

const sent = Date.UTC(2026, 0, 5);
const hour = 3_600_000;
const aThreshold = (changes: Partial<Threshold> = {}): Threshold => ({
  version: 1,
  system: "a",
  metric: "m",
  labels: {},
  threshold: 60,
  previous: null,
  strategy: "adaptive",
  confidence: 0.9,
  reasoning: "because.",
  source: "recommendation",
  pinned: false,
  action_id: null,
  timestamp: sent,
  ...changes,
});
const schedule = [60, 70, 90, 50].map((value, h) => [sent + h * hour, value] as const);

it("the table has the values of now, and what is to be expected", () => {
  const lines = thresholdTable(
    [aThreshold({ schedule }), aThreshold({ metric: "n", pinned: true, threshold: 7 })],
    sent + 1.5 * hour,
  ).split("\n");
  expect(lines[0]).toMatch(/^SYSTEM +SERIES +SIDE +NOW +NEXT DAY/);
  expect(lines[1]).toMatch(/^a +m +upper +80 +50 to 90 +0\.9 +adaptive/);
  expect(lines[2]).toMatch(/^a +n +upper +7 \(pinned\) +constant/);
});

it("a schedule that has run out is a constant", () => {
  expect(thresholdTable([aThreshold({ schedule })], sent + 9 * hour)).toMatch(/ 50 +constant/);
});

it("a line about one says what is to be expected", () => {
  expect(describeMessage("thresholds", aThreshold({ schedule }))).toMatch(
    /threshold - -> 60 .*because\. Next day: 50 to 90\.$/,
  );
  expect(describeMessage("thresholds", aThreshold())).toMatch(/because\.$/);
});

it("two replays are compared by what holds at the end, not by when a curve was drawn", () => {
  const effect = (message: Threshold) => ({
    subject: "mapek.log.thresholds.a.m",
    data: new TextEncoder().encode(JSON.stringify(message)),
  });
  const before = [effect(aThreshold({ schedule }))] as never;
  const redrawn = aThreshold({ schedule, threshold: 70, timestamp: sent + hour });
  expect(whatIf(before, [effect(redrawn)] as never).thresholds).toEqual([]);
  const other = aThreshold({ threshold: 75, timestamp: sent + hour });
  expect(whatIf(before, [effect(other)] as never).thresholds).toEqual([
    { name: "a/m", before: 70, after: 75 },
  ]);
});
