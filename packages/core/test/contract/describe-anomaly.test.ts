import { describe, expect, test } from "vitest";
import { describeAnomaly, describeBudget } from "../../src/contract/index.ts";
import { endingText, evidenceTexts, rarityText } from "../../src/contract/text/anomaly-words.ts";

test.each([
  [0, "one hour of 1"],
  [1, "one hour of 10"],
  [1.1, "one hour of 13"],
  [2.5, "one hour of 320"],
  [3.48, "one hour of 3,000"],
  [4.99, "one hour of 98,000"],
  [5, "less than one hour in 100,000"],
  [17.2, "less than one hour in 100,000"],
])("a surprise of %d is %s", (surprise, text) => {
  expect(rarityText(surprise)).toBe(text);
});

describe("an anomaly in words", () => {
  const peak = { direction: "above", peak_value: 500 } as const;

  test("says the peak, what was expected, how rare each family, how it ended", () => {
    expect(
      describeAnomaly({
        ...peak,
        ...{ expected: 50.123, expected_low: 45, expected_high: 55.25, ending: "recovered" },
        families: ["level", "record", "value", "running_mean"],
        surprises: { step: 0.3, season: 0.9, level: 3.48, range: 0, record: 2.2 },
      }),
    ).toBe(
      "peak 500, above what was expected: 50.123, in nine hours of ten 45 to 55.25; " +
        "a value this far from its hour's usual one (level) comes in one hour of 3,000; " +
        "a record like this (record, value, running mean) comes in one hour of 160; it recovered",
    );
  });

  test("of a release before, or without a range, says what it has", () => {
    expect(describeAnomaly({ ...peak, families: ["value", "hour_of_day"] })).toBe(
      "peak 500, above what was expected; value; hour of day",
    );
    expect(describeAnomaly({ ...peak, direction: "within", expected: 1, expected_low: null })).toBe(
      "peak 500, within what was expected: 1",
    );
  });

  test("whose peak came late says what was expected by then", () => {
    const late = { ...peak, expected: 451.8, expected_low: 45, expected_high: 56 };
    expect(describeAnomaly(late)).toBe(
      "peak 500, above what was expected: in nine hours of ten 45 to 56, by its peak 451.8",
    );
  });

  test("each family has a sentence", () => {
    const families = ["step", "season", "level", "range", "record", "hour"] as const;
    const texts = evidenceTexts({
      families: [...families],
      surprises: Object.fromEntries(families.map((family, i) => [family, 5 - 0.8 * i])),
    });
    expect(texts).toHaveLength(families.length);
    expect(new Set(texts).size).toBe(families.length);
    for (const text of texts) expect(text).toMatch(/^a .* \(\w+\) comes in .*one hour (in|of) /);
  });

  test("what is equally rare is said together", () => {
    const surprises = { step: 7, season: 6, level: 2 };
    expect(evidenceTexts({ families: ["step", "season", "level"], surprises })).toEqual([
      "a step this large from the values just before (step) and a departure this large from the course of its day (season) each come in less than one hour in 100,000",
      "a value this far from its hour's usual one (level) comes in one hour of 100",
    ]);
  });

  test.each([
    ["recovered", "it recovered"],
    ["opposite", "another on the other side followed"],
    ["level_shift", "its values are the new level"],
    ["silent", "the series went silent"],
    [null, undefined],
  ] as const)("ending %s", (ending, text) => {
    expect(endingText({ ending })).toBe(text);
  });
});

test("a budget in words, with advice only where it is broken", () => {
  expect(describeBudget({ alarm_budget_spent: 0, alarm_budget_broken: false })).toBe(
    "it has spent 0 of its alarm budget of 14 days",
  );
  expect(describeBudget({ alarm_budget_spent: 4.0012, alarm_budget_broken: true })).toBe(
    "it has spent 4 times its alarm budget of 14 days, which is not kept: label the false ones, raise its min_deviation or lower its sensitivity",
  );
});
