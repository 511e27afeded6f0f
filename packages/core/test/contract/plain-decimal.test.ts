import { plainDecimal } from "@mapek/core/contract";
import fc from "fast-check";
import { expect, test } from "vitest";

const read = (text: string): number => plainDecimal(Buffer.from(text, "latin1"));

test.each([
  "0",
  "-0",
  "+7",
  "65.2",
  "-0.1",
  "5.",
  ".5",
  "0.3",
  "123456789012345",
  "1234567.89012345",
])("reads %s as Number does", (text) => {
  expect(read(text)).toBe(Number(text));
});

test.each([
  "",
  "-",
  "+",
  ".",
  "-.",
  "1.2.3",
  "1e3",
  " 1",
  "1 ",
  "0x1",
  "NaN",
  "--1",
  "1-",
  "1234567890123456",
])("leaves %j to others", (text) => {
  expect(read(text)).toBeNaN();
});

test("agrees with Number on every decimal of up to 15 digits", () => {
  const decimal = fc
    .tuple(fc.constantFrom("", "-", "+"), fc.nat({ max: 999_999_999_999_999 }), fc.nat({ max: 15 }))
    .map(([sign, digits, places]) => {
      const text = String(digits);
      const at = Math.max(0, text.length - places);
      return `${sign}${text.slice(0, at)}.${text.slice(at)}`;
    });
  fc.assert(fc.property(decimal, (text) => Object.is(read(text), Number(text))));
});
