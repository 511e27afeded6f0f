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

/** An open anomaly without samples for this many usual intervals, or this long, is closed. */
const SILENT_INTERVALS = 20;
const MIN_SILENCE_MS = 60_000;
/**
 * Share of the window, and least samples, for which an open anomaly keeps recommendations waiting. Chosen on synthetic series in the
 * closed loop (of 0.25 and 0.1; 100, 30 and 12): an anomaly is told within samples, and what it waits for the threshold is late.
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
  /** By the order of `SUPPRESSIONS`. */
  readonly suppressed: readonly number[];
  readonly detector: Stored<AnomalyDetectorSnapshot> | Stored<OldDetectorSnapshot>;
  readonly rule: AlarmRuleSnapshot | null;
  readonly incidents: IncidentTrackerSnapshot | null;
}

/** Alarms that were none, by reason. */
export type SuppressionCounts = Readonly<Record<Suppression, number>>;

/**
 * Judges the samples of one series in order of time: scores them, decides which scores are alarms, and makes incidents of
 * those.
 *
 * A sample that follows the last judged one within the resolution is judged only where it leaves the
 * range that the series had so far: a fast series costs little, and what stands out is seen at once.
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
  /** Made with the first alarm: until then it would only count. */
  #incidents: IncidentTracker | undefined;
  /** Made with the first alarm that was none. */
  #suppressed: number[] | undefined;

  /** @param seasonal Whether the series may follow days and weeks. */
  constructor(settings: AlarmSettings, seasonal = true) {
    this.settings = settings;
    this.#detector = new AnomalyDetector(seasonal);
  }

  /** What was known of the season is let go of where it changes. */
  set seasonal(wanted: boolean) {
    this.#detector.seasonal = wanted;
  }

  /** The incident that is open now. */
  get open(): Incident | null {
    return this.#incidents?.current ?? null;
  }

  /** Score of the last sample: 1 − the share of hours that hold so much (see `heldSurprise`), 0–1; 0 where it was not judged. */
  get score(): number {
    return this.isScored ? scoreOf(this.#detector.heldSurprise) : 0;
  }

  /** Incidents of the last fourteen days, older ones weighing less, those that people called right left out, over the budget. */
  budgetSpentAt(time: number): number {
    return this.#rule.recentAt(time) / this.settings.budget;
  }

  /** Samples judged. */
  get judged(): number {
    return this.#detector.count;
  }

  /** Usual milliseconds between two judged samples, 0 before the second. */
  get intervalMs(): number {
    return this.#detector.intervalMs;
  }

  /** How often evidence enough for an alarm was none, by reason. */
  get suppressed(): SuppressionCounts {
    const counts = this.#suppressed;
    return Object.fromEntries(
      SUPPRESSIONS.map((reason, i) => [reason, counts?.[i] ?? 0]),
    ) as SuppressionCounts;
  }

  /** Adds those counts, times `factor`, to `totals`, in the order of `SUPPRESSIONS`. Cost: nothing where there were none. */
  addSuppressed(totals: number[], factor: number): void {
    this.#suppressed?.forEach((count, reason) => {
      totals[reason]! += factor * count;
    });
  }

  /**
   * @param time Event time, ms; a sample that is not newer than the last judged one is not judged.
   * @param offsetMs What local time is ahead of UTC, ms.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   * Cost: below 2 µs a judged sample, a twentieth of it for the others.
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
    // Nearly every sample: it says little, and nothing was open yet.
    if (detector.surprise + detector.doubt < 1 && this.#incidents === undefined) return NOTHING;
    return this.#weigh(time, value, seen);
  }

  /** Learns what people said of an anomaly, or of one that they missed: see `AlarmRule.label`. */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): LabelOutcome {
    return this.#rule.label({ openedAt, verdict, weight, now }, this.settings, this.intervalMs);
  }

  /** Whether an open anomaly keeps recommendations waiting: one that lasts a tenth of the window is the new normal. */
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

  /** Ends the open incident, where there is one: its level is the new normal. @param by What the level has moved by. */
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

  /** Continues where the snapshot was taken, bit for bit: with its sensitivity, and other settings as given. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
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

  /** Decides whether the surprise of the last sample is an alarm, and what becomes of the incident. */
  #weigh(time: number, value: number, seen: number): readonly IncidentEvent[] {
    if (this.incidentSamples > 0) this.incidentSamples++;
    const detector = this.#detector;
    const { surprise, surprises, doubt, expected, expectedLow, expectedHigh, intervalMs } =
      detector;
    const sample = { timeMs: time, value, expected, surprise, doubt, surprises, intervalMs, seen };
    const found = this.#rule.judge(sample, this.settings);
    if (found !== undefined && found !== "alarm") this.#suppress(found);
    const alarm = found === "alarm";
    // While an incident is open it is what is told.
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
