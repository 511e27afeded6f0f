import { requireSnapshot } from "../errors.ts";
import {
  copyOf,
  directionOf,
  type Ending,
  type Incident,
  type IncidentEvent,
  scoreOf,
  type WeighedSample,
} from "./incident.ts";

/** An incident that is open. */
interface OpenIncident {
  readonly incident: Incident;
  peakSurprise: number;
  /** Successive quiet samples, and successive samples near their hour's usual value. */
  quiet: number;
  usual: number;
  /** Successive samples that are an alarm on the other side. */
  opposite: number;
  /** The value furthest from the expected one, and the samples since. */
  furthest: number;
  sinceFurthest: number;
  /** The largest level surprise so far. */
  levelPeak: number;
  /** Time of the last sample that was not quiet; and of the last sample that was off, or was an alarm if only the pattern is unusual. */
  lastLoudAt: number;
  lastOffAt: number;
  /** Peak surprise in the last event. */
  toldSurprise: number;
}

/** State of an `IncidentTracker`: plain JSON. */
export interface IncidentTrackerSnapshot {
  version: 4;
  /** Until this time slow families alone open no incident, because slow families still remember the last one. */
  lingers_until: number;
  open: OpenIncident | null;
}

/** A higher peak gives an event only if its surprise is this much above the surprise of the last event. */
const PEAK_STEP = 0.5;
/** A sample is quiet below half the level that opens incidents (at least below 1); six successive quiet samples close an incident. */
const QUIET_SHARE = 0.5;
const LEAST_QUIET = 1;
const QUIET_SAMPLES = 6;
/**
 * A sample is off if its level surprise is at least half the incident's largest one, and at least 1 (one hour in ten). Twelve successive
 * samples that are not off close an incident.
 */
const OFF_SHARE = 0.5;
const OFF_SURPRISE = 1;
const USUAL_SAMPLES = 12;
/**
 * While hours are unknown, a value outside the range expected at the opening is off. 500 samples without a value that is further out by
 * a factor of 1.1 make the new level usual.
 */
const SETTLED_SAMPLES = 500;
const FURTHER = 1.1;
/**
 * Slow families alone open no incident for 500 samples after the last one (at most two days, at least 100 samples): the slowest mean
 * forgets an incident in 500 samples, the views over past samples in 100. Without this pause one incident would open twice.
 */
const FORGETTING_SAMPLES = 500;
const FORGETTING_MS = 2 * 86_400_000;
const LOOKING_BACK_SAMPLES = 100;
/** An incident closes at the latest when its samples have been back for as long as they were off, plus 1 h or two intervals. */
const LONGEST_LINGER_MS = 3_600_000;
/** A value is far off from this surprise on (one hour in a hundred). Three successive far-off alarms on the other side open another incident. */
const FAR_SURPRISE = 2;
const OPPOSITE_SAMPLES = 3;

/**
 * Joins a run of alarms into one incident, and closes the incident when the series is back at its expected values.
 *
 * An alarm opens an incident. The incident closes after six quiet samples (below half the level that opens incidents), after twelve
 * samples near their hour's usual value, and at the latest when the samples have been back for as long as they were off, plus an hour
 * or two intervals. Three far-off alarms on the other side close the incident and open another. `closed_at` is the last sample that was
 * off, or, if only the pattern was unusual, not quiet. Cost: O(1); an object is made only for an event.
 */
export class IncidentTracker {
  #lingersUntil = 0;
  #open: OpenIncident | null = null;

  /** The open incident. */
  get current(): Incident | null {
    return this.#open === null ? null : copyOf(this.#open.incident);
  }

