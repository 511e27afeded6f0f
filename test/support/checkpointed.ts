import { encodeMsgpack } from "@mapek/core/contract";
import { type PartitionLogic, SavedAt } from "@mapek/runtime";
import fc from "fast-check";
import { expect } from "vitest";
import { saveState } from "./state-bytes.ts";

/** How a snapshot is taken: after how many inputs it begins, and how many parts are taken before each further one. */
export interface SnapshotPlan {
  readonly begin: number;
  readonly partsBefore: readonly number[];
}

export const snapshotPlans: fc.Arbitrary<SnapshotPlan> = fc.record({
  begin: fc.nat({ max: 25 }),
  partsBefore: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { maxLength: 40, size: "max" }),
});

/**
 * Folds inputs while a snapshot is taken among them, restores it, folds again what came after its
 * beginning, and expects the outputs and the bytes of a run without any of this.
 *
 * @returns How many inputs were folded between the first and the last part.
 */
export function expectSameAfterRestore<State, Input>(
  logic: PartitionLogic<State, Input>,
  inputs: readonly Input[],
  { begin, partsBefore }: SnapshotPlan,
): number {
  const undisturbed = logic.create(0);
  const outputs = inputs.map((input) => encodeMsgpack(logic.receive(undisturbed, input)));

  const running = logic.create(0);
  const from = Math.min(begin, inputs.length);
  for (const input of inputs.slice(0, from)) logic.receive(running, input);
  const saved: { part: Uint8Array; seq: number }[] = [];
  const parts = logic.snapshot(running)[Symbol.iterator]();
  const take = (count: number, seq: number): boolean => {
    for (let i = 0; i < count; i++) {
      const { done, value } = parts.next();
      if (done) return true;
      saved.push({ part: value, seq });
    }
    return false;
  };
  let done = take(1, from);
  let seq = from;
  for (let turn = 0; !done && seq < inputs.length; turn++) {
    done = take(partsBefore[turn] ?? 1, seq);
    if (done) break;
    const next = inputs[seq] as Input;
    // A snapshot in which the settings change is given up: here it ends before.
    if ((next as { kind?: unknown }).kind === "settings") break;
    const removed = logic.removed(running);
    logic.receive(running, next);
    // So is one during which an actor was removed.
    if (logic.removed(running) !== removed) return 0;
    seq++;
  }
  while (!done) done = take(1, seq);

  const restored = logic.create(0);
  const savedAt = new SavedAt();
  const [shared, ...actors] = saved;
  // In another order than they were made: nothing may depend on it.
  for (const { part, seq: at } of [shared as (typeof saved)[0], ...actors.reverse()]) {
    const key = logic.restorePart(restored, part);
    if (key !== undefined) savedAt.add(key, at);
  }
  for (let i = from; i < inputs.length; i++) {
    const again = logic.receive(restored, inputs[i] as Input, savedAt.hasFolded(i + 1));
    if (i >= savedAt.through) expect(encodeMsgpack(again)).toEqual(outputs[i]);
  }
  expect(saveState(logic, restored)).toEqual(saveState(logic, undisturbed));
  expect(logic.dueAt(restored)).toEqual(logic.dueAt(undisturbed));
  return Math.max(0, savedAt.through - from);
}
