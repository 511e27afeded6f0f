import type { HandedOut, Kept } from "../../../test/support/handed-out.ts";

/** A series that is longer is held to its promise. */
export const LONG = 4_000;

/** Promised rates, and how far from them the measured one may lie. */
export const PROMISES = [
  { rate: 0.05, margin: 0.01 },
  { rate: 0.01, margin: 0.003 },
] as const;
export type Promised = (typeof PROMISES)[number];

/** Ways to get a threshold: at each sample from the learner, from its hourly recommendations, from `thresholds`. */
export const WAYS = ["online", "published", "inForce"] as const;
export type Way = (typeof WAYS)[number];

/** What was handed out for a series. */
export interface Judged extends HandedOut {
  readonly name: string;
  readonly samples: number;
}

/**
 * Whether a threshold kept its promise: as many samples beyond it as promised, within the margin; where values tie at
 * it, at most that many, as no threshold there can have more.
 */
export function isKept({ beyond, reached }: Kept, { rate, margin }: Promised): boolean {
  const isTied = reached - beyond > margin;
  return beyond <= rate + margin && (isTied || beyond >= rate - margin);
}

/** Pinball loss over the online threshold's; 1 where neither has any. */
export function lossOver(judged: Judged, way: Way): number {
  const { pinball } = judged[way];
  return pinball === judged.online.pinball ? 1 : pinball / judged.online.pinball;
}

/** What is between the halves of a list; undefined for an empty one. */
export function median(list: readonly number[]): number | undefined {
  return list.toSorted((a, b) => a - b)[list.length >>> 1];
}
