import fc from "fast-check";
import { expect, test } from "vitest";
import { showNumbers } from "../../src/contract/index.ts";

test.each([
  [
    [1, 2.5],
    ["1", "2.5"],
  ],
  [
    [0.1 + 0.2, 1 / 3],
    ["0.3", "0.333333"],
  ],
  [
    [16_777_216_000, 16_777_220_096],
    ["16777216000", "16777220100"],
  ],
  [
    [7, 7],
    ["7", "7"],
  ],
  [
    [null, 123_456_789, undefined],
    ["-", "123457000", "-"],
  ],
  [[], []],
])("%j reads %j", (values, texts) => {
  expect(showNumbers(values)).toEqual(texts);
});

test("of numbers that differ no two read the same", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(finite, finite, (a, b) => {
      const [first, second] = showNumbers([a, b]);
      expect(first === second).toBe(a === b);
    }),
    { seed: 4 },
  );
});
