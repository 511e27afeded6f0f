import fc from "fast-check";
import { compress } from "snappyjs";
import { expect, test } from "vitest";
import { SnappyError, unpackSnappy } from "../src/prometheus/snappy.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 20_000 }))
    .map(([part, times]) =>
      Uint8Array.from({ length: times }, (_, i) => part[i % part.length] as number),
    ),
);

test("unpacks what another implementation packed", () => {
  fc.assert(
    fc.property(bytes, (raw) => {
      expect(unpackSnappy(compress(raw), raw.length)).toEqual(raw);
    }),
  );
});

test("reads every form of an element", () => {
  // From format_description.txt: a literal, a copy with one byte of offset that overlaps, one with two, one with four.
  const block = Uint8Array.of(
    ...[22, (2 - 1) << 2, 0x61, 0x62],
    ...[1 | ((10 - 4) << 2), 2],
    ...[2 | ((4 - 1) << 2), 12, 0],
    ...[3 | ((4 - 1) << 2), 2, 0, 0, 0],
    ...[60 << 2, 1, 0x63, 0x64],
  );
  expect(Buffer.from(unpackSnappy(block, 100)).toString()).toBe(`${"ab".repeat(10)}cd`);
});

test.each([
  ["nothing", []],
  ["an endless length", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["a literal that ends early", [5, 4 << 2, 1, 2]],
  ["less than it says", [5, 0 << 2, 1]],
  ["more than it says", [1, 1 << 2, 1, 2]],
  ["a copy from before its start", [8, 0, 1, 1, 9]],
  ["a copy from nowhere", [8, 0, 1, 1, 0]],
  ["a copy beyond its end", [3, 0, 1, 1, 1]],
  ["a copy without an offset", [8, 0, 1, 1]],
])("%s is refused", (_what, block) => {
  expect(() => unpackSnappy(Uint8Array.from(block), 100)).toThrow(SnappyError);
});

test("takes no memory for more than is allowed", () => {
  expect(() => unpackSnappy(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 1_000)).toThrow(/at most/);
});

test("any bytes are unpacked or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (block) => {
      try {
        unpackSnappy(block, 1_000);
      } catch (error) {
        expect(error).toBeInstanceOf(SnappyError);
      }
    }),
    { numRuns: 2_000 },
  );
});
