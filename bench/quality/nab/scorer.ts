import type { LabelledSeries } from "./corpus.ts";

/** What a profile of the benchmark pays for a detection in a window, a missed window and a detection outside. */
interface Profile {
  readonly hit: number;
  readonly miss: number;
  readonly falseAlarm: number;
}

const PROFILES = {
  standard: { hit: 1, miss: 1, falseAlarm: 0.11 },
  reward_low_FP_rate: { hit: 1, miss: 1, falseAlarm: 0.22 },
  reward_low_FN_rate: { hit: 1, miss: 2, falseAlarm: 0.11 },
} as const satisfies Record<string, Profile>;
export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];

/** Rows at the beginning of a file that are not scored. */
export const unscoredRows = (rows: number): number => Math.min(Math.floor(0.15 * rows), 750);

const sigmoid = (x: number): number => 2 / (1 + Math.exp(5 * x)) - 1;
const EARLIEST = sigmoid(-1);

/** What each row is worth as a detection, and the window in which it lies, −1 outside. */
function worthOf({ values, windows }: LabelledSeries): { worth: Float64Array; window: Int32Array } {
  const rows = values.length;
  const worth = new Float64Array(rows).fill(-1);
  const window = new Int32Array(rows).fill(-1);
  windows.forEach(([first, last], number) => {
    const width = last - first + 1;
    for (let row = first; row <= last; row++) {
      worth[row] = sigmoid(-(last - row + 1) / width) / EARLIEST;
      window[row] = number;
    }
    // A false alarm soon after a window is cheap.
    const end = windows[number + 1]?.[0] ?? rows;
    for (let row = last + 1; row < end; row++) {
      const distance = (row - last) / (last - first);
      worth[row] = distance > 3 ? -1 : sigmoid(distance);
    }
  });
  return { worth, window };
}

/** A threshold, and the benchmark's score at it; larger is better, 100 is perfect, 0 is silence. */
export interface Score {
  readonly threshold: number;
  readonly score: number;
}

/** Raw score at every distinct threshold, the strictest (1.1: no detection) first. */
interface Sweep {
  readonly thresholds: readonly number[];
  readonly raw: readonly number[];
  readonly windows: number;
}

/**
 * Raw scores over all thresholds: one threshold for all series.
 *
 * @param scores One array a series, a number for each row, 0–1; a row is a detection from the threshold on.
 * Source: numenta/NAB, nab/sweeper.py; Lavin and Ahmad (2015), ICMLA.
 */
function sweep(
  series: readonly LabelledSeries[],
  scores: readonly Float64Array[],
  profile: ProfileName,
): Sweep {
  const { hit, miss, falseAlarm } = PROFILES[profile];
  const steps: { score: number; gain: number }[] = [];
  let windows = 0;
  let scored = 0;
  series.forEach((one, number) => {
    const of = scores[number] as Float64Array;
    if (of.length !== one.values.length)
      throw new Error(`${one.name}: ${of.length} scores for ${one.values.length} rows`);
    const { worth, window } = worthOf(one);
    const from = unscoredRows(of.length);
    for (let row = from; row < of.length; row++)
      if (window[row] === -1)
        steps.push({ score: of[row] as number, gain: (worth[row] as number) * falseAlarm });
    for (const [first, last] of one.windows) {
      windows++;
      const begin = Math.max(first, from);
      if (begin > last) continue;
      scored++;
      const rows = Array.from({ length: last - begin + 1 }, (_, i) => begin + i);
      rows.sort((a, b) => (of[b] as number) - (of[a] as number) || a - b);
      let best = -miss;
      for (const row of rows) {
        const now = Math.max(best, (worth[row] as number) * hit);
        if (now > best) steps.push({ score: of[row] as number, gain: now - best });
        best = now;
      }
    }
  });
  steps.sort((a, b) => b.score - a.score);
  const thresholds = [1.1];
  const raw = [-miss * scored];
  let total = -miss * scored;
  steps.forEach(({ score, gain }, i) => {
    total += gain;
    if (steps[i + 1]?.score === score) return;
    thresholds.push(score);
    raw.push(total);
  });
  return { thresholds, raw, windows };
}

/** The benchmark's score, normalised: at the best threshold, or at the one given. */
export function nabScore(
  series: readonly LabelledSeries[],
  scores: readonly Float64Array[],
  profile: ProfileName,
  threshold?: number,
): Score {
  const { hit, miss } = PROFILES[profile];
  const { thresholds, raw, windows } = sweep(series, scores, profile);
  let at = 0;
  for (let i = 1; i < thresholds.length; i++) {
    if (
      threshold === undefined
        ? (raw[i] as number) > (raw[at] as number)
        : (thresholds[i] as number) >= threshold
    )
      at = i;
  }
  const silent = -miss * windows;
  const perfect = hit * windows;
  return {
    threshold: thresholds[at] as number,
    score: (100 * ((raw[at] as number) - silent)) / (perfect - silent),
  };
}