  /**
   * Takes the next judged sample, in order of time.
   *
   * @returns Events in order; empty for nearly every sample.
   */
  update(sample: WeighedSample): readonly IncidentEvent[] {
    if (this.#open !== null) return this.#follow(this.#open, sample);
    if (!sample.alarm) return NOTHING;
    // Slow families still remember the last incident, so only level and step may open the next one.
    if (sample.timeMs < this.#lingersUntil && sample.directSurprise < sample.level) return NOTHING;
    return [this.#begin(sample)];
  }

  /** Closes the open incident for a reason other than its samples. Undefined if none is open. */
  close(ending: "level_shift" | "silent"): IncidentEvent | undefined {
    return this.#open === null ? undefined : this.#close(this.#open, ending, this.#lingersUntil);
  }

  snapshot(): IncidentTrackerSnapshot {
    return {
      version: 4,
      lingers_until: this.#lingersUntil,
      open: this.#open === null ? null : { ...this.#open, incident: copyOf(this.#open.incident) },
    };
  }

  /** Continues where `snapshot` was taken. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ version, lingers_until, open }: IncidentTrackerSnapshot): IncidentTracker {
    requireSnapshot(version === 4, "not an incident tracker of version 4");
    const restored = new IncidentTracker();
    restored.#lingersUntil = lingers_until;
    if (open === null) return restored;
    const { incident, quiet, usual, opposite, lastLoudAt, lastOffAt, toldSurprise } = open;
    requireSnapshot(
      [quiet, usual, opposite, open.sinceFurthest].every((x) => Number.isSafeInteger(x) && x >= 0),
      "a count is out of range",
    );
    requireSnapshot(
      [lastLoudAt, lastOffAt, toldSurprise, open.peakSurprise, open.levelPeak, open.furthest].every(
        Number.isFinite,
      ) && [incident.opened_at, incident.peak_at, incident.peak_value].every(Number.isFinite),
      "the open incident is damaged",
    );
    restored.#open = { ...open, incident: copyOf(incident) };
    return restored;
  }

  #begin(sample: WeighedSample): IncidentEvent {
    const { timeMs, value, surprise, expected, expectedLow, expectedHigh } = sample;
    const incident: Incident = {
      opened_at: timeMs,
      closed_at: null,
      peak_at: timeMs,
      peak_value: value,
      peak_score: scoreOf(surprise),
      direction: directionOf(sample),
      expected_low: expectedLow ?? null,
      expected_high: expectedHigh ?? null,
      expected,
      ...sample.unusual(),
      ending: null,
    };
    this.#open = {
      incident,
      peakSurprise: surprise,
      quiet: 0,
      usual: 0,
      opposite: 0,
      furthest: value,
      sinceFurthest: 0,
      levelPeak: sample.levelSurprise ?? FAR_SURPRISE,
      lastLoudAt: timeMs,
      lastOffAt: timeMs,
      toldSurprise: surprise,
    };
    return { type: "opened", incident: copyOf(incident) };
  }

  #follow(open: OpenIncident, sample: WeighedSample): readonly IncidentEvent[] {
    this.#count(open, sample);
    if (open.opposite >= OPPOSITE_SAMPLES)
      return [this.#close(open, "opposite", sample.timeMs), this.#begin(sample)];
    if (open.quiet >= QUIET_SAMPLES || this.#isBack(open, sample)) {
      return [this.#close(open, "recovered", sample.timeMs + lingeringMs(sample.intervalMs))];
    }
    return sample.surprise > open.peakSurprise ? this.#raise(open, sample) : NOTHING;
  }

  #count(open: OpenIncident, sample: WeighedSample): void {
    const { timeMs, surprise, level } = sample;
    this.#followFurthest(open, sample);
    const levelSurprise = sample.levelSurprise ?? this.#youngLevel(open, sample);
    if (levelSurprise > open.levelPeak) open.levelPeak = levelSurprise;
    const isOff = levelSurprise >= Math.max(OFF_SURPRISE, OFF_SHARE * open.levelPeak);
    open.usual = isOff ? 0 : open.usual + 1;
    if (wasOff(open) ? isOff : surprise >= level) open.lastOffAt = timeMs;
    const isQuiet = !isOff && surprise < Math.max(LEAST_QUIET, QUIET_SHARE * level);
    open.quiet = isQuiet ? open.quiet + 1 : 0;
    if (!isQuiet) open.lastLoudAt = timeMs;
    const isOpposite =
      levelSurprise >= FAR_SURPRISE &&
      surprise >= level &&
      isOther(open.incident.direction, directionOf(sample));
    open.opposite = isOpposite ? open.opposite + 1 : 0;
  }

  #followFurthest(open: OpenIncident, { value, expected }: WeighedSample): void {
    open.sinceFurthest++;
    if (!(Math.abs(value - expected) > FURTHER * Math.abs(open.furthest - expected))) return;
    open.furthest = value;
    open.sinceFurthest = 0;
  }

  #youngLevel({ incident, sinceFurthest }: OpenIncident, { value }: WeighedSample): number {
    const { expected_low, expected_high } = incident;
    const isOutside =
      expected_low !== null &&
      expected_high !== null &&
      !(value >= expected_low && value <= expected_high);
    return isOutside && sinceFurthest < SETTLED_SAMPLES ? FAR_SURPRISE : 0;
  }

  /** Whether the values are no longer off (or, if only the pattern was unusual, the samples are quiet) for long enough. */
  #isBack(open: OpenIncident, { timeMs, intervalMs }: WeighedSample): boolean {
    const back = wasOff(open) ? open.usual : open.quiet;
    if (back === 0) return false;
    const lasted = open.lastOffAt - open.incident.opened_at;
    const longest = lasted + Math.max(LONGEST_LINGER_MS, 2 * intervalMs);
    return back >= USUAL_SAMPLES || timeMs - open.lastOffAt > longest;
  }

  #raise(open: OpenIncident, sample: WeighedSample): readonly IncidentEvent[] {
    const { incident } = open;
    open.peakSurprise = sample.surprise;
    incident.peak_at = sample.timeMs;
    incident.peak_value = sample.value;
    incident.peak_score = scoreOf(sample.surprise);
    incident.direction = directionOf(sample);
    incident.expected = sample.expected;
    Object.assign(incident, sample.unusual());
    if (sample.surprise < open.toldSurprise + PEAK_STEP) return NOTHING;
    open.toldSurprise = sample.surprise;
    return [{ type: "peak", incident: copyOf(incident) }];
  }

  #close(open: OpenIncident, ending: Ending, lingersUntil: number): IncidentEvent {
    this.#open = null;
    this.#lingersUntil = lingersUntil;
    const closed_at = wasOff(open) ? open.lastOffAt : open.lastLoudAt;
    return { type: "closed", incident: { ...copyOf(open.incident), closed_at, ending } };
  }
}

const NOTHING: readonly IncidentEvent[] = [];

const lingeringMs = (intervalMs: number): number =>
  Math.max(
    LOOKING_BACK_SAMPLES * intervalMs,
    Math.min(FORGETTING_MS, FORGETTING_SAMPLES * intervalMs),
  );

/** Whether the incident's values were far from their hours' usual values. Otherwise only the pattern was unusual. */
const wasOff = ({ levelPeak }: OpenIncident): boolean => levelPeak >= FAR_SURPRISE;

const isOther = (one: Incident["direction"], other: Incident["direction"]): boolean =>
  (one === "above" && other === "below") || (one === "below" && other === "above");
