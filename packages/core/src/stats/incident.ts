import type { ViewFamily } from "./anomaly-detector.ts";
import { requireSnapshot } from "./errors.ts";

/** A run of samples judged abnormal, as it stands in messages. Times in milliseconds. */
export interface Incident {
  opened_at: number;
  /** Null while open. */
  closed_at: number | null;
  peak_at: number;
  peak_value: number;
  /** Largest score, 0 … 1. */
  peak_score: number;
  /** Side of the expected range on which the peak lies; "within" where only the pattern is unusual. */
  direction: "above" | "below" | "within";
  /** Range that the values had before the incident opened, unit of the value, null where it was not known. */
  expected_low: number | null;
  expected_high: number | null;
  /** What was unusual at the peak, the most unusual first. */
  families: ViewFamily[];
}

export interface IncidentEvent {
  type: "opened" | "peak" | "closed";
  incident: Incident;
}

/** A judged sample. */
export interface ScoredSample {
  timeMs: number;
  value: number;
  /** 0 … 1. */
  score: number;
  /** Whether it opens an incident where none is open. */
  alarm: boolean;
  /** Score below which a sample is quiet, 0 … 1. */
  releaseScore: number;
  /** Range expected for the sample, unit of the value, where it is known. */
  expectedLow?: number | undefined;
  expectedHigh?: number | undefined;
  /** What was unusual; asked for only when it is told. */
  families: () => ViewFamily[];
}

/** State of an `IncidentTracker`: plain JSON. */
export interface IncidentTrackerSnapshot {
  version: 2;
  seen: number;
  since_alarm: number;
  quiet: number;
  /** Samples since the open incident opened. */
  lasted: number;
  /** Time of the last sample that was not quiet. */
  last_loud_at: number;
  told_score: number;
  current: Incident | null;
}

/** A higher peak is told when the score has risen by this since it was last told. */
const PEAK_STEP = 0.02;
/** Quiet samples in a row that close an incident. */
const QUIET_SAMPLES = 12;
/** From this many samples on values outside of the old range are the new normal. */
const SETTLED_SAMPLES = 500;
/** Samples after an alarm in which no new incident opens: at most, at least, and as a share of those seen. */
const MAX_REFRACTORY = 300;
const MIN_REFRACTORY = 48;
const REFRACTORY_SHARE = 0.03;

/**
 * Makes one incident of a run of alarms.
 *
 * An alarm opens an incident, unless the last alarm is no further back than 3 % of the samples seen, 48 to 300. A sample
 * is quiet when its score is below the release score and its value inside of the range that was expected before the
 * incident; 12 in a row close it. After 500 samples the range no longer matters: what lasts is the new normal.
 * `closed_at` is the last sample that was not quiet. Cost: O(1); an object only when something happens.
 */
export class IncidentTracker {
  #seen = 0;
  #sinceAlarm = Number.MAX_SAFE_INTEGER;
  #quiet = 0;
  #lasted = 0;
  #lastLoudAt = 0;
  #toldScore = 0;
  #current: Incident | null = null;

  /** A tracker that has seen so many samples, and no alarm. */
  constructor(seen = 0) {
    this.#seen = seen;
  }

  /** The open incident. */
  get current(): Incident | null {
    return this.#current === null ? null : copyOf(this.#current);
  }

