import { describe, expect, it } from "vitest";
import { compareVersions, parseVersion } from "../src/find/version.ts";

describe("parseVersion", () => {
  it.each([
    ["nats-server: v2.15.1\n", "2.15.1"],
    ["nats-server: v2.12.1-RC.3", "2.12.1-RC.3"],
    ["nats-server version 2.1", undefined],
    ["something else 1.2.3", undefined],
  ])("reads %j as %j", (output, version) => {
    expect(parseVersion(output)).toBe(version);
  });
});

describe("compareVersions", () => {
  it("orders numbers as numbers and a pre-release before its release", () => {
    const sorted = ["2.12.0", "2.12.1-RC.1", "2.12.1-RC.2", "2.12.1", "2.12.10", "3.0.0-dev"];
    expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
    expect(compareVersions("2.12.1", "2.12.1")).toBe(0);
  });
});
