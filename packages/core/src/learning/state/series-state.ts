import type { SeriesSettings } from "../../contract/index.ts";
import type { Curve } from "../../curve.ts";
import {
  ChangeDetector,
  type ChangeDetectorSnapshot,
  SampleWindow,
  type Side,
  type Statistics,
  type Trend,
} from "../../statistics/index.ts";
import type { RecommendationMade, ThresholdInForce } from "../events.ts";
import { IncidentRanges } from "../judge/incident-ranges.ts";
import { currentJudge } from "../judge/old-judge.ts";
import { SeriesJudge } from "../judge/series-judge.ts";
import { SeriesSensitivity } from "../judge/series-sensitivity.ts";
import type { LastChange } from "../lasting-changes.ts";
import {
  learnableSamples,
  type Samples,
  type StatisticsThen,
  statisticsNow,
  trendOf,
} from "../learnable-samples.ts";
import { RecommendationHistory } from "../recommendations/recommendation-history.ts";
import { FIRST_RECOMMENDATION } from "../recommendations/recommendation-schedule.ts";
import {
  recommendationsOf,
  type SideRecommendation,
} from "../recommendations/series-recommendations.ts";
import type { ExcludedRange } from "../rules/excluded-ranges.ts";
import { alarmSettings, windowOptions } from "../rules/series-options.ts";
import { SideThresholds } from "../thresholds/side-thresholds.ts";
import {
  countsOf,
  droppedOf,
  noneUnlearned,
  type SampleCounts,
  type UnlearnedCounts,
  unlearnedOf,
} from "./sample-counts.ts";
import {
  type OldSeriesSnapshot,
  requireKnownSchema,
  SCHEMA,
  type SeriesSnapshot,
} from "./series-snapshot.ts";
import { loadColumns, storeColumns } from "./stored-columns.ts";

const NOTHING_EXCLUDED: readonly ExcludedRange[] = [];

/**
 * `SeriesState` is everything that one series knows, in fields of one object: parts of their own would cost each of a
 * million series memory, and each sample a way to them. The fields that each sample needs stand first, so that they lie
 * together in memory; those that most series never need are made when they are needed.
 *
 * Its methods read; `SeriesLearner` is this state and what changes it. A snapshot continues bit for bit; caches are no part of it.
 */
export class SeriesState {
  window: SampleWindow;
  judge: SeriesJudge;
  #settings: SeriesSettings;
  #points = 0;
  frozen = false;
  excluded: readonly ExcludedRange[] = NOTHING_EXCLUDED;
  protected resolutionMs: number;
  protected sides = new SideThresholds();
  /** Of a fast series one sample in so many is learned online, and those to pass over before the next. */
  protected stride = 1;
  protected passedOver = 0;
  /** Made with the 64th sample. */
  protected changes: ChangeDetector | undefined;
  /** Event time and number of samples from either of which on a recommendation is due. */
  protected dueAt = Number.POSITIVE_INFINITY;
  protected dueCount = FIRST_RECOMMENDATION;
  /** Made with the first sample that is not learned from, or not in order of time. */
  #unlearned: UnlearnedCounts | undefined;
  protected readonly history = new RecommendationHistory();
  /** The newest lasting change of its level. */
  lastChange: LastChange | null = null;
  protected sensitivity = SeriesSensitivity.UNMOVED;
  /** Made with the first anomaly. */
  protected incidents: IncidentRanges | undefined;
  /** Event time from which on samples are learned from: that of the last level shift. */
  protected learnsFrom = Number.NEGATIVE_INFINITY;
  #statistics: StatisticsThen | undefined;

  constructor(settings: SeriesSettings) {
    this.#settings = settings;
    this.resolutionMs = settings.detection_resolution_seconds * 1_000;
    this.window = new SampleWindow(windowOptions(settings));
    this.judge = new SeriesJudge(alarmSettings(settings, settings.sensitivity), settings.seasonal);
  }

  get settings(): SeriesSettings {
    return this.#settings;
  }

  protected set settings(settings: SeriesSettings) {
    this.#settings = settings;
    this.resolutionMs = settings.detection_resolution_seconds * 1_000;
    this.#statistics = undefined;
  }

  /** Samples in the history. */
  get points(): number {
    return this.#points;
  }

  protected set points(points: number) {
    this.#points = points;
  }

