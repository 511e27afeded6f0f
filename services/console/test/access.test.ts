import { describe, expect, it } from "vitest";
import { Access, KnownNames } from "../src/access.ts";
import { CONSOLE_ERRORS, ConsoleError } from "../src/errors.ts";

const codeOf = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as ConsoleError).code;
  }
};

describe("access", () => {
  it("is for whoever has the token, whole and as it is", () => {
    const access = new Access("0123456789abcdef");
    expect(access.readOnly).toBe(false);
    expect(codeOf(() => access.require("0123456789abcdef"))).toBeUndefined();
    for (const wrong of ["0123456789abcde", "0123456789abcdefg", "0123456789ABCDEF", "", undefined])
      expect(
        codeOf(() => access.require(wrong)),
        String(wrong),
      ).toBe("MAPEK_CONSOLE_BAD_TOKEN");
    expect(codeOf(() => access.require(["0123456789abcdef"]))).toBe("MAPEK_CONSOLE_BAD_TOKEN");
  });

  it("without a token is for nobody", () => {
    const access = new Access(undefined);
    expect(access.readOnly).toBe(true);
    for (const any of ["", undefined, "undefined"]) {
      expect(access.holds(any)).toBe(false);
      expect(codeOf(() => access.require(any))).toBe("MAPEK_CONSOLE_READ_ONLY");
    }
  });
});

describe("names", () => {
  const isKnown = (host: string, names: string[], called: string | undefined) =>
    codeOf(() => new KnownNames(host, names).require(called)) === undefined;

  it("are this machine's own, the address and those that are named", () => {
    for (const called of [
      "localhost:7410",
      "127.0.0.1",
      "[::1]:7410",
      "10.0.0.7:80",
      "Tuning.example",
    ])
      expect(isKnown("10.0.0.7", ["tuning.example"], called), called).toBe(true);
    for (const called of ["evil.example", "localhost.evil.example", "", undefined, "10.0.0.8"])
      expect(isKnown("10.0.0.7", ["tuning.example"], called), called).toBe(false);
  });

  it("may be any where the console listens on every address and none is named", () => {
    expect(isKnown("0.0.0.0", [], "any.example")).toBe(true);
    expect(isKnown("0.0.0.0", ["one.example"], "any.example")).toBe(false);
  });
});

it("every code has a status, a meaning and a consequence, and stands first in its error", () => {
  for (const [code, { status }] of Object.entries(CONSOLE_ERRORS)) {
    const error = new ConsoleError(code as keyof typeof CONSOLE_ERRORS, "why");
    expect(error.message).toBe(`${code}: why`);
    expect(error.status).toBe(status);
  }
});
