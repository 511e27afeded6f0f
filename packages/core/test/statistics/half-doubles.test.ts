import fc from "fast-check";
import { expect, it } from "vitest";
import {
  halfDoubles,
  readHalf,
  writeHalf,
  writeHalfDown,
  writeHalfUp,
} from "../../src/statistics/memory/half-doubles.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const RELATIVE = 2 ** -21;

it("keeps every finite number to 20 bits, each in its own place, whatever lies beside it", () => {
  fc.assert(
    fc.property(fc.array(finite, { minLength: 1, maxLength: 9 }), (numbers) => {
      const list = halfDoubles(numbers.length);
      numbers.forEach((x, at) => {
        writeHalf(list, at, x);
      });
      numbers.forEach((x, at) => {
        const read = readHalf(list, at);
        const error = Math.abs(read / 2 - x / 2) * 2;
        expect(error).toBeLessThanOrEqual(RELATIVE * Math.abs(x) + 2 ** -1043);
        writeHalf(list, at, read);
        expect(Object.is(readHalf(list, at), read)).toBe(true);
      });
    }),
    { numRuns: 2_000 },
  );
});

it("rounds down and up to neighbours", () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -1.797e308, max: 1.797e308 }),
      finite,
      (x, beside) => {
        const list = halfDoubles(2);
        writeHalf(list, 1, beside);
        writeHalfDown(list, 0, x);
        const down = readHalf(list, 0);
        writeHalfUp(list, 0, x);
        const up = readHalf(list, 0);
        expect(down).toBeLessThanOrEqual(x);
        expect(up).toBeGreaterThanOrEqual(x);
        expect(up / 2 - down / 2).toBeLessThanOrEqual(RELATIVE * Math.abs(x) + 2 ** -1043);
        expect(Math.abs(readHalf(list, 1) / 2 - beside / 2)).toBeLessThanOrEqual(
          (RELATIVE * Math.abs(beside)) / 2 + 2 ** -1043,
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

it("keeps the bits through a structured clone and a list of doubles", () => {
  const list = halfDoubles(4);
  [-1e308, 5e-324, -0, Number.MAX_VALUE].forEach((x, at) => {
    writeHalf(list, at, x);
  });
  const copied = [...Float64Array.from(list)];
  expect([0, 1, 2, 3].map((at) => readHalf(copied, at))).toEqual(
    [0, 1, 2, 3].map((at) => readHalf(list, at)),
  );
  expect(readHalf(list, 3)).toBeGreaterThan(1.797e308);
});
