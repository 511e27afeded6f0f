import type { Labels } from "@mapek/core/messages";
import { stateKey } from "../convert/conversion.ts";
import { QUANTILES } from "../convert/histogram.ts";
import { Findings, type Parsed } from "../reading.ts";
import type { StatsdValue } from "./statsd.ts";

export interface StatsdWindowOptions {
  /** Series that are gathered at once; further ones are counted as `full`. */
  readonly maxSeries: number;
  /** Timings and texts of sets that all series of a window keep; further ones are counted as `full`. */
  readonly maxHeld: number;
  /** How long a gauge is remembered that nobody sets: a relative change moves the remembered value. */
  readonly gapMs: number;
}

/** Most values of a timing that are kept; beyond, every second, fourth … one stands for those left out. */
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
 * Gathers what StatsD sends between two flushes. A counter becomes what was added, a gauge its last value where one came, a
 * timing its quantiles and its number, a set how many different texts it had.
 */
export class StatsdWindow {
  readonly #options: StatsdWindowOptions;
  readonly #gathered = new Map<string, Gathered>();
  #findings = new Findings();
  #startedMs: number;
  /** Timings and texts that are kept. */
  #held = 0;

  /** @param nowMs Where the first window begins. */
  constructor(options: StatsdWindowOptions, nowMs: number) {
    this.#options = options;
    this.#startedMs = nowMs;
  }

  /** Values and what was skipped of one packet. @param nowMs When they came. */
  add(values: readonly StatsdValue[], findings: Findings, nowMs: number): void {
    for (const [reason, count] of findings.skipped) this.#findings.skip(reason, count);
    for (const value of values) this.#add(value, nowMs);
  }

  /** What was gathered since the last flush. Cost: O(series + timings · log timings). */
  flush(nowMs: number): Parsed {
    const findings = this.#findings;
    const startMs = this.#startedMs;
    for (const [key, one] of this.#gathered) {
      const { metric, labels, timeMs = nowMs } = one;
      const named = { metric, labels, timeMs };
      switch (one.type) {
        case "counter":
          // A counter with a time of its own was gathered over a window as long as this one.
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
    // Timings and sets are gathered over the window, whenever they were.
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

/** Values of a timing with their weights. */
class Timings {
  #kept: { readonly value: number; readonly weight: number }[] = [];
  #stride = 1;
  #seen = 0;
  /** Values that there were, those included that a sample rate left out. */
  count = 0;

  /** @returns By how many the kept ones grew; below 0 where they were thinned out. */
  add(value: number, weight: number): number {
    this.count += weight;
    if (this.#seen++ % this.#stride !== 0) return 0;
    this.#kept.push({ value, weight });
    if (this.#kept.length < MAX_TIMINGS) return 1;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
    return 1 - MAX_TIMINGS / 2;
  }

  /** Suffix and value of each: the smallest value that has its share of the weight at or below it. */
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
