import { ChangeDetector } from "@mapek/core/statistics";

const DAY_MS = 86_400_000;
const START = 1_760_000_000_000;
/** Days before the level shifts, and after it. */
const BEFORE = 20;
const AFTER = 20;
export const STEPS_MS = [15_000, 60_000, 300_000, 3_600_000] as const;
export const SIZES = [1.5, 2, 3, 5] as const;

export interface Delay {
  /** Hours from the shift until it was told as a level shift, in the middle; NaN where fewer than half were told. */
  readonly median: number;
  readonly told: number;
  /** Changes other than that one, a series. */
  readonly others: number;
}

/** How late a level shift is told: normal noise of deviation 1, on a daily wave where there is one. */
export function delayOf(size: number, stepMs: number, wave: number, seeds: number): Delay {
  const delays: number[] = [];
  let others = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const normal = normalOf(seed * 7_919 + 13);
    const start = START + seed * (DAY_MS + 3_700_000);
    const at = start + BEFORE * DAY_MS + seed * 12_300_000;
    const sign = seed % 2 === 0 ? 1 : -1;
    const detector = new ChangeDetector();
    let delay = Number.NaN;
    for (let time = start; time < at + AFTER * DAY_MS; time += stepMs) {
      const usual = 100 + wave * Math.sin((2 * Math.PI * time) / DAY_MS);
      const value = usual + normal() + (time >= at ? sign * size : 0);
      const change = detector.update(time, time, value);
      if (change === undefined) continue;
      const isIt =
        time >= at && change.kind === "level_shift" && (change.after - change.before) * sign > 0;
      if (isIt && Number.isNaN(delay)) delay = (time - at) / 3_600_000;
      else others++;
    }
    if (!Number.isNaN(delay)) delays.push(delay);
  }
  delays.sort((a, b) => a - b);
  const told = delays.length;
  const median = told * 2 >= seeds ? delays[Math.floor(told / 2)]! : Number.NaN;
  return { median, told, others: others / seeds };
}

/** Normal numbers from a seed. Source of the generator: mulberry32 (Ettinger, 2017). */
function normalOf(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
