// The rules by which bench/quality/alarms judges: on a made series they can be followed by hand.
import { expect, test } from "vitest";
import { judge } from "../bench/quality/alarms/judging/judge.ts";
import {
  gapRows,
  type JudgedSeries,
  mergedEvents,
  operatorsRules,
} from "../bench/quality/alarms/judging/judged-series.ts";
import { bestThreshold, verdictsAt } from "../bench/quality/alarms/judging/oracle.ts";
import { areaUnderPr, volumeUnderPr } from "../bench/quality/alarms/judging/precision-recall.ts";
import { chanceWithin, tally, withinShare } from "../bench/quality/alarms/judging/tally.ts";

const DAY_MS = 86_400_000;
const ROWS = 400;
const series: JudgedSeries = {
  name: "four hundred days",
  times: Array.from({ length: ROWS }, (_, i) => i * DAY_MS),
  values: Array.from({ length: ROWS }, () => 0),
  from: 100,
  events: [
    [150, 160],
    [300, 300],
  ],
  rules: operatorsRules(ROWS),
};
const at = (opened: number, closed = opened) => ({ opened, closed });
const told = (...incidents: ReturnType<typeof at>[]) => judge(series, incidents).told;
const falseOnes = (...incidents: ReturnType<typeof at>[]) => judge(series, incidents).falseOnes;

test("runs of labelled rows that are less than ten apart are one event", () => {
  expect(
    mergedEvents([
      [5, 6],
      [15, 15],
      [25, 30],
    ]),
  ).toEqual([
    [5, 15],
    [25, 30],
  ]);
});

test("the gap is 3 % of the rows, 48 to 300", () => {
  expect([100, 2_000, 5_001, 100_000].map(gapRows)).toEqual([48, 60, 150, 300]);
});

test("an incident tells the events that it overlaps, and one that ended up to seven rows before it opens", () => {
  expect(told(at(150))).toBe(1);
  expect(told(at(167))).toBe(1);
  expect(told(at(168))).toBe(0);
  expect(told(at(145, 149))).toBe(0);
  expect(told(at(120, 150))).toBe(1);
  expect(told(at(120, 310))).toBe(2);
  expect(told(at(99, 310))).toBe(0);
  expect(judge(series, [at(157), at(152), at(300, 305)]).delays).toEqual([2, 0]);
  expect(judge(series, [at(120, 150)]).delays).toEqual([0]);
});

test("an incident is false unless an event lies from seven rows after it to the gap before it", () => {
  expect(falseOnes(at(143))).toBe(0);
  expect(falseOnes(at(142))).toBe(1);
  expect(falseOnes(at(130, 143))).toBe(0);
  expect(falseOnes(at(160 + 48))).toBe(0);
  expect(falseOnes(at(160 + 49))).toBe(1);
  expect(falseOnes(at(50))).toBe(0);
});

test("by NAB's rules an incident tells the window in which it opens and is false outside", () => {
  const rules = { lateRows: 0, beforeRows: 0, afterRows: 0, openTells: false };
  const verdict = judge({ ...series, rules }, [at(149, 155), at(155, 156), at(161), at(300)]);
  expect(verdict).toMatchObject({ told: 2, incidents: 4, falseOnes: 2, delays: [5, 0] });
});

test("rates are in 14 days; a series is within its promise up to three times it", () => {
  const verdict = judge(series, [at(110), at(120), at(155)]);
  const all = tally([verdict, verdict]);
  expect(all).toMatchObject({ series: 2, events: 4, told: 2, incidents: 6, falseOnes: 4 });
  expect(all.falseRate).toBeCloseTo((2 / 299) * 14, 10);
  expect(all.precision).toBeCloseTo(1 / 3, 10);
  expect(withinShare([verdict], 0.04)).toBe(1);
  expect(withinShare([verdict], 0.03)).toBe(0);
  // Mean 1, at most 3; mean 0.1, at most 0.
  expect(chanceWithin(1, 14)).toBeCloseTo(Math.exp(-1) * (1 + 1 + 1 / 2 + 1 / 6), 12);
  expect(chanceWithin(0.1, 14)).toBeCloseTo(Math.exp(-0.1), 12);
});

const oracleVerdicts = (scored: Parameters<typeof verdictsAt>[0], budget: number) =>
  verdictsAt(scored, bestThreshold(scored, budget));

test("the oracle takes the threshold that tells most within the budget; alarms within a gap are one", () => {
  const scores = new Float64Array(ROWS).fill(0.01);
  for (const [row, score] of [
    [150, 9],
    [151, 9],
    [300, 5],
    [220, 4],
    [10, 20],
  ] as const)
    scores[row] = score;
  const strict = oracleVerdicts([{ series, scores }], 0.04);
  expect(tally(strict)).toMatchObject({ told: 2, incidents: 2, falseOnes: 0 });
  scores[220] = 6;
  expect(tally(oracleVerdicts([{ series, scores }], 0.04))).toMatchObject({
    told: 1,
    falseOnes: 0,
  });
  expect(tally(oracleVerdicts([{ series, scores }], 0.05))).toMatchObject({
    told: 2,
    falseOnes: 1,
  });
});

test("areas under precision and recall are what the authors' program gives", () => {
  const scores = Float64Array.from({ length: 500 }, (_, i) => ((i * 7_919) % 997) / 997);
  const events = [
    [90, 120],
    [150, 150],
    [400, 440],
  ] as const;
  for (const [first, last] of events) scores.fill(0.9, first + 5, last - 3);
  const found = [areaUnderPr(scores, events), volumeUnderPr(scores, events)];
  expect(found[0]).toBeCloseTo(0.4561763184528617, 12);
  expect(found[1]).toBeCloseTo(0.5726368369967189, 12);
});
