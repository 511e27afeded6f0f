import { requireCount, requireRange, requireSnapshot } from "./errors.ts";

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
  /** Range expected for the peak, unit of the value, null where it was not known. */
  expected_low: number | null;
  expected_high: number | null;
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
  /** Score from which on a sample is an alarm, 0 … 1. */
  alarmScore: number;
  /** Range expected for the sample, unit of the value, where it is known. */
  expectedLow?: number | undefined;
  expectedHigh?: number | undefined;
}

export interface IncidentTrackerOptions {
  /** Samples in a row below the release score that close an incident, from 1. @default 12 */
  quietSamples?: number;
  /** Release score as a share of the alarm score, 0 … 1. @default 0.5 */
  releaseShare?: number;
  /** A gap between samples that closes an incident, milliseconds. @default Infinity */
  gapMs?: number;
  /**
   * Most samples after an incident's last alarm in which no new one opens, from 0. Fewer while little was seen: 3 % of
   * the samples, though at least 48. @default 300
   */
  refractorySamples?: number;
}

/** State of an `IncidentTracker`: plain JSON. */
export interface IncidentTrackerSnapshot {
  version: 1;
  seen: number;
  since_alarm: number;
  quiet: number;
  last_at: number | null;
  /** Time of the last sample that was not quiet. */
  last_loud_at: number;
  told_score: number;
  suppressed: number;
  current: Incident | null;
}

/** A higher peak is told when the score has risen by this since it was last told. */
const PEAK_STEP = 0.02;
const DEFAULTS: Required<IncidentTrackerOptions> = {
  quietSamples: 12,
  releaseShare: 0.5,
  gapMs: Number.POSITIVE_INFINITY,
  refractorySamples: 300,
};
const REFRACTORY_SHARE = 0.03;
/** Twice the longest stretch that the detector averages: until then the echo of an incident may alarm again. */
const MIN_REFRACTORY = 48;

/**
 * Makes one incident of a run of alarms.
 *
 * Closed: an alarm opens an incident, unless the last incident's last alarm is no further back than the refractory
 * count (then it is counted as suppressed). Open: samples below the release score for `quietSamples` in a row, or a gap, close it;
 * `closed_at` is the last sample that was not quiet. Cost: O(1); an object only when something happens.
 */
export class IncidentTracker {
  readonly #options: Required<IncidentTrackerOptions>;
  #seen = 0;
  #sinceAlarm = Number.MAX_SAFE_INTEGER;
  #quiet = 0;
  /** NaN before the first sample. */
  #lastAt = Number.NaN;
  #lastLoudAt = 0;
  #toldScore = 0;
  #suppressed = 0;
  #current: Incident | null = null;

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING */
  constructor(options?: IncidentTrackerOptions) {
    this.#options = options === undefined ? DEFAULTS : { ...DEFAULTS, ...options };
    const { quietSamples, releaseShare, gapMs, refractorySamples } = this.#options;
    requireCount(quietSamples, 1, "quietSamples");
    requireRange(releaseShare, 0, 1, "releaseShare");
    requireRange(gapMs, Number.MIN_VALUE, Number.POSITIVE_INFINITY, "gapMs");
    requireCount(refractorySamples, 0, "refractorySamples");
  }

  /** The open incident. */
  get current(): Incident | null {
    return this.#current === null ? null : { ...this.#current };
  }

