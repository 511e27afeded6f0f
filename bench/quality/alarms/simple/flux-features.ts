import { quantile } from "@mapek/core/statistics";
import { known, rollingDeviation, rollingMean, shifted } from "./rolling.ts";

const DAY_MS = 86_400_000;
/** Points over which the residual is smoothed, and of which its deviation is taken. */
const SPAN = 10;
/** Days before in which the same slot is looked at, and slots to either side. */
const DAYS = 5;
const NEAR_SLOTS = 2;

/**
 * Growth of the local deviation of x − EWMA beyond the largest of the same slots (± 2) on the five days before.
 *
 * @param scale Usual variation of the series, above 0.
 * Source: Li, Di, Shen and Chen (2021), FluxEV, WSDM.
 */
export function fluxFeatures(
  times: readonly number[],
  values: Float64Array,
  scale: number,
): Float64Array {
  const before = shifted(ewma(values, 2 / (SPAN + 1)));
  const errors = values.map((value, i) => (i === 0 ? 0 : value - before[i]!));
  const deviation = rollingDeviation(errors, SPAN, SPAN, 0);
  const growth = deviation.map((one, i) => Math.max(0, known(one - deviation[i - 1]!)));
  const usual = shifted(rollingMean(growth, 20_000, 30));
  const same = largestBefore(times, growth);
  return growth.map((one, i) => known(Math.max(one - same[i]!, 0) / (usual[i]! + 0.001 * scale)));
}

/** Exponentially weighted mean, its weights normalised from the first value on. */
function ewma(values: Float64Array, rate: number): Float64Array {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = sum * (1 - rate) + value;
    weight = weight * (1 - rate) + 1;
    return sum / weight;
  });
}

/** For each place the largest growth within two slots of the same time on the five days before, 0 where none is known. */
function largestBefore(times: readonly number[], growth: Float64Array): Float64Array {
  const steps = Float64Array.from(
    { length: times.length - 1 },
    (_, i) => times[i + 1]! - times[i]!,
  );
  const slots = Math.max(1, Math.round(DAY_MS / quantile(steps, 0.5)));
  const firstDay = Math.floor(times[0]! / DAY_MS);
  const places = times.map((time) => {
    const slot = Math.floor(((time / DAY_MS) % 1) * slots + 1e-6);
    return (Math.floor(time / DAY_MS) - firstDay) * slots + Math.min(slots - 1, slot);
  });
  const bySlot = new Map<number, number>();
  for (const [i, place] of places.entries()) bySlot.set(place, largestNear(growth, i));
  return Float64Array.from(places, (place) => {
    let most = 0;
    for (let day = 1; day <= DAYS; day++)
      most = Math.max(most, bySlot.get(place - day * slots) ?? 0);
    return most;
  });
}

/** Largest of a place and its neighbours; 0 for the last places, whose neighbours are not there. */
function largestNear(growth: Float64Array, at: number): number {
  if (at + NEAR_SLOTS >= growth.length) return 0;
  let most = 0;
  for (let k = Math.max(0, at - NEAR_SLOTS); k <= at + NEAR_SLOTS; k++)
    most = Math.max(most, growth[k]!);
  return most;
}
