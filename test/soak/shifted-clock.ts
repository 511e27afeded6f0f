/**
 * Loaded into a service before its own code (`--import`): its wall clock is off by as many milliseconds
 * as the file MAPEK_SOAK_CLOCK says, which may change at any time. Timers are not touched, as they are
 * not when a real clock is set.
 */
import { readFileSync } from "node:fs";

const READ_EVERY_MS = 25;

const file = process.env.MAPEK_SOAK_CLOCK;
const RealDate = Date;
let shiftMs = 0;

const now = (): number => RealDate.now() + shiftMs;

function readShift(): void {
  try {
    const shift = Number(readFileSync(file as string, "utf8"));
    if (Number.isFinite(shift)) shiftMs = shift;
  } catch {
    // Not written yet: the clock is right.
  }
}

if (file !== undefined) {
  readShift();
  setInterval(readShift, READ_EVERY_MS).unref();
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given: unknown[]) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given) as object,
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
}