  /** Samples that were duplicates, too late or outside of the window. */
  get dropped(): number {
    return droppedOf(this.#unlearned);
  }

  /** Samples that came after newer ones: they fill the window, and teach no season, change or anomaly. */
  get untaught(): number {
    return this.#unlearned?.untaught ?? 0;
  }

  /** Samples by what became of them, as of now. Cost: an object. */
  get counts(): SampleCounts {
    return countsOf(this.#points, this.#unlearned);
  }

  protected countUnlearned(kind: keyof UnlearnedCounts): void {
    this.#unlearned ??= noneUnlearned();
    this.#unlearned[kind]++;
  }

  /** The threshold in force of a side, as it was last handed out. */
  threshold(side: Side): ThresholdInForce | null {
    return this.sides.get(side)?.inForce ?? null;
  }

  /** The value of a side's threshold at a time (ms), as who subscribed to it has it; null where none is in force. */
  thresholdAt(side: Side, time: number): number | null {
    return this.sides.get(side)?.at(time) ?? null;
  }

  /** The same at the series' newest sample, with which it is compared: samples may be far behind the clock, or history. */
  thresholdNow(side: Side): number | null {
    return this.thresholdAt(side, this.window.newestTime ?? 0);
  }

  /** What is expected of a side's threshold; undefined where it is constant, or none is in force. Cost: a list. */
  scheduleOf(side: Side): Curve | undefined {
    return this.sides.get(side)?.schedule;
  }

  /** The thresholds in force, the upper one first. */
  get thresholds(): { side: Side; threshold: ThresholdInForce }[] {
    return this.sides.inForce();
  }

  /** The last 100 recommendations, oldest first. Cost: an object each. */
  get madeRecommendations(): RecommendationMade[] {
    return this.history.toArray();
  }

  /** The newest recommendation in the history. */
  get lastRecommendation(): RecommendationMade | undefined {
    return this.history.last;
  }

  /** Statistics of the window; computed at most once per `statistics_cache_seconds` of event time. Undefined while it is empty. */
  statistics(): Statistics | undefined {
    this.#statistics = statisticsNow(this.window, this.#settings, this.#statistics);
    return this.#statistics?.value;
  }

  trend(): Trend {
    return trendOf(this.window, this.#settings, this.sides.adaptive);
  }

  /**
   * What the window says now about each threshold that is learned, the upper one first; nothing under 16 samples.
   * Cost: O(window), below 0.2 ms for 10,000 samples.
   */
  recommendations(): SideRecommendation[] {
    return recommendationsOf(this.window, this.#settings, this.sides, () => this.learnable());
  }

  /** What is learned from: what came since the last level shift, without incidents. Good until the next call. */
  protected learnable(): Samples {
    return learnableSamples(this.window, this.learnsFrom, this.incidents);
  }

  snapshot(): SeriesSnapshot {
    return {
      schema: SCHEMA,
      counts: this.counts,
      frozen: this.frozen,
      optimisations: this.madeRecommendations,
      excluded: this.excluded,
      sensitivity: this.sensitivity.snapshot(),
      lastChange: this.lastChange,
      learnsFrom: this.learnsFrom,
      dueAt: this.dueAt,
      dueCount: this.dueCount,
      stride: this.stride,
      passedOver: this.passedOver,
      window: this.window.snapshot(),
      judge: this.judge.snapshot(),
      sides: this.sides.snapshot(),
      changes: this.changes === undefined ? null : storeColumns(this.changes.snapshot()),
      incidents: this.incidents?.snapshot() ?? [],
    };
  }

  /** Makes a new series the one of the snapshot. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  protected load(snapshot: SeriesSnapshot | OldSeriesSnapshot): void {
    requireKnownSchema(snapshot);
    this.#points = snapshot.counts.points;
    this.#unlearned = unlearnedOf(snapshot.counts);
    this.frozen = snapshot.frozen;
    for (const made of snapshot.optimisations) this.history.add(made);
    if (snapshot.excluded.length > 0) this.excluded = snapshot.excluded;
    this.sensitivity = SeriesSensitivity.restore(snapshot.sensitivity);
    this.lastChange = snapshot.lastChange;
    this.learnsFrom = snapshot.learnsFrom;
    this.dueAt = snapshot.dueAt;
    this.dueCount = snapshot.dueCount;
    this.stride = snapshot.stride;
    this.passedOver = snapshot.passedOver;
    this.window = SampleWindow.restore(snapshot.window, windowOptions(this.#settings).keep);
    const judge = currentJudge(snapshot.judge, snapshot.schema);
    this.judge = SeriesJudge.restore(judge, this.judge.settings);
    this.judge.seasonal = this.#settings.seasonal;
    this.sides = SideThresholds.restore(snapshot.sides);
    if (snapshot.changes !== null)
      this.changes = ChangeDetector.restore(loadColumns<ChangeDetectorSnapshot>(snapshot.changes));
    if (snapshot.incidents.length > 0) this.incidents = IncidentRanges.restore(snapshot.incidents);
  }
}
