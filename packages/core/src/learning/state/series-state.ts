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
 * `SeriesState` holds everything that one series knows in the fields of one object: nested objects would cost memory for
 * each of a million series and an indirection for each sample. The fields that each sample needs stand first, so that these
 * fields lie together in memory; fields that most series never need are created on first use.
 *
 * Methods of `SeriesState` only read; `SeriesLearner` extends the state with methods that change it. A restored snapshot
 * continues bit for bit; caches are not part of a snapshot.
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
  /** Of a fast series one sample in `stride` is learned online; `passedOver` is the number of samples to skip until then. */
  protected stride = 1;
  protected passedOver = 0;
  /** Created with the 64th sample. */
  protected changes: ChangeDetector | undefined;
  /** A recommendation is due from this event time on, or from this number of samples on. */
  protected dueAt = Number.POSITIVE_INFINITY;
  protected dueCount = FIRST_RECOMMENDATION;
  /** Created with the first sample that is not learned from, or not in order of time. */
  #unlearned: UnlearnedCounts | undefined;
  protected readonly history = new RecommendationHistory();
  /** The newest lasting change of the level. */
  lastChange: LastChange | null = null;
  protected sensitivity = SeriesSensitivity.UNMOVED;
  /** Created with the first anomaly. */
  protected incidents: IncidentRanges | undefined;
  /** Event time of the last level shift; older samples are not learned from. */
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

  /** Number of samples that entered the window, ever. */
  get points(): number {
    return this.#points;
  }

  protected set points(points: number) {
    this.#points = points;
  }

  /** Number of samples that were duplicates, too late or outside of the window. */
  get dropped(): number {
    return droppedOf(this.#unlearned);
  }

  /** Number of samples older than the newest on arrival: such samples fill the window and teach no season, change or anomaly. */
  get untaught(): number {
    return this.#unlearned?.untaught ?? 0;
  }

  /** Current numbers of samples, by how each sample was handled. Cost: an object. */
  get counts(): SampleCounts {
    return countsOf(this.#points, this.#unlearned);
  }

  protected countUnlearned(kind: keyof UnlearnedCounts): void {
    this.#unlearned ??= noneUnlearned();
    this.#unlearned[kind]++;
  }

  /** The threshold in force of a side, as last published. */
  threshold(side: Side): ThresholdInForce | null {
    return this.sides.get(side)?.inForce ?? null;
  }

  /** The value of a side's threshold at a time (ms), as subscribers have it; null where none is in force. */
  thresholdAt(side: Side, time: number): number | null {
    return this.sides.get(side)?.at(time) ?? null;
  }

  /** The value of a side's threshold at the newest sample's event time, since samples may be far behind the clock. */
  thresholdNow(side: Side): number | null {
    return this.thresholdAt(side, this.window.newestTime ?? 0);
  }

  /** The curve of a side's threshold; undefined where the threshold is constant or none is in force. Cost: a list. */
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

  /** Statistics of the window, computed at most once per `statistics_cache_seconds` of event time; undefined for an empty window. */
  statistics(): Statistics | undefined {
    this.#statistics = statisticsNow(this.window, this.#settings, this.#statistics);
    return this.#statistics?.value;
  }

  trend(): Trend {
    return trendOf(this.window, this.#settings, this.sides.adaptive);
  }

  /**
   * Recommendations from the current window for each learned side, the upper one first; none under 16 samples.
   * Cost: O(window), below 0.2 ms for 10,000 samples.
   */
  recommendations(): SideRecommendation[] {
    return recommendationsOf(this.window, this.#settings, this.sides, () => this.learnable());
  }

  /** Samples to learn from: those since the last level shift, without incidents. Valid until the next call for any series. */
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

  /** Loads a snapshot into a new series. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
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