  /** Alarms that opened nothing because another had just been. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /**
   * Takes the next judged sample, in order of time.
   *
   * @returns What happened, in order; empty for nearly every sample.
   */
  update(sample: ScoredSample): readonly IncidentEvent[] {
    let events: IncidentEvent[] | undefined;
    if (this.#current !== null && sample.timeMs - this.#lastAt > this.#options.gapMs)
      events = [this.#close()];
    this.#lastAt = sample.timeMs;
    this.#seen++;
    const alarm = sample.score >= sample.alarmScore;
    const event =
      this.#current === null ? (alarm ? this.#open(sample) : undefined) : this.#follow(sample);
    if (alarm && this.#current !== null) this.#sinceAlarm = 0;
    else if (this.#sinceAlarm < Number.MAX_SAFE_INTEGER) this.#sinceAlarm++;
    if (event !== undefined) {
      if (events === undefined) events = [event];
      else events.push(event);
    }
    return events ?? NOTHING;
  }

  /** Closes the open incident although no sample says so: its series has gone silent. Undefined where none is open. */
  close(): IncidentEvent | undefined {
    return this.#current === null ? undefined : this.#close();
  }

  snapshot(): IncidentTrackerSnapshot {
    return {
      version: 1,
      seen: this.#seen,
      since_alarm: this.#sinceAlarm,
      quiet: this.#quiet,
      last_at: Number.isNaN(this.#lastAt) ? null : this.#lastAt,
      last_loud_at: this.#lastLoudAt,
      told_score: this.#toldScore,
      suppressed: this.#suppressed,
      current: this.current,
    };
  }

  /** Continues where `snapshot` was taken, with settings given anew. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(
    snapshot: IncidentTrackerSnapshot,
    options?: IncidentTrackerOptions,
  ): IncidentTracker {
    const {
      version,
      seen,
      since_alarm,
      quiet,
      last_at,
      last_loud_at,
      told_score,
      suppressed,
      current,
    } = snapshot;
    requireSnapshot(version === 1, "not an incident tracker of version 1");
    requireSnapshot(
      [seen, since_alarm, quiet, suppressed].every((x) => Number.isSafeInteger(x) && x >= 0),
      "a count is out of range",
    );
    requireSnapshot(
      Number.isFinite(last_loud_at) &&
        Number.isFinite(told_score) &&
        (last_at === null || Number.isFinite(last_at)),
      "a number is not finite",
    );
    requireSnapshot(
      current === null ||
        [current.opened_at, current.peak_at, current.peak_value, current.peak_score].every(
          Number.isFinite,
        ),
      "the open incident is damaged",
    );
    const restored = new IncidentTracker(options);
    restored.#seen = seen;
    restored.#sinceAlarm = since_alarm;
    restored.#quiet = quiet;
    restored.#lastAt = last_at ?? Number.NaN;
    restored.#lastLoudAt = last_loud_at;
    restored.#toldScore = told_score;
    restored.#suppressed = suppressed;
    restored.#current = current === null ? null : { ...current };
    return restored;
  }

  #open(sample: ScoredSample): IncidentEvent | undefined {
    const refractory = Math.min(
      this.#options.refractorySamples,
      Math.max(MIN_REFRACTORY, Math.floor(this.#seen * REFRACTORY_SHARE)),
    );
    if (this.#sinceAlarm < refractory) {
      this.#suppressed++;
      return undefined;
    }
    this.#current = {
      opened_at: sample.timeMs,
      closed_at: null,
      peak_at: sample.timeMs,
      peak_value: sample.value,
      peak_score: sample.score,
      direction: directionOf(sample),
      expected_low: sample.expectedLow ?? null,
      expected_high: sample.expectedHigh ?? null,
    };
    this.#quiet = 0;
    this.#lastLoudAt = sample.timeMs;
    this.#toldScore = sample.score;
    return { type: "opened", incident: { ...this.#current } };
  }

  #follow(sample: ScoredSample): IncidentEvent | undefined {
    const current = this.#current!;
    if (sample.score < sample.alarmScore * this.#options.releaseShare) {
      this.#quiet++;
      return this.#quiet >= this.#options.quietSamples ? this.#close() : undefined;
    }
    this.#quiet = 0;
    this.#lastLoudAt = sample.timeMs;
    if (sample.score <= current.peak_score) return undefined;
    current.peak_at = sample.timeMs;
    current.peak_value = sample.value;
    current.peak_score = sample.score;
    current.direction = directionOf(sample);
    current.expected_low = sample.expectedLow ?? null;
    current.expected_high = sample.expectedHigh ?? null;
    if (sample.score < this.#toldScore + PEAK_STEP) return undefined;
    this.#toldScore = sample.score;
    return { type: "peak", incident: { ...current } };
  }

  #close(): IncidentEvent {
    const incident = { ...this.#current!, closed_at: this.#lastLoudAt };
    this.#current = null;
    this.#quiet = 0;
    return { type: "closed", incident };
  }
}

function directionOf({ value, expectedLow, expectedHigh }: ScoredSample): Incident["direction"] {
  if (expectedHigh !== undefined && value > expectedHigh) return "above";
  if (expectedLow !== undefined && value < expectedLow) return "below";
  return "within";
}

const NOTHING: readonly IncidentEvent[] = [];
