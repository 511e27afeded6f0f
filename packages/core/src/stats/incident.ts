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
  /** Samples judged before, whole number. */
  seen: number;
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

/** An incident that is open. */
interface OpenIncident {
  readonly incident: Incident;
  /** Quiet samples in a row. */
  quiet: number;
  /** Samples since it opened. */
  lasted: number;
  /** Time of the last sample that was not quiet. */
  lastLoudAt: number;
  /** Score when it was told last. */
  toldScore: number;
}

/** State of an `IncidentTracker`: plain JSON. */
export interface IncidentTrackerSnapshot {
  version: 3;
  /** Samples judged before the last alarm; below 0 where there was none. */
  alarmed_at: number;
  open: OpenIncident | null;
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
  #alarmedAt = -MAX_REFRACTORY - 1;
  #open: OpenIncident | null = null;

  /** The open incident. */
  get current(): Incident | null {
    return this.#open === null ? null : copyOf(this.#open.incident);
  }

  /** Whether an alarm would open nothing because another has just been. @param seen Samples judged before it. */
  isRefractory(seen: number): boolean {
    const share = Math.floor((seen + 1) * REFRACTORY_SHARE);
    const since = seen - this.#alarmedAt - 1;
    return since < Math.min(MAX_REFRACTORY, Math.max(MIN_REFRACTORY, share));
  }

  /**
   * Takes the next judged sample, in order of time. While no incident is open only alarms matter.
   *
   * @returns What happened; undefined for nearly every sample.
   */
  update(sample: ScoredSample): IncidentEvent | undefined {
    let event: IncidentEvent | undefined;
    if (this.#open !== null) event = this.#follow(this.#open, sample);
    else if (sample.alarm && !this.isRefractory(sample.seen)) event = this.#begin(sample);
    if (sample.alarm && this.#open !== null) this.#alarmedAt = sample.seen;
    return event;
  }

  /** Closes the open incident although no sample says so: its series has gone silent. Undefined where none is open. */
  close(): IncidentEvent | undefined {
    return this.#open === null ? undefined : this.#close(this.#open);
  }

  snapshot(): IncidentTrackerSnapshot {
    return {
      version: 3,
      alarmed_at: this.#alarmedAt,
      open: this.#open === null ? null : { ...this.#open, incident: copyOf(this.#open.incident) },
    };
  }

  /** Continues where `snapshot` was taken. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ version, alarmed_at, open }: IncidentTrackerSnapshot): IncidentTracker {
    requireSnapshot(version === 3, "not an incident tracker of version 3");
    requireSnapshot(
      Number.isSafeInteger(alarmed_at) && alarmed_at >= -MAX_REFRACTORY - 1,
      "a count is out of range",
    );
    const restored = new IncidentTracker();
    restored.#alarmedAt = alarmed_at;
    if (open === null) return restored;
    const { incident, quiet, lasted, lastLoudAt, toldScore } = open;
    requireSnapshot(
      [quiet, lasted].every((x) => Number.isSafeInteger(x) && x >= 0),
      "a count is out of range",
    );
    requireSnapshot(
      [lastLoudAt, toldScore, incident.opened_at, incident.peak_at].every(Number.isFinite) &&
        [incident.peak_value, incident.peak_score].every(Number.isFinite),
      "the open incident is damaged",
    );
    restored.#open = { ...open, incident: copyOf(incident) };
    return restored;
  }

  #begin(sample: ScoredSample): IncidentEvent {
    const { timeMs, value, score, expectedLow, expectedHigh } = sample;
    const incident: Incident = {
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
    this.#open = { incident, quiet: 0, lasted: 0, lastLoudAt: timeMs, toldScore: score };
    return { type: "opened", incident: copyOf(incident) };
  }

  #follow(open: OpenIncident, sample: ScoredSample): IncidentEvent | undefined {
    const { timeMs, value, score } = sample;
    const { incident } = open;
    open.lasted++;
    const side = directionOf(value, incident.expected_low, incident.expected_high);
    const outside = side !== "within" && open.lasted < SETTLED_SAMPLES;
    if (score < sample.releaseScore && !outside) {
      open.quiet++;
      return open.quiet >= QUIET_SAMPLES ? this.#close(open) : undefined;
    }
    open.quiet = 0;
    open.lastLoudAt = timeMs;
    if (score <= incident.peak_score) return undefined;
    incident.peak_at = timeMs;
    incident.peak_value = value;
    incident.peak_score = score;
    incident.direction = side;
    incident.families = sample.families();
    if (score < open.toldScore + PEAK_STEP) return undefined;
    open.toldScore = score;
    return { type: "peak", incident: copyOf(incident) };
  }

  #close({ incident, lastLoudAt }: OpenIncident): IncidentEvent {
    this.#open = null;
    return { type: "closed", incident: { ...copyOf(incident), closed_at: lastLoudAt } };
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
