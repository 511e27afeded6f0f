import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignPartitions } from "../src/membership/assignment.ts";

const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 12,
});
const partitions = fc.integer({ min: 1, max: 64 });

const loadsOf = (assigned: readonly (string | undefined)[], names: readonly string[]) =>
  names.map((name) => assigned.filter((owner) => owner === name).length);

describe("assignment", () => {
  test("gives every partition to one member, in shares that differ by at most one", () => {
    fc.assert(
      fc.property(partitions, members, (count, names) => {
        const assigned = assignPartitions(count, names);
        expect(assigned).toHaveLength(count);
        const loads = loadsOf(assigned, names);
        expect(loads.reduce((sum, load) => sum + load, 0)).toBe(count);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("does not depend on the order in which members are named", () => {
    fc.assert(
      fc.property(partitions, members, (count, names) => {
        expect(assignPartitions(count, [...names].reverse())).toEqual(
          assignPartitions(count, names),
        );
      }),
    );
  });

  test("gives nothing to nobody", () => {
    expect(assignPartitions(3, [])).toEqual([undefined, undefined, undefined]);
  });

  test("a member that joins moves hardly more than its own share", () => {
    const moved: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const names = Array.from({ length: 4 }, (_, i) => `member-${seed}-${i}`);
      const before = assignPartitions(64, names.slice(0, 3));
      const after = assignPartitions(64, names);
      moved.push(after.filter((owner, p) => owner !== before[p]).length);
    }
    const mean = moved.reduce((sum, count) => sum + count, 0) / moved.length;
    // 16 is the least; a plain modulo would move 48.
    expect(mean).toBeLessThan(26);
  });
});
