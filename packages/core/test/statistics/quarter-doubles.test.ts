import fc from "fast-check";
import { expect, test } from "vitest";
import {
  quarterDoubles,
  readQuarter,
  writeQuarter,
} from "../../src/statistics/memory/quarter-doubles.ts";

test("a size comes back to 2.4 %, whatever lies beside it, and the list stays finite", () => {
  const size = fc.oneof(
    fc.double({ min: 1e-300, max: Number.MAX_VALUE, noNaN: true }),
    fc.constantFrom(0, 1, Number.MAX_VALUE),
  );
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 9 }), (sizes) => {
      const list = quarterDoubles(sizes.length);
      sizes.forEach((one, at) => {
        writeQuarter(list, at, one);
      });
      expect(list.every(Number.isFinite)).toBe(true);
      sizes.forEach((one, at) => {
        const back = readQuarter(list, at);
        if (one === 0) expect(back).toBe(0);
        else expect(Math.abs(Math.log2(back) - Math.log2(one))).toBeLessThan(1 / 29);
      });
    }),
    { seed: 1 },
  );
});
