import type { Span } from "./judged-series.ts";

/** Longest buffer around an event, rows; half of it lies to either side. */
const MAX_BUFFER = 100;
/** Thresholds at which the surface is cut, at even ranks of the scores. */
const THRESHOLDS = 250;

/**
 * Area under the curve of precision over recall, row by row: the mean precision at each labelled row's score.
 *
 * @param events Labelled rows, in order, apart. @returns 0 … 1; the share of labelled rows for scores without meaning.
 * Source: Davis and Goadrich (2006), ICML; as a step function, equal scores taken at once.
 */
export function areaUnderPr(scores: Float64Array, events: readonly Span[]): number {
  const labelled = new Uint8Array(scores.length);
  for (const [first, last] of events) labelled.fill(1, first, last + 1);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const positives = labelled.reduce((sum, one) => sum + one, 0);
  let area = 0;
  let found = 0;
  let before = 0;
  order.forEach((row, i) => {
    found += labelled[row]!;
    const next = order[i + 1];
    if (next !== undefined && scores[next] === scores[row]) return;
    area += ((found - before) / positives) * (found / (i + 1));
    before = found;
  });
  return area;
}

/**
 * Volume under the surface of precision over recall and the length of the buffer around events (VUS-PR): the mean, over
 * buffers of 0 to 100 rows, of the area under a curve in which rows near an event count in part. A row d beside an event
 * counts √(1 − d / buffer) up to half the buffer; recall is multiplied by the share of events in which something is found.
 *
 * @param events Labelled rows, in order, apart, at least one.
 * @returns 0 … 1. Agrees with the authors' program (`vus`, RangeAUC_volume_opt, window 100, 250 thresholds) to 1e-12.
 * Source: Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin (2022), PVLDB 15(11), 2774-2787.
 */
export function volumeUnderPr(scores: Float64Array, events: readonly Span[]): number {
  const ranks = ranked(scores);
  let sum = 0;
  for (let buffer = 0; buffer <= MAX_BUFFER; buffer++) sum += areaWithBuffer(ranks, events, buffer);
  return sum / (MAX_BUFFER + 1);
}

interface Ranked {
  /** For each row the first threshold at which it is predicted. */
  readonly at: Uint16Array;
  /** Rows that are predicted at each threshold. */
  readonly predicted: readonly number[];
}

function ranked(scores: Float64Array): Ranked {
  const descending = scores.toSorted().reverse();
  const last = scores.length - 1;
  const thresholds = Array.from(
    { length: THRESHOLDS },
    (_, k) => descending[Math.floor((k * last) / (THRESHOLDS - 1))]!,
  );
  const counts = new Float64Array(THRESHOLDS);
  const at = new Uint16Array(scores.length);
  scores.forEach((score, row) => {
    let [low, high] = [0, THRESHOLDS - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (score >= thresholds[middle]!) high = middle;
      else low = middle + 1;
    }
    at[row] = low;
    counts[low]!++;
  });
  return { at, predicted: summedUp(counts) };
}

function areaWithBuffer(
  { at, predicted }: Ranked,
  events: readonly Span[],
  buffer: number,
): number {
  const half = buffer >>> 1;
  const labelled = events.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const inEvents = new Float64Array(THRESHOLDS);
  const inBuffers = new Float64Array(THRESHOLDS);
  for (const [first, last] of events)
    for (let row = first; row <= last; row++) inEvents[at[row]!]!++;
  for (const [row, weight] of bufferWeights(events, buffer, at.length))
    inBuffers[at[row]!]! += weight;
  const hits = summedUp(inEvents);
  const near = summedUp(inBuffers);
  const spans = joined(events, half, at.length);
  const reached = new Float64Array(THRESHOLDS);
  for (const [first, last] of spans) {
    let earliest = THRESHOLDS;
    for (let row = first; row <= last; row++) earliest = Math.min(earliest, at[row]!);
    reached[earliest]!++;
  }
  const existing = summedUp(reached);
  let area = 0;
  let before = 0;
  for (let k = 0; k < THRESHOLDS; k++) {
    const truth = hits[k]! + near[k]!;
    // What is predicted in a buffer was there to be found; the rest of the buffer was not missed.
    const positives = (labelled + labelled + near[k]!) / 2;
    const recall = Math.min(truth / positives, 1) * (existing[k]! / spans.length);
    area += (recall - before) * (truth / predicted[k]!);
    before = recall;
  }
  return area;
}

/** What rows beside events count, at most 1 with what counts between two. */
function bufferWeights(events: readonly Span[], buffer: number, rows: number): Map<number, number> {
  const half = buffer >>> 1;
  const weights = new Map<number, number>();
  const add = (row: number, distance: number) => {
    if (row < 0 || row >= rows) return;
    weights.set(row, Math.min(1, (weights.get(row) ?? 0) + Math.sqrt(1 - distance / buffer)));
  };
  for (const [first, last] of events)
    for (let distance = 1; distance <= half; distance++) {
      add(first - distance, distance);
      add(last + distance, distance);
    }
  for (const [first, last] of events)
    for (let row = first - half; row <= last + half; row++)
      if (row >= first && row <= last) weights.delete(row);
  return weights;
}

/** Events with their buffers; those that touch are one. */
function joined(events: readonly Span[], half: number, rows: number): Span[] {
  const spans: [number, number][] = [];
  for (const [first, last] of events) {
    const [from, to] = [Math.max(0, first - half), Math.min(rows - 1, last + half)];
    const before = spans.at(-1);
    if (before !== undefined && first - half <= before[1]) before[1] = to;
    else spans.push([from, to]);
  }
  return spans;
}

/** Running sums. */
function summedUp(counts: Float64Array): number[] {
  let sum = 0;
  return Array.from(counts, (count) => {
    sum += count;
    return sum;
  });
}
