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
  SUPPRESSIONS,
  type Suppression,
  scoreOf,
  type Verdict,
  VIEW_FAMILIES,
  type ViewFamily,
} from "../stats/index.ts";
import { loadColumns, type Stored, storeColumns } from "./stored-columns.ts";

/** An open anomaly without samples for this many usual intervals, or this long, is closed. */
const SILENT_INTERVALS = 20;
const MIN_SILENCE_MS = 60_000;
/** Share of the window, and least samples, for which an open anomaly keeps recommendations waiting. */
const INCIDENT_SHARE = 0.25;
const INCIDENT_SAMPLES = 100;
/** Evidence, at sensitivity 1, below which a sample of an open anomaly is quiet. */
const RELEASE_EVIDENCE = 0.05;
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
  readonly detector: Stored<AnomalyDetectorSnapshot>;
  readonly rule: AlarmRuleSnapshot;
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

  /** Score of the last sample, 0–1; 0 where it was not judged. */
  get score(): number {
    return this.isScored ? this.#detector.score : 0;
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
    // Nearly every sample: it says nothing, and nothing is open.
    if (detector.evidence === 0 && this.incidentSamples === 0) return NOTHING;
    return this.#weigh(time, value, seen);
  }

  /**
   * Learns what people said of an anomaly: see `AlarmRule.label`.
   *
   * @returns Whether its kind was found and learned.
   */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): boolean {
    return this.#rule.label(openedAt, verdict, weight, now);
  }

  /** Whether an open anomaly keeps recommendations waiting: one that lasts a quarter of the window is the new normal. */
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
    return silentAt === undefined || now < silentAt ? undefined : this.close();
  }

  /** Closes the open incident, where there is one: its level is the new normal. */
  close(): IncidentEvent | undefined {
    const event = this.#incidents?.close();
    if (event !== undefined) this.#onEvent(event);
    return event;
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
    restored.#detector = AnomalyDetector.restore(loadColumns<AnomalyDetectorSnapshot>(detector));
    restored.#rule = AlarmRule.restore(rule);
    if (incidents !== null) restored.#incidents = IncidentTracker.restore(incidents);
    if (suppressed.length > 0) restored.#suppressed = [...suppressed];
    return restored;
  }

  /** Decides whether the evidence of the last sample is an alarm, and what becomes of the incident. */
  #weigh(time: number, value: number, seen: number): readonly IncidentEvent[] {
    if (this.incidentSamples > 0) this.incidentSamples++;
    const { evidence, expected, excesses, expectedLow, expectedHigh } = this.#detector;
    const point = { timeMs: time, value, expected, evidence, excesses, seen };
    const found = this.#rule.judge(point, this.settings);
    if (found !== undefined && found !== "alarm") this.#suppress(found);
    const alarm = found === "alarm";
    if (alarm) this.#incidents ??= new IncidentTracker();
    const incidents = this.#incidents;
    if (incidents === undefined) return NOTHING;
    if (alarm && this.incidentSamples === 0 && incidents.isRefractory(seen))
      this.#suppress("refractory");
    const event = incidents.update({
      seen,
      timeMs: time,
      value,
      score: this.score,
      alarm,
      releaseScore: scoreOf(RELEASE_EVIDENCE / this.settings.sensitivity),
      expectedLow,
      expectedHigh,
      families: () => familiesOf(excesses),
    });
    if (event === undefined) return NOTHING;
    if (event.type === "opened") this.#rule.opened(point);
    this.#onEvent(event);
    return [event];
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

/** Families whose views left their ranges, the furthest first. */
function familiesOf(excesses: readonly number[]): ViewFamily[] {
  return VIEW_FAMILIES.map((family, i) => ({ family, excess: excesses[i]! }))
    .filter(({ excess }) => excess > 0)
    .sort((a, b) => b.excess - a.excess)
    .map(({ family }) => family);
}
