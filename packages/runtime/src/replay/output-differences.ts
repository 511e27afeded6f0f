import { createHash } from "node:crypto";

/** A message that an actor puts out, or one that was stored. */
export interface Effect {
  readonly subject: string;
  readonly data: Uint8Array;
  /** What {@link effectKey} says of it, where that is known already; `data` may then be empty. */
  readonly key?: string;
  /** False of one that may be without a counterpart: it lies outside what is compared. */
  readonly required?: boolean;
}

/** One way in which what is stored differs from what a replay puts out. */
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
 * Compares what is stored with what a replay puts out, byte for byte: each message as often, and those
 * of one partition on one subject in the same order.
 *
 * @param replayed Effects in order, by the partition that puts them out.
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
    // One that replay puts out as well, only less often; else one that stands where another should.
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

/** Equal for equal messages on one subject, and for no others. */
export const effectKey = (subject: string, data: Uint8Array): string =>
  `${subject} ${createHash("sha256").update(data).digest("base64")}`;

const keyOf = ({ key, subject, data }: Effect): string => key ?? effectKey(subject, data);

const show = ({ data }: Effect): string => JSON.stringify(Buffer.from(data).toString("utf8"));
