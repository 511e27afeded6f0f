import {
  AlarmRule,
  type AlarmRuleSnapshot,
  type AlarmSettings,
  AnomalyDetector,
  type AnomalyDetectorSnapshot,
  type Incident,
  type IncidentEvent,
  IncidentTracker,
  type IncidentTrackerSnapshot,
  type LabelOutcome,
  type OldDetectorSnapshot,
  SUPPRESSIONS,
  type Suppression,
  scoreOf,
  type Verdict,
} from "../../statistics/index.ts";
import { loadColumns, type Stored, storeColumns } from "../state/stored-columns.ts";

/** An open anomaly is closed after 20 usual intervals without samples, and not before a minute. */
const SILENT_INTERVALS = 20;
const MIN_SILENCE_MS = 60_000;
/**
 * An open anomaly holds recommendations back for a tenth of the window, or for 30 samples where those are more. Both values
 * were chosen on synthetic series in the closed loop (from 0.25 and 0.1; from 100, 30 and 12): an anomaly opens within a
 * few samples, and a longer wait makes the threshold late.
 */
const INCIDENT_SHARE = 0.1;
const INCIDENT_SAMPLES = 30;
const NOTHING: readonly IncidentEvent[] = [];

/** State of a {@link SeriesJudge}: plain data, which MessagePack may carry. */
export interface JudgeSnapshot {
  readonly anomalies: number;
  readonly lastValue: number;
  readonly lastJudgedAt: number;
  readonly incidentSamples: number;
  readonly isScored: boolean;
  readonly sensitivity: number;
  /** Counts in the order of `SUPPRESSIONS`. */
  readonly suppressed: readonly number[];
  readonly detector: Stored<AnomalyDetectorSnapshot> | Stored<OldDetectorSnapshot>;
  readonly rule: AlarmRuleSnapshot | null;
  readonly incidents: IncidentTrackerSnapshot | null;
}

/** Number of suppressed alarms, by reason. */
export type SuppressionCounts = Readonly<Record<Suppression, number>>;

/**
 * Judges the samples of one series in order of time: scores each sample, decides which scores are alarms, and groups alarms
 * into incidents.
 *
 * A sample that follows the last judged sample within the resolution is judged only where its value leaves the range that
 * the series had so far. A fast series therefore costs little, and an outlier is still seen at once.
 */
export class SeriesJudge {
  /** Anomalies opened. */
  anomalies = 0;
  /** Whether the last sample was judged. */
  isScored = false;
  lastValue = Number.NaN;
  /** Event time of the last judged sample, ms. */
  lastJudgedAt = Number.NEGATIVE_INFINITY;
  /** Judged samples since the open anomaly opened. */
  incidentSamples = 0;
  settings: AlarmSettings;
  #detector: AnomalyDetector;
  #rule = new AlarmRule();
  /** Created with the first alarm, since a tracker has nothing to track before. */
  #incidents: IncidentTracker | undefined;
  /** Created with the first suppressed alarm. */
  #suppressed: number[] | undefined;

  /** @param seasonal Whether the series may follow days and weeks. */
  constructor(settings: AlarmSettings, seasonal = true) {
    this.settings = settings;
    this.#detector = new AnomalyDetector(seasonal);
  }

  /** A change of this setting discards the learned season. */
  set seasonal(wanted: boolean) {
    this.#detector.seasonal = wanted;
  }

  /** The incident that is open now. */
  get open(): Incident | null {
    return this.#incidents?.current ?? null;
  }

