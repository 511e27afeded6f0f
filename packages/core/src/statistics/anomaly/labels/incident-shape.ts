import { requireSnapshot } from "../../errors.ts";
import { EVIDENCE_FAMILIES } from "../anomaly-families.ts";

/** From this likeness on two incidents are of one kind. */
const LIKENESS = 0.85;
/** A family's part of a profile is its surprise beyond this: one hour in ten has as much. */
export const USUAL_SURPRISE = 1;
/** A label counts half after this long, ms. */
const HALF_LIFE_MS = 30 * 86_400_000;

/** What an incident looked like when it opened. */
export interface Shape {
  /** 1 above what was expected, −1 below. */
  readonly side: number;
  /** Above 0. */
  readonly surprise: number;
  /** The families' surprises beyond what is usual, of length 1. */
  readonly profile: readonly number[];
}

/** A kind of incident that labels spoke of. */
export interface Kind extends Shape {
  /** Labels that count, those that have worn off left out, as of `labelledAt`. */
  strength: number;
  labelledAt: number;
}

/** @param surprises By `EVIDENCE_FAMILIES`. */
export function shapeOf(side: number, surprise: number, surprises: readonly number[]): Shape {
  const profile = unit(surprises.map((one) => Math.max(0, one - USUAL_SURPRISE)));
  return { side, surprise, profile };
}

/** The profile of a kind that both shapes are of. */
export const commonProfile = (one: Shape, other: Shape): number[] =>
  unit(one.profile.map((x, family) => x + other.profile[family]!));

/** The kind that a shape is most like; undefined where it is like none of them. */
export function kindOf<K extends Shape>(kinds: readonly K[], shape: Shape): K | undefined {
  let best: K | undefined;
  let likeness = LIKENESS;
  for (const kind of kinds) {
    if (kind.side !== shape.side) continue;
    const now = kind.profile.reduce((sum, x, family) => sum + x * shape.profile[family]!, 0);
    if (now < likeness) continue;
    likeness = now;
    best = kind;
  }
  return best;
}

/** What is left at a time (ms) of a kind's strength: half of it after thirty days. */
export const strengthAt = ({ strength, labelledAt }: Kind, now: number): number =>
  strength * 0.5 ** (Math.max(0, now - labelledAt) / HALF_LIFE_MS);

/** Lengths that a profile may have: one that an older version saved lacks the mean of an hour, which stands last. */
const PROFILE_LENGTHS: readonly number[] = [EVIDENCE_FAMILIES.length - 1, EVIDENCE_FAMILIES.length];

/** A kind as it is now: one that an older version saved had nothing of the families that came since. */
export const wholeKind = <K extends Kind>(kind: K): K => ({
  ...kind,
  profile: EVIDENCE_FAMILIES.map((_, family) => kind.profile[family] ?? 0),
});

/** Refuses shapes that nothing can be compared with. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
export const requireShapes = (shapes: readonly Shape[]): void =>
  requireSnapshot(
    shapes.every(
      ({ profile, surprise }) => PROFILE_LENGTHS.includes(profile.length) && surprise > 0,
    ),
    "a labelled kind is damaged",
  );

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((x) => x / length);
}
