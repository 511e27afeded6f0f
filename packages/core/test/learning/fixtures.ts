import { encodeMsgpack, type LearnerSettings, learnerSettings } from "../../src/contract/index.ts";
import { type SeriesEvent, SeriesLearner } from "../../src/learning/index.ts";
import { RandomSource } from "../statistics/random-source.ts";

export const START = 1_760_000_000_000;
export const SECOND = 1_000;

export const settings = (changes: Partial<LearnerSettings> = {}): LearnerSettings => ({
  ...learnerSettings.parse({}),
  ...changes,
});

export const learnerWith = (changes: Partial<LearnerSettings> = {}): SeriesLearner =>
  new SeriesLearner(settings(changes));

export const bytesOf = (learner: SeriesLearner): Uint8Array => encodeMsgpack(learner.snapshot());

/** Feeds one sample a second from `fromSecond` on; every event that came of them. */
export function feed(
  learner: SeriesLearner,
  values: Iterable<number>,
  fromSecond = 0,
): SeriesEvent[] {
  const events: SeriesEvent[] = [];
  let at = fromSecond;
  for (const value of values) events.push(...learner.receiveSample(START + at++ * SECOND, value));
  return events;
}

/** Seeded values around 50 with deviation 5. */
export function noise(count: number, seed = 1): number[] {
  const random = new RandomSource(seed);
  return Array.from({ length: count }, () => 50 + 5 * random.normal());
}

/** A calm series with a burst of `burst` wild samples in it, and calm after it. */
export const withBurst = (before: number, burst: number, after: number): number[] => {
  const calm = noise(before + burst + after);
  return calm.map((value, i) => (i >= before && i < before + burst ? value + 500 : value));
};

export const ofType = <T extends SeriesEvent["type"]>(
  events: readonly SeriesEvent[],
  type: T,
): Extract<SeriesEvent, { type: T }>[] =>
  events.filter((event): event is Extract<SeriesEvent, { type: T }> => event.type === type);
