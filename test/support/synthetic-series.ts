import { RandomSource } from "../../packages/core/test/statistics/random-source.ts";

/** Times in milliseconds, ascending, and values as many. */
export interface TimedSeries {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Makes the value at a place, the day of that place and its share of the day given. */
type Generator = (random: RandomSource, count: number) => (index: number, day: number) => number;

/** 2025-10-06, a Monday. */
const START_MS = 1_759_708_800_000;
const STEP_MS = 300_000;
const DAY_MS = 86_400_000;

/** Continuous kinds, on which a promised exceedance rate can be kept from both sides. */
export const CONTINUOUS: Readonly<Record<string, Generator>> = {
  normal: (random) => () => 50 + 5 * random.normal(),
  drift: (random, count) => (i) => 100 + (60 * i) / count + 3 * random.normal(),
  "falling drift": (random, count) => (i) => 20 - (60 * i) / count + 3 * random.normal(),
  "daily and weekly": (random) => (_, day) => {
    const weekend = Math.floor(day) % 7 >= 5;
    const wave = Math.sin(2 * Math.PI * day) + 0.4 * Math.sin(4 * Math.PI * day + 1);
    return 100 + (weekend ? 12 : 30) * wave + (weekend ? -15 : 0) + 4 * random.normal();
  },
  "daily, growing noise by day": (random) => (_, day) => {
    const wave = 1 + Math.sin(2 * Math.PI * day);
    return 20 + 15 * wave + (1 + 2 * wave) * random.normal();
  },
  "t with 2 degrees": (random) => () =>
    random.normal() / Math.sqrt((random.normal() ** 2 + random.normal() ** 2) / 2),
  lognormal: (random) => () => Math.exp(random.normal()),
  "AR(1) 0.9": (random) => {
    let last = 2.3 * random.normal();
    return () => {
      last = 0.9 * last + random.normal();
      return 200 + last;
    };
  },
  "level shifts": (random, count) => {
    const level = steps(random, count, () => 10 * random.normal());
    return (i) => level(i) + random.normal();
  },
  "variance shifts": (random, count) => {
    const spread = steps(random, count, () => Math.exp(1.2 * random.normal()));
    return (i) => 10 + spread(i) * random.normal();
  },
};

/** Kinds with ties: at most the promised rate is what they can be held to. */
export const TIED: Readonly<Record<string, Generator>> = {
  "Poisson, mean 2": (random) => () => poisson(random, 2),
  "Poisson, mean 30": (random) => () => poisson(random, 30),
  "daily counts": (random) => (_, day) => poisson(random, 4 + 3 * Math.sin(2 * Math.PI * day)),
  constant: () => () => 45,
  "mostly zero": (random) => () => (random.uniform() < 0.03 ? Math.exp(random.normal()) : 0),
  "two values": (random) => () => (random.uniform() < 0.02 ? 1 : 0),
};

/** A series of a kind, a sample every 5 minutes from a Monday on; the same seed gives the same series. */
export function syntheticSeries(
  kind: string,
  seed: number,
  count = 8_640,
  stepMs = STEP_MS,
): TimedSeries {
  const random = new RandomSource(seed * 7_919 + kind.length);
  const generator = CONTINUOUS[kind] ?? TIED[kind];
  if (generator === undefined) throw new Error(`no kind of series is called ${kind}`);
  const next = generator(random, count);
  const times = Float64Array.from({ length: count }, (_, i) => START_MS + i * stepMs);
  const values = times.map((time, i) => next(i, (time - START_MS) / DAY_MS));
  return { times, values };
}

/** A value that changes at three to five places. */
function steps(random: RandomSource, count: number, next: () => number): (index: number) => number {
  const places = Array.from({ length: 3 + random.below(3) }, () => random.below(count));
  const levels = places.map(next);
  const first = next();
  return (i) => {
    let latest = -1;
    let level = first;
    for (const [p, place] of places.entries())
      if (place <= i && place > latest) {
        latest = place;
        level = levels[p]!;
      }
    return level;
  };
}

/** Knuth's method; good for means below 500. */
function poisson(random: RandomSource, mean: number): number {
  const limit = Math.exp(-mean);
  let events = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) events++;
  return events;
}
