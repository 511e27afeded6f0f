import { MessageError } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WaitingRoom } from "../src/doors/waiting-room.ts";

const roomFor = (maxItems: number, maxBytes = 1e9, itemsPerSecond?: number) =>
  new WaitingRoom({ items: "samples", maxItems, maxBytes, itemsPerSecond });

const fill = (room: WaitingRoom, system: string, items: number, bytes = 0) => {
  for (let i = 0; i < items; i++) room.enter(room.shareOf(system), bytes);
};
const mayEnter = (room: WaitingRoom, system: string, now = 0) =>
  room.refusal(room.shareOf(system), now) === undefined;

describe("a full waiting room", () => {
  test("lets a system have half of it while it is alone, and not more", () => {
    const room = roomFor(100);
    fill(room, "flood", 50);
    expect(mayEnter(room, "flood")).toBe(true);
    fill(room, "flood", 1);
    expect(room.refusal(room.shareOf("flood"), 0)).toBeInstanceOf(MessageError);
    expect(room.refusal(room.shareOf("flood"), 0)).toMatchObject({
      code: "MAPEK_OVERLOADED",
      consequence: "retry",
      detail: expect.stringContaining("system flood"),
    });
    expect(mayEnter(room, "calm")).toBe(true);
  });

  test("divides itself among the systems that wait, and keeps a share for one more", () => {
    const room = roomFor(100);
    fill(room, "flood", 40);
    fill(room, "calm", 20);
    // Two wait: a third of the room each.
    expect([mayEnter(room, "flood"), mayEnter(room, "calm"), mayEnter(room, "new")]).toEqual([
      false,
      true,
      true,
    ]);
    room.leave(room.shareOf("calm"), 20, 0);
    expect(mayEnter(room, "flood")).toBe(true);
  });

  test("takes nothing at all beyond its limit", () => {
    const room = roomFor(100);
    fill(room, "large", 100);
    expect(mayEnter(room, "new")).toBe(false);
    room.leave(room.shareOf("large"), 60, 0);
    expect(mayEnter(room, "new")).toBe(true);
  });

  test("counts bytes too", () => {
    const room = roomFor(1_000_000, 1_000);
    fill(room, "flood", 1, 600);
    expect(room.bytes).toBe(600);
    expect([mayEnter(room, "flood"), mayEnter(room, "calm")]).toEqual([false, true]);
    room.leave(room.shareOf("flood"), 1, 600);
    expect(room.bytes).toBe(0);
    expect(mayEnter(room, "flood")).toBe(true);
  });
});

test("a system may send at its rate, and a burst of two seconds", () => {
  const room = roomFor(1_000, 1e9, 10);
  const share = room.shareOf("busy");
  const start = share.allowedAt;
  fill(room, "busy", 20);
  expect(mayEnter(room, "busy", start)).toBe(false);
  expect(mayEnter(room, "busy", start + 100)).toBe(true);
  fill(room, "busy", 1);
  expect(mayEnter(room, "busy", start + 100)).toBe(false);
  expect(mayEnter(room, "other", start + 100)).toBe(true);
  expect(mayEnter(room, "busy", start + 60_000)).toBe(true);
  expect(share.allowance).toBe(20);
});

test("whatever systems send, one that holds nothing finds room and the limits hold but for one message a system", () => {
  const LIMIT = 1_000;
  const step = fc.record({ system: fc.nat({ max: 4 }), samples: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const room = roomFor(LIMIT);
      for (const { system, samples } of steps) {
        if (!mayEnter(room, `s${system}`)) continue;
        fill(room, `s${system}`, samples);
        expect(room.items).toBeLessThan(LIMIT + 5 * 50);
        if (room.items < LIMIT) expect(mayEnter(room, "new")).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