  /** Whether an alarm would open nothing because another has just been. */
  get isRefractory(): boolean {
    const share = Math.floor(this.#seen * REFRACTORY_SHARE);
    return this.#sinceAlarm < Math.min(MAX_REFRACTORY, Math.max(MIN_REFRACTORY, share));
  }

  /**
   * Takes the next judged sample, in order of time.
   *
   * @returns What happened; undefined for nearly every sample.
   */
  update(sample: ScoredSample): IncidentEvent | undefined {
    this.#seen++;
    let event: IncidentEvent | undefined;
    if (this.#current !== null) event = this.#follow(this.#current, sample);
    else if (sample.alarm && !this.isRefractory) event = this.#open(sample);
    if (sample.alarm && this.#current !== null) this.#sinceAlarm = 0;
    else if (this.#sinceAlarm < Number.MAX_SAFE_INTEGER) this.#sinceAlarm++;
    return event;
  }

  /** Closes the open incident although no sample says so: its series has gone silent. Undefined where none is open. */
  close(): IncidentEvent | undefined {
    return this.#current === null ? undefined : this.#close(this.#current);
  }

  snapshot(): IncidentTrackerSnapshot {
    return {
      version: 2,
      seen: this.#seen,
      since_alarm: this.#sinceAlarm,
      quiet: this.#quiet,
      lasted: this.#lasted,
      last_loud_at: this.#lastLoudAt,
      told_score: this.#toldScore,
      current: this.current,
    };
  }

  /** Continues where `snapshot` was taken. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: IncidentTrackerSnapshot): IncidentTracker {
    const { version, seen, since_alarm, quiet, lasted, last_loud_at, told_score, current } =
      snapshot;
    requireSnapshot(version === 2, "not an incident tracker of version 2");
    requireSnapshot(
      [seen, since_alarm, quiet, lasted].every((x) => Number.isSafeInteger(x) && x >= 0),
      "a count is out of range",
    );
    requireSnapshot(
      Number.isFinite(last_loud_at) && Number.isFinite(told_score),
      "a number is not finite",
    );
    requireSnapshot(
      current === null ||
        [current.opened_at, current.peak_at, current.peak_value, current.peak_score].every(
          Number.isFinite,
        ),
      "the open incident is damaged",
    );
    const restored = new IncidentTracker(seen);
    restored.#sinceAlarm = since_alarm;
    restored.#quiet = quiet;
    restored.#lasted = lasted;
    restored.#lastLoudAt = last_loud_at;
    restored.#toldScore = told_score;
    restored.#current = current === null ? null : copyOf(current);
    return restored;
  }

  #open(sample: ScoredSample): IncidentEvent {
    const { timeMs, value, score, expectedLow, expectedHigh } = sample;
    this.#current = {
      opened_at: timeMs,
      closed_at: null,
      peak_at: timeMs,
      peak_value: value,
      peak_score: score,
      direction: directionOf(value, expectedLow ?? null, expectedHigh ?? null),
      expected_low: expectedLow ?? null,
      expected_high: expectedHigh ?? null,
      families: sample.families(),
    };
    this.#quiet = 0;
    this.#lasted = 0;
    this.#lastLoudAt = timeMs;
    this.#toldScore = score;
    return { type: "opened", incident: copyOf(this.#current) };
  }

  #follow(current: Incident, sample: ScoredSample): IncidentEvent | undefined {
    const { timeMs, value, score } = sample;
    this.#lasted++;
    const { expected_low: low, expected_high: high } = current;
    const side = directionOf(value, low, high);
    const outside = side !== "within" && this.#lasted < SETTLED_SAMPLES;
    if (score < sample.releaseScore && !outside) {
      this.#quiet++;
      return this.#quiet >= QUIET_SAMPLES ? this.#close(current) : undefined;
    }
    this.#quiet = 0;
    this.#lastLoudAt = timeMs;
    if (score <= current.peak_score) return undefined;
    current.peak_at = timeMs;
    current.peak_value = value;
    current.peak_score = score;
    current.direction = side;
    current.families = sample.families();
    if (score < this.#toldScore + PEAK_STEP) return undefined;
    this.#toldScore = score;
    return { type: "peak", incident: copyOf(current) };
  }

  #close(current: Incident): IncidentEvent {
    this.#current = null;
    this.#quiet = 0;
    return { type: "closed", incident: { ...copyOf(current), closed_at: this.#lastLoudAt } };
  }
}

function directionOf(
  value: number,
  low: number | null,
  high: number | null,
): Incident["direction"] {
  if (high !== null && value > high) return "above";
  return low !== null && value < low ? "below" : "within";
}

const copyOf = (incident: Incident): Incident => ({
  ...incident,
  families: [...incident.families],
});
