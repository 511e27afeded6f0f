import { encodeMsgpack } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bundleInputs,
  bundlePublications,
  inputsOf,
  MAX_BUNDLE_BYTES,
  MAX_BUNDLE_INPUTS,
} from "../src/doors/input-bundle.ts";

const input = (n: number, size = 0) =>
  encodeMsgpack({
    version: 1,
    kind: "tick",
    time: n,
    ...(size > 0 && { filler: "x".repeat(size) }),
  });

describe("a bundle", () => {
  test("holds its inputs in order; one input stays as it is", () => {
    expect(bundleInputs([input(7)])).toEqual(input(7));
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), (numbers) => {
        const inputs = numbers.map((n) => input(n));
        expect(inputsOf(bundleInputs(inputs)).map((one) => [...one])).toEqual(
          inputs.map((one) => [...one]),
        );
      }),
    );
  });

  test("of something else than inputs is refused", () => {
    expect(() => inputsOf(encodeMsgpack([1, 2]))).toThrow(TypeError);
    expect(() => inputsOf(Uint8Array.of(0xdc, 0xff))).toThrow();
  });
});

describe("bundled publications", () => {
  const log = (n: number) => ({ subject: "log", data: input(n) });
  const to = (partition: number, n: number, size = 0) => ({
    subject: `in.${partition}`,
    data: input(n, size),
    isInput: true,
  });
  const numbersIn = (
    publications: readonly { subject: string; data: Uint8Array }[],
    subject: string,
  ) =>
    publications
      .filter((one) => one.subject === subject)
      .flatMap(({ data }) => inputsOf(data))
      .map((one) => [...one]);

  test("are one message a partition; other messages keep their number and order", () => {
    const bundled = bundlePublications([to(1, 1), log(2), to(2, 3), to(1, 4), log(5), to(1, 6)]);
    expect(bundled.map(({ subject }) => subject)).toEqual(["in.1", "log", "in.2", "log"]);
    expect(numbersIn(bundled, "in.1")).toEqual([1, 4, 6].map((n) => [...input(n)]));
  });

  test("begin a new message at the bounds, and lose nothing", () => {
    const many = Array.from({ length: MAX_BUNDLE_INPUTS + 1 }, (_, n) => to(1, n));
    expect(bundlePublications(many)).toHaveLength(2);
    const large = Array.from({ length: 5 }, (_, n) => to(1, n, MAX_BUNDLE_BYTES / 2));
    const bundled = bundlePublications(large);
    expect(bundled).toHaveLength(3);
    expect(numbersIn(bundled, "in.1")).toHaveLength(5);
  });
});
