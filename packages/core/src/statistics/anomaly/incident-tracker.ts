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
  /** Quiet samples in a row; and samples in a row that lie where their hour usually is. */
  quiet: number;
  usual: number;
  /** Samples in a row that are an incident on the other side. */
  opposite: number;
  /** The value furthest out, and samples since. */
  furthest: number;
  sinceFurthest: number;
  /** The largest distance from what an hour usually is. */
  levelPeak: number;
  /** Time of the last sample that was not quiet, and of the last that was off, or of a mere pattern an alarm. */
  lastLoudAt: number;
  lastOffAt: number;
  /** Surprise when it was told last. */
  toldSurprise: number;
}

/** State of an `IncidentTracker`: plain JSON. */
export interface IncidentTrackerSnapshot {
  version: 4;
  /** Time until which no incident opens by what slow families say: they remember the last one. */
  lingers_until: number;
  open: OpenIncident | null;
}

/** A higher peak is told when its surprise has risen by this since it was last told. */
const PEAK_STEP = 0.5;
/** A sample below this share of the level that opens incidents is quiet, and so many in a row close one. */
const QUIET_SHARE = 0.5;
const LEAST_QUIET = 1;
const QUIET_SAMPLES = 6;
/** A sample no further from its hour's usual value than half of what the incident was, in surprise, or one hour in ten, is back: so many in a row end it. */
const OFF_SHARE = 0.5;
const OFF_SURPRISE = 1;
const USUAL_SAMPLES = 12;
/** While hours are not known a value outside of the range that was expected at the beginning is off, for so many samples after the one that was furthest out: then it is usual. */
const SETTLED_SAMPLES = 500;
const FURTHER = 1.1;
/**
 * The slowest mean forgets an incident in 500 samples, views that look back in 100: as long after one (of fast series two days at most,
 * of slow ones 100 samples) what slow families say alone opens none.
 */
const FORGETTING_SAMPLES = 500;
const FORGETTING_MS = 2 * 86_400_000;
const LOOKING_BACK_SAMPLES = 100;
/** An incident lasts no longer than it was off, and this or two intervals. */
const LONGEST_LINGER_MS = 3_600_000;
/** From this surprise on a value is far off: one hour in a hundred. So many in a row on the other side are another incident. */
const FAR_SURPRISE = 2;
const OPPOSITE_SAMPLES = 3;

/**
 * Makes one incident of a run of alarms, and ends it when the series is back at what is expected of it now.
 *
 * An alarm opens an incident. It is over after six quiet samples (below half the level that opens one); after twelve that lie where
 * their hour usually is, whatever slower families still remember; and at the latest when the samples have been back for as long as
 * they were off, and an hour or two intervals. Three samples that are off on the other side are another incident. `closed_at` is the last
 * sample that was off, or not quiet. Cost: O(1); an object only when something happens.
 */
export class IncidentTracker {
  #lingersUntil = 0;
  #open: OpenIncident | null = null;

  /** The open incident. */
  get current(): Incident | null {
    return this.#open === null ? null : copyOf(this.#open.incident);
  }

  /**
   * Takes the next judged sample, in order of time. While no incident is open only alarms matter.
   *
   * @returns What happened, in order; nothing for nearly every sample.
   */
  update(sample: WeighedSample): readonly IncidentEvent[] {
    if (this.#open !== null) return this.#follow(this.#open, sample);
    if (!sample.alarm) return NOTHING;
    // What slow families remember of the last incident is no other one; a sample that is off itself is.
    if (sample.timeMs < this.#lingersUntil && sample.directSurprise < sample.level) return NOTHING;
    return [this.#begin(sample)];
  }

  /** Closes the open incident although no sample says so. Undefined where none is open. */
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

  /** Whether values that were off are where their hours usually are again, or a pattern that was unusual is quiet, for long enough. */
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

/** Whether its values lay far from where their hours usually are: else only their pattern was unusual. */
const wasOff = ({ levelPeak }: OpenIncident): boolean => levelPeak >= FAR_SURPRISE;

const isOther = (one: Incident["direction"], other: Incident["direction"]): boolean =>
  (one === "above" && other === "below") || (one === "below" && other === "above");
