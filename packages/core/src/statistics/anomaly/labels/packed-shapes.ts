import { copiedDoubles } from "../../memory/doubles.ts";
import { readHalf, writeHalf } from "../../memory/half-doubles.ts";
import { EVIDENCE_FAMILIES } from "../anomaly-families.ts";
import type { Shape } from "./incident-shape.ts";

const FAMILIES = EVIDENCE_FAMILIES.length;
/** Numbers per shape: its time, then in halves its surprise (with the sign of its side) and its profile. */
const FIELDS = 1 + Math.ceil((1 + FAMILIES) / 2);
const FIRST_HALF = 2;

/** A shape with its event time, ms. */
export interface SeenShape extends Shape {
  readonly openedAt: number;
}

/**
 * Shapes in one list of numbers, the oldest first: 32 bytes per shape instead of 200 for an object with its profile. Surprise and profile
 * have a relative error of at most 5e-7; times are exact.
 */
export type PackedShapes = number[];

/** All series without shapes share this list. Nothing may write to this list. */
export const NO_SHAPES: PackedShapes = [];

export const countOf = (list: PackedShapes): number => list.length / FIELDS;

export const timeAt = (list: PackedShapes, place: number): number => list[place * FIELDS]!;

/** The surprise of a shape, negative for the side below. */
export const signedSurpriseAt = (list: PackedShapes, place: number): number =>
  readHalf(list, firstHalf(place));

export function shapeAt(list: PackedShapes, place: number): SeenShape {
  const surprise = signedSurpriseAt(list, place);
  return {
    openedAt: timeAt(list, place),
    side: Math.sign(surprise),
    surprise: Math.abs(surprise),
    profile: Array.from({ length: FAMILIES }, (_, family) =>
      readHalf(list, firstHalf(place) + 1 + family),
    ),
  };
}

export const allShapes = (list: PackedShapes): SeenShape[] =>
  Array.from({ length: countOf(list) }, (_, place) => shapeAt(list, place));

/** A new list with the added shape at its end, and without the shape at place `left`, if that place exists. Cost: O(shapes). */
export function withShape(list: PackedShapes, added: SeenShape, left = -1): PackedShapes {
  const kept = list.filter((_, at) => Math.floor(at / FIELDS) !== left);
  const place = countOf(kept);
  const longer = copiedDoubles([...kept, ...Array.from({ length: FIELDS }, () => 0)]);
  longer[place * FIELDS] = added.openedAt;
  const half = firstHalf(place);
  writeHalf(longer, half, added.side * added.surprise);
  for (let i = 0; i < FAMILIES; i++) writeHalf(longer, half + 1 + i, added.profile[i] ?? 0);
  return longer;
}

const firstHalf = (place: number): number => 2 * place * FIELDS + FIRST_HALF;
