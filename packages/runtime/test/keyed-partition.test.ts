import { encodeMsgpack, type Request } from "@mapek/core/contract";
import { describe, expect, test } from "vitest";
import { loadState, saveState } from "../../../test/support/state-bytes.ts";
import { MAX_SYSTEMS_OF_PARTITION } from "../src/partition/keyed-partition.ts";
import {
  type CountingInput,
  type CountingState,
  countingInput,
  countingLogic,
} from "./support/counting.ts";

const settings = (step: number): CountingInput => ({
  version: 1,
  time: 1,
  kind: "settings",
  settings: { step },
});
const add = (system: string, value: number): CountingInput => ({
  version: 1,
  time: 2,
  kind: "add",
  system,
  value,
});
const tick = (time: number): CountingInput => ({ version: 1, time, kind: "tick" });
const wake = (system: string, at: number): CountingInput => ({
  version: 1,
  time: 3,
  kind: "wake",
  system,
  at,
});

function fold(...inputs: CountingInput[]) {
  const state = countingLogic.create(0);
  return { state, outputs: inputs.map((input) => countingLogic.receive(state, input)) };
}

const saved = (state: CountingState) =>
  Buffer.from(saveState(countingLogic, state)).toString("hex");

describe("keyedPartition", () => {
  test("has no more systems than it may have; those that it has go on", () => {
    const state = countingLogic.create(0);
    for (let i = 0; i < MAX_SYSTEMS_OF_PARTITION; i++)
      countingLogic.receive(state, add(`s${i}`, 1));
    expect(countingLogic.receive(state, add("one more", 1))).toMatchObject([
      { to: "log", family: "rejected", message: { code: "MAPEK_SYSTEM_LIMIT" } },
    ]);
    expect(state.actors.size).toBe(MAX_SYSTEMS_OF_PARTITION);
    expect(countingLogic.receive(state, add("s0", 1))).toMatchObject([{ family: "actions" }]);
  });

  test("an actor a system, made when it is first spoken of", () => {
    const { state, outputs } = fold(add("a", 1), add("b", 2), add("a", 3));
    expect([...state.actors.values()]).toMatchObject([
      { system: "a", count: 2, sum: 4 },
      { system: "b", count: 1, sum: 2 },
    ]);
    expect(
      outputs.map((some) => some.map((output) => "tokens" in output && output.tokens[0])),
    ).toEqual([["a"], ["b"], ["a"]]);
  });

  test("settings reach the actors that are there, and those that come later", () => {
    const { state } = fold(
      add("a", 1),
      settings(10),
      add("a", 1),
      add("b", 1),
      settings(100),
      add("b", 1),
    );
    expect([...state.actors.values()]).toMatchObject([
      { system: "a", step: 100, sum: 11 },
      { system: "b", step: 100, sum: 110 },
    ]);
    expect(countingLogic.settings(state)).toEqual({ step: 100 });
    expect(countingLogic.settings(countingLogic.create(0))).toBeUndefined();
  });

  test("a tick wakes those that are due, and no others", () => {
    const { state } = fold(wake("a", 100), wake("b", 200), add("c", 1));
    expect(countingLogic.dueAt(state)).toBe(100);
    const outputs = countingLogic.receive(state, tick(100));
    expect(outputs).toHaveLength(1);
    expect([...state.actors.values()].map(({ ticks }) => ticks)).toEqual([1, 0, 0]);
    expect(countingLogic.dueAt(state)).toBe(200);
    countingLogic.receive(state, tick(1_000));
    expect([...state.actors.values()].map(({ ticks }) => ticks)).toEqual([1, 1, 0]);
    expect(countingLogic.dueAt(state)).toBeUndefined();
  });

  test("what was saved goes on as if nothing had happened", () => {
    const { state } = fold(settings(3), wake("b", 50), add("a", 2));
    const bytes = saveState(countingLogic, state);
    const loaded = loadState(countingLogic, bytes);
    expect(saved(loaded)).toBe(saved(state));
    for (const input of [add("a", 5), add("new", 1), tick(60)])
      expect(countingLogic.receive(loaded, input)).toEqual(countingLogic.receive(state, input));
    expect(saved(loaded)).toBe(saved(state));
    const empty = countingLogic.create(0);
    expect(loadState(countingLogic, saveState(countingLogic, empty))).toEqual(empty);
  });

  test("the order in which systems came does not show in what is saved", () => {
    const one = fold(add("a", 1), add("b", 1)).state;
    const other = fold(add("b", 1), add("a", 1)).state;
    expect(saved(one)).toBe(saved(other));
  });

  test("questions about one system, about all in order of their names, about one that is unknown", () => {
    const { state } = fold(add("b", 1), add("a", 1));
    const ask = (system: string | undefined, request: Request = {}) =>
      countingLogic.query(state, "parameters", system, request);
    expect(ask("b")).toMatchObject([{ system: "b" }]);
    expect(ask(undefined)).toMatchObject([{ system: "a" }, { system: "b" }]);
    expect(ask("nobody")).toEqual([]);
  });

  test("figures are summed, and count the systems", () => {
    const { state } = fold(add("a", 1), add("a", 1), add("b", 1));
    expect(countingLogic.gauges(state)).toEqual({ systems: 2, count: 3 });
  });

  test("what is not an input is refused with a code, whatever it is", () => {
    const decode = (data: Uint8Array) => countingLogic.decode("subject", data);
    expect(decode(countingInput.encodeMsgpack(add("a", 1)))).toMatchObject({ ok: true });
    for (const [data, code] of [
      [new Uint8Array(), "MAPEK_MESSAGE_MALFORMED"],
      [new Uint8Array([0xc1, 0xff, 0x00]), "MAPEK_MESSAGE_MALFORMED"],
      [new TextEncoder().encode('{"kind":"tick"}'), "MAPEK_MESSAGE_MALFORMED"],
      [encodeMsgpack({ kind: "tick" }), "MAPEK_MESSAGE_INVALID"],
      [encodeMsgpack({ version: 2, kind: "tick", time: 1 }), "MAPEK_MESSAGE_UNKNOWN_VERSION"],
    ] as const)
      expect(decode(data)).toMatchObject({ ok: false, error: { code } });
  });
});
