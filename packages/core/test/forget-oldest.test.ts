import { expect, test } from "vitest";
import { appendBounded, forgetOldest } from "../src/forget-oldest.ts";

test("a list holds the newest and tells what it forgot", () => {
  const list: number[] = [];
  expect([1, 2, 3].map((item) => appendBounded(list, item, 2))).toEqual([undefined, undefined, 1]);
  expect(list).toEqual([2, 3]);
});

test("of a set or map what came first goes, and nothing where there is room", () => {
  const set = new Set(["a", "b", "c"]);
  forgetOldest(set, 3);
  expect([...set]).toEqual(["a", "b", "c"]);
  forgetOldest(set, 2);
  expect([...set]).toEqual(["b", "c"]);
  const map = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  forgetOldest(map, 1);
  expect([...map]).toEqual([["b", 2]]);
});
