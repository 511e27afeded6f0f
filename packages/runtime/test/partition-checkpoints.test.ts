import { expect, test } from "vitest";
import { PartitionCheckpoints } from "../src/checkpoint/partition-checkpoints.ts";

const checkpoint = (name: string, seq: number, through = seq) => ({ name, seq, through });

test("a position names a checkpoint once it has reached everything in it", () => {
  const checkpoints = new PartitionCheckpoints();
  checkpoints.propose(checkpoint("a", 10, 15));
  expect(checkpoints.namesFor(14)).toEqual([]);
  expect(checkpoints.isWaiting(14)).toBe(false);
  expect(checkpoints.isWaiting(15)).toBe(true);
  expect(checkpoints.namesFor(15)).toEqual([{ name: "a", seq: 10 }]);
});

test("two are named, the newest first; a third one's object is to be removed once that is stored", () => {
  const named = [
    { name: "b", seq: 20 },
    { name: "a", seq: 10 },
  ];
  const checkpoints = new PartitionCheckpoints(named);
  checkpoints.propose(checkpoint("c", 30));
  expect(checkpoints.namesFor(29)).toEqual(named);
  checkpoints.stored(checkpoints.namesFor(29));
  expect(checkpoints.takeUnnamed()).toEqual([]);
  checkpoints.stored(checkpoints.namesFor(30));
  expect(checkpoints.named).toEqual([
    { name: "c", seq: 30 },
    { name: "b", seq: 20 },
  ]);
  expect(checkpoints.isWaiting(100)).toBe(false);
  expect(checkpoints.takeUnnamed()).toEqual(["a"]);
  expect(checkpoints.takeUnnamed()).toEqual([]);
});

test("one that was never named gives way to the next", () => {
  const checkpoints = new PartitionCheckpoints();
  checkpoints.propose(checkpoint("a", 10, 100));
  checkpoints.propose(checkpoint("b", 20, 110));
  expect(checkpoints.takeUnnamed()).toEqual(["a"]);
  expect(checkpoints.namesFor(110)).toEqual([{ name: "b", seq: 20 }]);
});
