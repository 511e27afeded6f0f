import type { BaselineForecast, Standing } from "./baseline-forecast.ts";

/** The newest values of one objective, oldest first; plain JSON. */
export interface ObjectiveTrack {
  readonly values: number[];
  /** How many of them came since an action began. */
  undisturbed: number;
  /** How many of them came since the last example. */
  unlearned: number;
}

export const noTrack = (): ObjectiveTrack => ({ values: [], undisturbed: 0, unlearned: 0 });

/** Called when an action begins or is undone: the next values are no example for the forecast without an action. */
export function disturb(track: ObjectiveTrack): void {
  track.undisturbed = 0;
}

/**
 * Folds the next value. Two spans in which no action began are an example for the forecast: the second span followed the first
 * without an action. An example that overlaps the last one counts with its share of new values.
 *
 * @param span Values of a mean, ≥ 1; twice as many are kept.
 * @param baseline What learns the examples, where something does.
 * Cost: O(span).
 */
export function follow(
  track: ObjectiveTrack,
  value: number,
  span: number,
  baseline: BaselineForecast | undefined,
): void {
  const { values } = track;
  values.push(value);
  if (values.length > 2 * span) values.splice(0, values.length - 2 * span);
  track.undisturbed = Math.min(track.undisturbed + 1, 2 * span);
  track.unlearned = Math.min(track.unlearned + 1, span);
  if (baseline === undefined || track.undisturbed < 2 * span) return;
  const standing = { last: values[span - 1]!, mean: meanOf(values, 0, span) };
  baseline.learn(standing, meanOf(values, span, 2 * span), track.unlearned / span);
  track.unlearned = 0;
}

/** How the objective stands now; undefined before its first value. */
export function standingOf({ values }: ObjectiveTrack, span: number): Standing | undefined {
  const last = values.at(-1);
  if (last === undefined) return undefined;
  return { last, mean: meanOf(values, Math.max(0, values.length - span), values.length) };
}

function meanOf(values: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]!;
  return sum / (to - from);
}
