import { requireSnapshot } from "../../errors.ts";
import { EVIDENCE_FAMILIES } from "../anomaly-families.ts";

/** Two incidents are of one kind if the cosine of their profiles is at least this. */
const LIKENESS = 0.85;
/** Only surprise above this (one hour in ten) counts in a profile. */
export const USUAL_SURPRISE = 1;
/** A label has half its weight after 30 days. */
const HALF_LIFE_MS = 30 * 86_400_000;

/** The families of evidence of an incident at its opening, by which incidents are compared. */
export interface Shape {
  /** 1 above the expected value, −1 below. */
  readonly side: number;
  /** Above 0. */
  readonly surprise: number;
  /** Each family's surprise above `USUAL_SURPRISE`, as a vector of length 1. */
  readonly profile: readonly number[];
}

/** A kind of incident that has labels. */
export interface Kind extends Shape {
  /** Weight of the labels at `labelledAt`, after decay. */
  strength: number;
  labelledAt: number;
}

/** @param surprises By `EVIDENCE_FAMILIES`. */
export function shapeOf(side: number, surprise: number, surprises: readonly number[]): Shape {
  const profile = unit(surprises.map((one) => Math.max(0, one - USUAL_SURPRISE)));
  return { side, surprise, profile };
}

/** The normalized sum of two profiles: the profile of the kind of both shapes. */
export const commonProfile = (one: Shape, other: Shape): number[] =>
  unit(one.profile.map((x, family) => x + other.profile[family]!));

/** The most similar kind on the same side; undefined if no kind is similar enough. */
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

/** A kind's strength at a time (ms), after decay by half in thirty days. */
export const strengthAt = ({ strength, labelledAt }: Kind, now: number): number =>
  strength * 0.5 ** (Math.max(0, now - labelledAt) / HALF_LIFE_MS);

/** Valid lengths of a saved profile: profiles of older versions lack the last family, "hour". */
const PROFILE_LENGTHS: readonly number[] = [EVIDENCE_FAMILIES.length - 1, EVIDENCE_FAMILIES.length];

/** Completes a kind of an older version: families that the saved profile lacks get 0. */
export const wholeKind = <K extends Kind>(kind: K): K => ({
  ...kind,
  profile: EVIDENCE_FAMILIES.map((_, family) => kind.profile[family] ?? 0),
});

/** Rejects shapes that cannot be compared. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
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
