import {
  AnomalyDetector,
  type AnomalyDetectorSnapshot,
  type Incident,
  type IncidentEvent,
  IncidentTracker,
  type IncidentTrackerSnapshot,
} from "../stats/index.ts";
import { loadColumns, type Stored, storeColumns } from "./stored-columns.ts";

/** An open anomaly without samples for this many usual intervals, or this long, is closed. */
const SILENT_INTERVALS = 20;
const MIN_SILENCE_MS = 60_000;
const INTERVAL_RATE = 0.05;
/** Share of the window, and least samples, for which an open anomaly keeps recommendations waiting. */
const INCIDENT_SHARE = 0.25;
const INCIDENT_SAMPLES = 100;

/** Samples since an alarm that never was, in a tracker's snapshot. */
const NEVER = Number.MAX_SAFE_INTEGER;
const NOTHING: readonly IncidentEvent[] = [];

/** State of a {@link SeriesJudge}: plain data, which MessagePack may carry. */
export interface JudgeSnapshot {
  readonly judged: number;
  readonly anomalies: number;
  readonly lastValue: number;
  readonly lastJudgedAt: number;
  readonly intervalMs: number;
  readonly incidentSamples: number;
  readonly score: number;
  readonly detector: Stored<AnomalyDetectorSnapshot>;
  readonly incidents: IncidentTrackerSnapshot;
}

/**
 * Judges the samples of one series in order of time: scores them, and makes incidents of the scores.
 *
 * A sample that follows the last judged one within the resolution is judged only where it leaves the
 * range that the series had so far: a fast series costs little, and what stands out is seen at once.
 */
export class SeriesJudge {
  /** Samples judged. */
  judged = 0;
  /** Anomalies opened. */
  anomalies = 0;
  /** Score of the last sample, 0–1; 0 where it was not judged. */
  score = 0;
  lastValue = Number.NaN;
  /** Event time of the last judged sample, ms. */
  lastJudgedAt = Number.NEGATIVE_INFINITY;
  /** Usual milliseconds between two judged samples. */
  intervalMs = 0;
  /** Judged samples since the open anomaly opened. */
  incidentSamples = 0;
  #detector: AnomalyDetector;
  /** Made with the first alarm: until then it would only count. */
  #incidents: IncidentTracker | undefined;

  constructor(sensitivity: number) {
    this.#detector = new AnomalyDetector({ sensitivity });
  }

  get sensitivity(): number {
    return this.#detector.sensitivity;
  }

  set sensitivity(sensitivity: number) {
    this.#detector.sensitivity = sensitivity;
  }

  /** The incident that is open now. */
  get open(): Incident | null {
    return this.#incidents?.current ?? null;
  }

  /**
   * @param time Event time, ms; a sample that is not newer than the last judged one is not judged.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   * Cost: below 1 µs a judged sample, a tenth of it for the others.
   */
  judge(time: number, value: number, resolutionMs: number): readonly IncidentEvent[] {
    this.score = 0;
    const sinceJudged = time - this.lastJudgedAt;
    if (sinceJudged <= 0) return NOTHING;
    const detector = this.#detector;
    if (sinceJudged < resolutionMs && detector.expects(value)) {
      this.lastValue = value;
      return NOTHING;
    }
    const score = detector.update(time, value);
    this.score = score;
    const incidents = score < detector.alarmScore ? this.#incidents : this.#trackIncidents();
    if (this.lastJudgedAt > 0) this.#followInterval(sinceJudged);
    this.lastJudgedAt = time;
    this.lastValue = value;
    this.judged++;
    if (this.incidentSamples > 0) this.incidentSamples++;
    if (incidents === undefined) return NOTHING;
    const { alarmScore, expectedLow, expectedHigh } = detector;
    const sample = { timeMs: time, value, score, alarmScore, expectedLow, expectedHigh };
    const events = incidents.update(sample);
    for (const event of events) this.#onEvent(event);
    return events;
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
    if (silentAt === undefined || now < silentAt) return undefined;
    const event = this.#incidents?.close();
    if (event !== undefined) this.#onEvent(event);
    return event;
  }

  snapshot(): JudgeSnapshot {
    return {
      judged: this.judged,
      anomalies: this.anomalies,
      lastValue: this.lastValue,
      lastJudgedAt: this.lastJudgedAt,
      intervalMs: this.intervalMs,
      incidentSamples: this.incidentSamples,
      score: this.score,
      detector: storeColumns(this.#detector.snapshot()),
      incidents: (this.#incidents ?? this.#quietTracker()).snapshot(),
    };
  }

  /** Continues where the snapshot was taken, bit for bit. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ detector, incidents, ...plain }: JudgeSnapshot): SeriesJudge {
    const restored = new SeriesJudge(1);
    Object.assign(restored, plain);
    restored.#detector = AnomalyDetector.restore(loadColumns<AnomalyDetectorSnapshot>(detector));
    if (incidents.since_alarm !== NEVER) restored.#incidents = IncidentTracker.restore(incidents);
    return restored;
  }

  #trackIncidents(): IncidentTracker {
    this.#incidents ??= this.#quietTracker();
    return this.#incidents;
  }

  /** A tracker that has seen every judged sample so far, and no alarm. */
  #quietTracker(): IncidentTracker {
    return IncidentTracker.restore({
      version: 1,
      seen: this.judged,
      since_alarm: NEVER,
      quiet: 0,
      last_at: this.judged === 0 ? null : this.lastJudgedAt,
      last_loud_at: 0,
      told_score: 0,
      suppressed: 0,
      current: null,
    });
  }

  #onEvent({ type }: IncidentEvent): void {
    if (type === "opened") {
      this.anomalies++;
      this.incidentSamples = 1;
    }
    if (type === "closed") this.incidentSamples = 0;
  }

  #followInterval(gap: number): void {
    this.intervalMs =
      this.intervalMs === 0 ? gap : this.intervalMs + INTERVAL_RATE * (gap - this.intervalMs);
  }
}
