import { createHash } from "node:crypto";

/** A message that a replay puts out, or one that is stored. */
export interface Effect {
  readonly subject: string;
  readonly data: Uint8Array;
  /** {@link effectKey} of the message where it is computed already; `data` may then be empty. */
  readonly key?: string;
  /** False where the message needs no counterpart, because it lies outside the compared window. */
  readonly required?: boolean;
}

/** One difference between the stored messages and those of a replay. */
export interface OutputDifference {
  readonly kind:
    | "missing output"
    | "doubled effect"
    | "unexplained output"
    | "reordered output"
    | "changed output";
  readonly where: string;
  readonly detail: string;
}

/**
 * Compares stored messages with those of a replay, byte for byte. Each message must occur equally often, and messages
 * of one partition on one subject must be in the same order.
 *
 * @param replayed Messages in order, by the partition that puts them out.
 */
export function outputDifferences(
  stored: readonly Effect[],
  replayed: ReadonlyMap<string, readonly Effect[]>,
): OutputDifference[] {
  const places = new Map<string, number[]>();
  stored.forEach((effect, place) => {
    const key = keyOf(effect);
    const known = places.get(key);
    if (known === undefined) places.set(key, [place]);
    else known.push(place);
  });
  const taken = new Set<string>();
  const missing: Effect[] = [];
  const differences: OutputDifference[] = [];
  for (const [origin, effects] of replayed) {
    const lastPlaces = new Map<string, number>();
    for (const effect of effects) {
      const key = keyOf(effect);
      const place = places.get(key)?.shift();
      taken.add(key);
      if (place === undefined) {
        if (effect.required !== false) missing.push(effect);
        continue;
      }
      if (place < (lastPlaces.get(effect.subject) ?? -1))
        differences.push({
          kind: "reordered output",
          where: `${origin}, ${effect.subject}`,
          detail: show(effect),
        });
      lastPlaces.set(effect.subject, place);
    }
  }
  const surplus = [...places.values()]
    .flat()
    .map((place) => stored[place] as Effect)
    .filter(({ required }) => required !== false);
  for (const effect of surplus) {
    // A message that the replay puts out too is doubled; any other one is paired with a missing message of the same
    // subject.
    const instead = taken.has(keyOf(effect))
      ? -1
      : missing.findIndex(({ subject }) => subject === effect.subject);
    const [expected] = instead < 0 ? [] : missing.splice(instead, 1);
    differences.push(
      expected === undefined
        ? {
            kind: taken.has(keyOf(effect)) ? "doubled effect" : "unexplained output",
            where: effect.subject,
            detail: show(effect),
          }
        : {
            kind: "changed output",
            where: effect.subject,
            detail: `stored ${show(effect)}, replayed ${show(expected)}`,
          },
    );
  }
  for (const effect of missing)
    differences.push({ kind: "missing output", where: effect.subject, detail: show(effect) });
  return differences;
}

/** Equal only for messages with the same subject and bytes. */
export const effectKey = (subject: string, data: Uint8Array): string =>
  `${subject} ${createHash("sha256").update(data).digest("base64")}`;

const keyOf = ({ key, subject, data }: Effect): string => key ?? effectKey(subject, data);

const show = ({ data }: Effect): string => JSON.stringify(Buffer.from(data).toString("utf8"));
