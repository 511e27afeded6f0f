import type { Labels } from "@mapek/core/contract";
import { stateKey } from "../convert/conversion.ts";
import { QUANTILES } from "../convert/histogram.ts";
import { Findings, type Parsed } from "../reading.ts";
import type { StatsdValue } from "./statsd.ts";

export interface StatsdWindowOptions {
  /** Most series in a window; values of further ones are counted as `full`. */
  readonly maxSeries: number;
  /** Most timings and texts of sets in a window, over all series; further ones are counted as `full`. */
  readonly maxHeld: number;
  /** How long a gauge is remembered without a new value, ms: a relative change is added to the remembered value. */
  readonly gapMs: number;
}

/**
 * Most values kept for a timing. When they are full, every second value is dropped and only every second, fourth, …
 * further value is kept.
 */
const MAX_TIMINGS = 4_096;

interface Series {
  readonly metric: string;
  readonly labels: Labels;
  readonly timeMs: number | undefined;
}
type Gathered = Series &
  (
    | { readonly type: "counter"; sum: number }
    | { readonly type: "gauge"; value: number; touched: boolean; touchedMs: number }
    | { readonly type: "timing"; timings: Timings }
    | { readonly type: "set"; readonly texts: Set<string> }
  );

/**
 * Collects StatsD values between two flushes. A counter becomes a delta, a gauge its last value where one arrived, a
 * timing its quantiles and its count, a set its number of different texts.
 */
export class StatsdWindow {
  readonly #options: StatsdWindowOptions;
  readonly #gathered = new Map<string, Gathered>();
  #findings = new Findings();
  #startedMs: number;
  /** Number of timings and texts kept now. */
  #held = 0;

  /** @param nowMs Start of the first window. */
  constructor(options: StatsdWindowOptions, nowMs: number) {
    this.#options = options;
    this.#startedMs = nowMs;
  }

  /** Adds the values and the skips of one packet. @param nowMs Time of arrival. */
  add(values: readonly StatsdValue[], findings: Findings, nowMs: number): void {
    for (const [reason, count] of findings.skipped) this.#findings.skip(reason, count);
    for (const value of values) this.#add(value, nowMs);
  }

  /** Returns the readings since the last flush and begins a new window. Cost: O(series + timings · log timings). */
  flush(nowMs: number): Parsed {
    const findings = this.#findings;
    const startMs = this.#startedMs;
    for (const [key, one] of this.#gathered) {
      const { metric, labels, timeMs = nowMs } = one;
      const named = { metric, labels, timeMs };
      switch (one.type) {
        case "counter":
          // A counter with its own time is taken to cover a window as long as this one.
          findings.add({
            kind: "delta",
            ...named,
            value: one.sum,
            startMs: timeMs - (nowMs - startMs),
          });
          break;
        case "gauge":
          if (one.touched) findings.add({ kind: "gauge", ...named, value: one.value });
          one.touched = false;
          if (one.timeMs === undefined && nowMs - one.touchedMs < this.#options.gapMs) continue;
          break;
        case "set":
          findings.add({ kind: "gauge", ...named, value: one.texts.size });
          break;
        case "timing": {
          for (const [suffix, value] of one.timings.quantiles())
            findings.add({ kind: "gauge", ...named, metric: metric + suffix, value });
          const value = one.timings.count;
          findings.add({ kind: "delta", ...named, metric: `${metric}_count`, value, startMs });
          break;
        }
      }
      this.#gathered.delete(key);
    }
    this.#findings = new Findings();
    this.#startedMs = nowMs;
    this.#held = 0;
    return findings;
  }

  #add({ metric, labels, type, text, value, relative, rate, timeMs }: StatsdValue, nowMs: number) {
    // A time of their own is ignored for timings and sets, which are summarized for the whole window.
    const ownTimeMs = type === "c" || type === "g" ? timeMs : undefined;
    const kind = `${type === "h" || type === "d" ? "ms" : type}${ownTimeMs ?? ""}`;
    const key = stateKey(kind, metric, labels);
    let one = this.#gathered.get(key);
    if (one === undefined) {
      if (this.#gathered.size >= this.#options.maxSeries) return this.#findings.skip("full");
      one = begun(type, { metric, labels, timeMs: ownTimeMs });
      this.#gathered.set(key, one);
    }
    switch (one.type) {
      case "counter":
        one.sum += value / rate;
        break;
      case "gauge":
        one.value = relative ? one.value + value : value;
        one.touched = true;
        one.touchedMs = nowMs;
        break;
      case "timing":
        if (this.#held >= this.#options.maxHeld) return this.#findings.skip("full");
        this.#held += one.timings.add(value, 1 / rate);
        break;
      case "set":
        if (one.texts.has(text)) break;
        if (this.#held >= this.#options.maxHeld) return this.#findings.skip("full");
        this.#held++;
        one.texts.add(text);
        break;
    }
  }
}

function begun(type: StatsdValue["type"], series: Series): Gathered {
  switch (type) {
    case "c":
      return { ...series, type: "counter", sum: 0 };
    case "g":
      return { ...series, type: "gauge", value: 0, touched: false, touchedMs: 0 };
    case "s":
      return { ...series, type: "set", texts: new Set() };
    default:
      return { ...series, type: "timing", timings: new Timings() };
  }
}

/** A sample of a timing's values, each with its weight. */
class Timings {
  #kept: { readonly value: number; readonly weight: number }[] = [];
  #stride = 1;
  #seen = 0;
  /** Number of values, including those that the sender's sample rate left out. */
  count = 0;

  /** @returns Change of the number of kept values; negative where values were dropped. */
  add(value: number, weight: number): number {
    this.count += weight;
    if (this.#seen++ % this.#stride !== 0) return 0;
    this.#kept.push({ value, weight });
    if (this.#kept.length < MAX_TIMINGS) return 1;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
    return 1 - MAX_TIMINGS / 2;
  }

  /** Suffix and value of each quantile: the smallest value with at least that share of the weight at or below it. */
  quantiles(): [string, number][] {
    const sorted = this.#kept.toSorted((a, b) => a.value - b.value);
    const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
    return QUANTILES.map(({ quantile, suffix }) => {
      let below = 0;
      const found = sorted.find(({ weight }) => {
        below += weight;
        return below >= quantile * total - 1e-9 * total;
      });
      return [suffix, (found ?? sorted.at(-1))?.value ?? Number.NaN];
    });
  }
}
