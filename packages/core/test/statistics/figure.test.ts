import { expect, test } from "vitest";
import { clamp, figure } from "../../src/statistics/index.ts";

test("a figure has six digits or as many as asked for, and no zeros at its end", () => {
  expect([0.1 + 0.2, 1_234_567.8, 5, -0.000_012_345_678].map((x) => figure(x))).toEqual([
    "0.3",
    "1234570",
    "5",
    "-0.0000123457",
  ]);
  expect(figure(16.666, 2)).toBe("17");
});

test("a clamped number lies within its limits; the lower one wins where they cross", () => {
  expect([-1, 0.5, 2].map((x) => clamp(x, 0, 1))).toEqual([0, 0.5, 1]);
  expect(clamp(3, 5, 1)).toBe(5);
  expect(clamp(Number.NaN, 0, 1)).toBeNaN();
});
