import { encodeMsgpack } from "@mapek/core/contract";
import { describe, expect, it } from "vitest";
import { optimizerActor } from "../src/actor.ts";
import { OPTIMIZER_ERRORS, OptimizerError } from "../src/errors.ts";
import { STATE_SCHEMA } from "../src/state.ts";

const codeOf = (bytes: Uint8Array): string => {
  try {
    optimizerActor.load(bytes);
    return "loaded";
  } catch (error) {
    return (error as OptimizerError).code;
  }
};

describe("loading a state", () => {
  it("refuses with each code what it does not know", () => {
    const seen = [
      codeOf(new Uint8Array([0xc1, 0xff])),
      codeOf(encodeMsgpack({ system: "checkout" })),
      codeOf(encodeMsgpack({ schema: STATE_SCHEMA + 1 })),
    ];
    expect(seen).toEqual([
      "MAPEK_OPTIMIZER_STATE_MALFORMED",
      "MAPEK_OPTIMIZER_STATE_MALFORMED",
      "MAPEK_OPTIMIZER_STATE_UNKNOWN_VERSION",
    ]);
    expect(new Set(seen)).toEqual(new Set(Object.keys(OPTIMIZER_ERRORS)));
    expect(new OptimizerError("MAPEK_OPTIMIZER_STATE_MALFORMED", "x").consequence).toBe("skip");
  });
});