  /**
   * Score of the last sample, 0–1: 1 − the share of the series' hours that hold as much (see `heldSurprise`); 0 where the
   * sample was not judged.
   */
  get score(): number {
    return this.isScored ? scoreOf(this.#detector.heldSurprise) : 0;
  }

  /**
   * Share of the alarm budget that is spent: incidents of the last fourteen days over the budget. Older incidents weigh less;
   * incidents that people labelled as right do not count.
   */
  budgetSpentAt(time: number): number {
    return this.#rule.recentAt(time) / this.settings.budget;
  }

  /** Number of judged samples. */
  get judged(): number {
    return this.#detector.count;
  }

  /** Usual milliseconds between two judged samples, 0 before the second. */
  get intervalMs(): number {
    return this.#detector.intervalMs;
  }

  /** Number of suppressed alarms, by reason. */
  get suppressed(): SuppressionCounts {
    const counts = this.#suppressed;
    return Object.fromEntries(
      SUPPRESSIONS.map((reason, i) => [reason, counts?.[i] ?? 0]),
    ) as SuppressionCounts;
  }

  /** Adds the suppressed alarms, times `factor`, to `totals`, in the order of `SUPPRESSIONS`. Cost: nothing where there are none. */
  addSuppressed(totals: number[], factor: number): void {
    this.#suppressed?.forEach((count, reason) => {
      totals[reason]! += factor * count;
    });
  }

  /**
   * @param time Event time, ms; a sample that is not newer than the last judged sample is not judged.
   * @param offsetMs Milliseconds by which local time is ahead of UTC.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   * Cost: below 2 µs a judged sample, a twentieth of that any other sample.
   */
  judge(time: number, value: number, resolutionMs: number, offsetMs = 0): readonly IncidentEvent[] {
    this.isScored = false;
    const sinceJudged = time - this.lastJudgedAt;
    if (sinceJudged <= 0) return NOTHING;
    const detector = this.#detector;
    if (sinceJudged < resolutionMs && detector.expects(value)) {
      this.lastValue = value;
      return NOTHING;
    }
    const seen = detector.count;
    detector.update(time + offsetMs, value);
    this.isScored = true;
    this.lastJudgedAt = time;
    this.lastValue = value;
    // The path of nearly every sample: little surprise, and no incident was ever open.
    if (detector.surprise + detector.doubt < 1 && this.#incidents === undefined) return NOTHING;
    return this.#weigh(time, value, seen);
  }

  /** Learns a label of an anomaly, or of a missed anomaly: see `AlarmRule.label`. */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): LabelOutcome {
    return this.#rule.label({ openedAt, verdict, weight, now }, this.settings, this.intervalMs);
  }

  /** Whether an open anomaly holds recommendations back; an anomaly longer than a tenth of the window is the new normal. */
  holdsBack(windowLength: number): boolean {
    const { incidentSamples } = this;
    return (
      incidentSamples > 0 &&
      incidentSamples <= Math.max(INCIDENT_SAMPLES, INCIDENT_SHARE * windowLength)
    );
  }

  /** Event time (ms) from which on {@link closeIfSilent} closes the open incident. */
  get silentAt(): number | undefined {
    if (this.open === null) return undefined;
    return this.lastJudgedAt + Math.max(MIN_SILENCE_MS, SILENT_INTERVALS * this.intervalMs);
  }

  /** Closes the open incident when the series has gone silent. */
  closeIfSilent(now: number): IncidentEvent | undefined {
    const { silentAt } = this;
    return silentAt === undefined || now < silentAt ? undefined : this.#close("silent");
  }

  /** Makes the level after a level shift the new normal, and closes the open incident. @param by Change of the level. */
  settle(by: number): IncidentEvent | undefined {
    this.#detector.shift(by);
    return this.#close("level_shift");
  }

  snapshot(): JudgeSnapshot {
    return {
      anomalies: this.anomalies,
      lastValue: this.lastValue,
      lastJudgedAt: this.lastJudgedAt,
      incidentSamples: this.incidentSamples,
      isScored: this.isScored,
      sensitivity: this.settings.sensitivity,
      suppressed: this.#suppressed ?? [],
      detector: storeColumns(this.#detector.snapshot()),
      rule: this.#rule.snapshot(),
      incidents: this.#incidents?.snapshot() ?? null,
    };
  }

  /**
   * Continues bit for bit where the snapshot was taken: the sensitivity is the snapshot's, other settings are as given.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
   */
  static restore(snapshot: JudgeSnapshot, settings: AlarmSettings): SeriesJudge {
    const { detector, rule, incidents, suppressed, sensitivity, ...plain } = snapshot;
    const restored = new SeriesJudge({ ...settings, sensitivity });
    Object.assign(restored, plain);
    restored.#detector = AnomalyDetector.restore(
      loadColumns<AnomalyDetectorSnapshot | OldDetectorSnapshot>(detector),
    );
    restored.#rule = AlarmRule.restore(rule);
    if (incidents !== null) restored.#incidents = IncidentTracker.restore(incidents);
    if (suppressed.length > 0) restored.#suppressed = [...suppressed];
    return restored;
  }

  /** Decides whether the surprise of the last sample is an alarm, and updates the incident. */
  #weigh(time: number, value: number, seen: number): readonly IncidentEvent[] {
    if (this.incidentSamples > 0) this.incidentSamples++;
    const detector = this.#detector;
    const { surprise, surprises, doubt, expected, expectedLow, expectedHigh, intervalMs } =
      detector;
    const sample = { timeMs: time, value, expected, surprise, doubt, surprises, intervalMs, seen };
    const found = this.#rule.judge(sample, this.settings);
    if (found !== undefined && found !== "alarm") this.#suppress(found);
    const alarm = found === "alarm";
    // A sample of an open incident is no near miss: the incident's own messages report the sample.
    if (!alarm && this.incidentSamples === 0) this.#rule.untold(sample, this.settings);
    if (alarm) this.#incidents ??= new IncidentTracker();
    const incidents = this.#incidents;
    if (incidents === undefined) return NOTHING;
    const events = incidents.update({
      timeMs: time,
      value,
      surprise,
      levelSurprise: detector.levelSurprise,
      directSurprise: detector.directSurprise,
      level: this.#rule.levelOf(sample, this.settings),
      alarm,
      expectedLow,
      expectedHigh,
      unusual: () => detector.unusual(),
      expected,
      intervalMs,
    });
    for (const event of events) {
      if (event.type === "opened") this.#rule.opened(sample);
      this.#onEvent(event);
    }
    return events;
  }

  #close(ending: "level_shift" | "silent"): IncidentEvent | undefined {
    const event = this.#incidents?.close(ending);
    if (event !== undefined) this.#onEvent(event);
    return event;
  }

  #suppress(reason: Suppression): void {
    this.#suppressed ??= SUPPRESSIONS.map(() => 0);
    this.#suppressed[SUPPRESSIONS.indexOf(reason)]!++;
  }

  #onEvent({ type }: IncidentEvent): void {
    if (type === "opened") {
      this.anomalies++;
      this.incidentSamples = 1;
    }
    if (type === "closed") this.incidentSamples = 0;
  }
}
