/** One measured figure: the median of the repeats, with their extremes. */
export interface Result {
  readonly question: string;
  readonly figure: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly better: "higher" | "lower";
  /** What was asked for, in the same unit. */
  readonly target?: number;
  /** The naive or the bare way, measured in the same run, in the same unit. */
  readonly baseline?: { readonly name: string; readonly median: number };
  /** What the system that this design improves on was measured at: in memory, nothing stored. */
  readonly predecessor?: string;
}

/** Median and extremes of the repeats. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface TimingOptions {
  /** @default 9 */
  readonly repeats?: number;
  /** Milliseconds of work before anything is measured. @default 300 */
  readonly warmUpMs?: number;
  /** Milliseconds that one repeat lasts at least; one call is the least. @default 100 */
  readonly repeatMs?: number;
}

/** Holds the last result of measured work, so that the work cannot be removed. */
const kept: { last?: unknown } = {};

/** Median and extremes of measured values; the upper median of an even number. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)];
  if (median === undefined || min === undefined || max === undefined)
    throw new RangeError("nothing was measured");
  return { median, min, max };
}

/** Nanoseconds of one call: warm-up, then repeats of as many calls as fill their time. */
export function nanosecondsOf(work: () => unknown, options: TimingOptions = {}): Spread {
  const { repeats = 9, warmUpMs = 300, repeatMs = 100 } = options;
  const began = performance.now();
  let warmed = 0;
  for (; performance.now() - began < warmUpMs || warmed < 3; warmed++) kept.last = work();
  const callMs = (performance.now() - began) / warmed;
  const calls = Math.max(1, Math.ceil(repeatMs / callMs));
  return spreadOf(
    Array.from({ length: repeats }, () => {
      const start = process.hrtime.bigint();
      for (let i = 0; i < calls; i++) kept.last = work();
      return Number(process.hrtime.bigint() - start) / calls;
    }),
  );
}

/** Each of the three figures times `factor`. */
export const scaled = ({ median, min, max }: Spread, factor: number): Spread => ({
  median: median * factor,
  min: min * factor,
  max: max * factor,
});

/** Items per second, where one call of so many nanoseconds does `items` of them. */
export const perSecond = ({ median, min, max }: Spread, items: number): Spread => ({
  median: (items / median) * 1e9,
  min: (items / max) * 1e9,
  max: (items / min) * 1e9,
});

/** Uniform numbers in [0, 1): the same in every run. Source: mulberry32, Tommy Ettinger. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal values: the same in every run. */
export function normalValues(count: number, seed: number): Float64Array {
  const random = mulberry32(seed);
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}
