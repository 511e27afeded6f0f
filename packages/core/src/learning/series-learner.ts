import type { Curve } from "../curve.ts";
import type { SeriesSettings } from "../messages/index.ts";
import {
  type AlarmSettings,
  type Change,
  ChangeDetector,
  type ChangeDetectorSnapshot,
  describe,
  type IncidentEvent,
  type Moment,
  type Recommendation,
  recommend,
  requireFinite,
  SampleWindow,
  Scratch,
  type Season,
  type Side,
  type Statistics,
  StatsError,
  trend,
  zoneOffset,
} from "../stats/index.ts";
import type { DecayingFactor } from "./decaying-factor.ts";
import { describeChange } from "./describe-change.ts";
import type { RecommendationMade, SeriesEvent, ThresholdInForce } from "./events.ts";
import { type ExcludedRange, exclude, isExcluded } from "./excluded-ranges.ts";
import { IncidentRanges } from "./incident-ranges.ts";
import { type AnyJudgeSnapshot, currentJudge } from "./old-judge.ts";
import { gapAfter, strideOf } from "./online-stride.ts";
import { RecommendationHistory } from "./recommendation-history.ts";
import { recommendationOptions } from "./recommendation-options.ts";
import { SeriesJudge } from "./series-judge.ts";
import { SeriesSensitivity } from "./series-sensitivity.ts";
import {
  type LastChange,
  OLDEST_SCHEMA,
  type SampleCounts,
  SCHEMA,
  type SeriesSnapshot,
} from "./series-snapshot.ts";
import {
  boundedRecommendation,
  boundedThreshold,
  type SideThreshold,
  type ThresholdMove,
} from "./side-threshold.ts";
import { learnedSides, SideThresholds } from "./side-thresholds.ts";
import { loadColumns, storeColumns } from "./stored-columns.ts";

/** From this many samples on there is a recommendation; a provisional one at first. */
const FIRST_RECOMMENDATION = 16;
/** From this many samples on lasting changes are looked for: a new series is to cost little. */
const FIRST_CHANGE = 64;
/** From this many samples on thresholds are learned online, from the samples of the window on. */
const FIRST_ONLINE = 64;
type UnlearnedCounts = Omit<SampleCounts, "points">;
const NONE_UNLEARNED: UnlearnedCounts = {
  duplicates: 0,
  late: 0,
  outside: 0,
  untaught: 0,
  excluded: 0,
  frozen: 0,
};
/** In place of a number of samples; Infinity would need memory of its own. */
const NEVER = -1;
const copiedValues = new Scratch();
const copiedTimes = new Scratch();
const NO_SEASON: { season: Season; seasonality: number } = { season: () => 0, seasonality: 0 };
const NO_EVENTS: readonly SeriesEvent[] = [];
const NOTHING_EXCLUDED: readonly ExcludedRange[] = [];

/**
 * Learns one series: window, threshold, anomalies. A pure, deterministic, online reducer over samples
 * and commands, in event time; `mapek analyze`, the live learner and replay run the same code.
 *
 * A sample older than the newest goes into the window but is not judged: judgement is in order of
 * time. While an anomaly is open recommendations wait, and its samples are not learned from, up to a tenth of the
 * window. After a level shift only what came since it is learned from.
 *
 * Over 300 lines: its parts are files of their own, this is what binds them to one order of events.
 *
 * Cost: O(1) a sample, about 2 µs where it is judged; below 0.2 ms where a recommendation is due.
 */
export class SeriesLearner {
  // What each sample needs stands first, so that it lies together in memory.
  window: SampleWindow;
  judge: SeriesJudge;
  #settings: SeriesSettings;
  #points = 0;
  frozen = false;
  excluded: readonly ExcludedRange[] = NOTHING_EXCLUDED;
  #resolutionMs: number;
  #sides = new SideThresholds();
  /** Of a fast series one sample in so many is learned online, and those to pass over before the next. */
  #stride = 1;
  #passedOver = 0;
  /** Made with the 64th sample. */
  #changes: ChangeDetector | undefined;
  /** Event time and number of samples from either of which on a recommendation is due. */
  #dueAt = Number.POSITIVE_INFINITY;
  #dueCount = FIRST_RECOMMENDATION;
  /** Made with the first sample that is not learned from, or not in order of time. */
  #unlearned: UnlearnedCounts | undefined;
  readonly #history = new RecommendationHistory();
  /** The newest lasting change of its level. */
  lastChange: LastChange | null = null;
  #sensitivity = SeriesSensitivity.UNMOVED;
  /** Made with the first anomaly. */
  #incidents: IncidentRanges | undefined;
  /** Event time from which on samples are learned from: that of the last level shift. */
  #learnsFrom = Number.NEGATIVE_INFINITY;
  #statistics: { at: number; value: Statistics } | undefined;

  constructor(settings: SeriesSettings) {
    this.#settings = settings;
    this.#resolutionMs = settings.detection_resolution_seconds * 1_000;
    this.window = new SampleWindow(windowOptions(settings));
    this.judge = new SeriesJudge(alarmSettings(settings, settings.sensitivity), settings.seasonal);
  }

  get settings(): SeriesSettings {
    return this.#settings;
  }

  /** Samples in the history. */
  get points(): number {
    return this.#points;
  }

  /** Samples that were duplicates, too late or outside of the window. */
  get dropped(): number {
    const unlearned = this.#unlearned;
    return unlearned === undefined ? 0 : unlearned.duplicates + unlearned.late + unlearned.outside;
  }

  /** Samples that came after newer ones: they fill the window, and teach no season, change or anomaly. */
  get untaught(): number {
    return this.#unlearned?.untaught ?? 0;
  }

  /** Samples by what became of them, as of now. Cost: an object. */
  get counts(): SampleCounts {
    return { points: this.#points, ...(this.#unlearned ?? NONE_UNLEARNED) };
  }

  /** The threshold in force of a side, as it was last handed out. */
  threshold(side: Side): ThresholdInForce | null {
    return this.#sides.get(side)?.inForce ?? null;
  }

  /** The value of a side's threshold at a time (ms), as who subscribed to it has it; null where none is in force. */
  thresholdAt(side: Side, time: number): number | null {
    return this.#sides.get(side)?.at(time) ?? null;
  }

  /** The same at the series' newest sample, with which it is compared: samples may be far behind the clock, or history. */
  thresholdNow(side: Side): number | null {
    return this.thresholdAt(side, this.window.newestTime ?? 0);
  }

  /** What is expected of a side's threshold; undefined where it is constant, or none is in force. Cost: a list. */
  scheduleOf(side: Side): Curve | undefined {
    return this.#sides.get(side)?.schedule;
  }

  /** The thresholds in force, the upper one first. */
  get thresholds(): { side: Side; threshold: ThresholdInForce }[] {
    return this.#sides.inForce();
  }

  /** The last 100 recommendations, oldest first. Cost: an object each. */
  get madeRecommendations(): RecommendationMade[] {
    return this.#history.toArray();
  }

  /** The newest recommendation in the history. */
  get lastRecommendation(): RecommendationMade | undefined {
    return this.#history.last;
  }

  /**
   * Takes a sample.
   *
   * @param time Event time, ms. @param value Finite.
   * @param history Imported: however old it is.
   * @returns What came of it; nothing for most samples. Duplicates and samples that are too old are counted and dropped.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE
   */
  receiveSample(time: number, value: number, history = false): readonly SeriesEvent[] {
    if (!(Number.isFinite(value) && Number.isFinite(time))) {
      requireFinite(value, "value");
      requireFinite(time, "time");
    }
    this.judge.isScored = false;
    if (this.excluded.length > 0 && isExcluded(this.excluded, time)) {
      this.#countUnlearned("excluded");
      return NO_EVENTS;
    }
    const newest = this.window.newestTime;
    if (
      !history &&
      newest !== undefined &&
      time < newest - this.#settings.max_late_seconds * 1_000
    ) {
      this.#countUnlearned("late");
      return NO_EVENTS;
    }
    if (this.frozen) {
      const offsetMs = this.#offsetMs(time);
      const events = this.#judge(time, value, offsetMs);
      this.#countUnlearned("frozen");
      return this.#stepSides(time, offsetMs, events);
    }
    if (this.#points === FIRST_ONLINE - 1) this.#chooseSides(this.#settings, false);
    switch (this.window.add(time, value)) {
      case "duplicate":
        this.#countUnlearned("duplicates");
        return NO_EVENTS;
      case "outside":
        this.#countUnlearned("outside");
        return NO_EVENTS;
      case "inserted":
        this.#points++;
        this.#countUnlearned("untaught");
        return NO_EVENTS;
      case "appended": {
        this.#points++;
        const offsetMs = this.#offsetMs(time);
        return this.#learn(time, value, offsetMs, this.#judge(time, value, offsetMs));
      }
    }
  }

  /** Statistics of the window; computed at most once per `statistics_cache_seconds` of event time. Undefined while it is empty. */
  statistics(): Statistics | undefined {
    const at = this.window.newestTime;
    if (at === undefined) return undefined;
    const cached = this.#statistics;
    if (
      cached !== undefined &&
      at - cached.at < this.#settings.statistics_cache_seconds * 1_000 &&
      at >= cached.at
    )
      return cached.value;
    const value = describe(this.#values()) as Statistics;
    this.#statistics = { at, value };
    return value;
  }

  trend(): ReturnType<typeof trend> {
    return trend(this.#times(), this.#values(), this.#season().season);
  }

  /**
   * What the window says now about each threshold that is learned, the upper one first; nothing under 16 samples.
   * Cost: O(window), below 0.2 ms for 10,000 samples.
   */
  recommendations(): { side: Side; recommendation: Recommendation }[] {
    const found: { side: Side; recommendation: Recommendation }[] = [];
    const season = this.#season();
    for (const side of learnedSides(this.#settings)) {
      const [times, values] = this.#learnable();
      const made = recommend(values, times, {
        ...recommendationOptions(this.#settings),
        side,
        ...season,
        ...this.#onlineAt(side),
      });
      if (made !== null)
        found.push({ side, recommendation: boundedRecommendation(made, this.#settings) });
    }
    return found;
  }

  /** The online threshold of a side at the newest sample, and what is known of how it is kept. */
  #onlineAt(side: Side): {
    adaptiveValue?: number | undefined;
    spread?: number;
    learned?: number;
    dispersion?: number;
    looseness?: number;
  } {
    const adaptive = this.#sides.get(side)?.adaptive;
    const time = this.window.newestTime;
    if (adaptive === undefined || time === undefined) return {};
    const { spread, count: learned, dispersion, tail } = adaptive;
    const looseness = this.#settings.threshold_tolerance / tail;
    const adaptiveValue = adaptive.value(time + this.#offsetMs(time));
    return { adaptiveValue, spread, learned, dispersion, looseness };
  }

  /** Puts a threshold into force, a learned one within the bounds, and starts to measure how well it keeps its promise. */
  setThreshold(side: Side, next: ThresholdMove): SeriesEvent {
    const threshold =
      next.source === "operator"
        ? next.threshold
        : boundedThreshold(next.threshold, this.#settings);
    const own = this.#sides.own(side);
    if (own.outdated) own.outdated = !this.#isOfThisLevel(side, next);
    // The series' own time: its samples may be far behind the clock.
    const time = this.window.newestTime ?? next.timestamp;
    const inForce = own.set({ ...next, threshold }, this.#moment(own, time, this.#offsetMs(time)));
    return { type: "threshold", time, side, threshold: inForce, schedule: own.schedule };
  }

  /**
   * Goes by other settings.
   *
   * @returns Sides that are not learned any more and whose threshold was let go: pinned ones stay.
   */
  applySettings(settings: SeriesSettings, systemFactor: DecayingFactor): Side[] {
    const before = this.#settings;
    this.#settings = settings;
    this.#resolutionMs = settings.detection_resolution_seconds * 1_000;
    this.#statistics = undefined;
    this.window.resize(windowOptions(settings));
    this.judge.seasonal = settings.seasonal;
    const seasonAnew =
      settings.seasonal !== before.seasonal || settings.time_zone !== before.time_zone;
    const dropped = this.#chooseSides(
      before,
      settings.exceedance_rate !== before.exceedance_rate || seasonAnew,
    );
    if (seasonAnew) this.#changes = undefined;
    this.#scheduleNext();
    this.applySensitivity(systemFactor);
    return dropped;
  }

  /** Takes the factor of the series' system. @returns The sensitivity that it has now, 0.1–10. */
  applySensitivity(systemFactor: DecayingFactor): number {
    this.#sensitivity = this.#sensitivity.under(systemFactor);
    return this.#refreshSensitivity(this.window.newestTime ?? 0);
  }

  /** A label of an event time (ms) multiplies the series' own sensitivity; this decays. */
  scaleSensitivity(factor: number, time: number): number {
    this.#sensitivity = this.#sensitivity.scaled(factor, this.#settings, time);
    return this.#refreshSensitivity(time);
  }

  /** Makes the series' sensitivity the one asked for, within 0.1–10; this stays. */
  setSensitivity(sensitivity: number, time: number): number {
    this.#sensitivity = this.#sensitivity.set(sensitivity, this.#settings, time);
    return this.#refreshSensitivity(time);
  }

  exclude(from: number, to: number): void {
    this.excluded = exclude(this.excluded, from, to);
  }

  /** Closes an open anomaly when the series has gone silent. */
  closeIfSilent(now: number): readonly SeriesEvent[] {
    const event = this.judge.closeIfSilent(now);
    return event === undefined ? NO_EVENTS : [this.#anomaly(now, event)];
  }

  snapshot(): SeriesSnapshot {
    return {
      schema: SCHEMA,
      counts: this.counts,
      frozen: this.frozen,
      optimisations: this.madeRecommendations,
      excluded: this.excluded,
      sensitivity: this.#sensitivity.snapshot(),
      lastChange: this.lastChange,
      learnsFrom: this.#learnsFrom,
      dueAt: this.#dueAt,
      dueCount: this.#dueCount,
      stride: this.#stride,
      passedOver: this.#passedOver,
      window: this.window.snapshot(),
      judge: this.judge.snapshot(),
      sides: this.#sides.snapshot(),
      changes: this.#changes === undefined ? null : storeColumns(this.#changes.snapshot()),
      incidents: this.#incidents?.snapshot() ?? [],
    };
  }

  /** Continues where the snapshot was taken, bit for bit. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(
    snapshot: SeriesSnapshot | OldSeriesSnapshot,
    settings: SeriesSettings,
  ): SeriesLearner {
    const schema: number = snapshot.schema;
    if (!(schema >= OLDEST_SCHEMA && schema <= SCHEMA))
      throw new StatsError(
        "MAPEK_STATS_BAD_SNAPSHOT",
        `series state has schema ${schema}, this reader knows ${OLDEST_SCHEMA} to ${SCHEMA}`,
      );
    const restored = new SeriesLearner(settings);
    const { points, ...unlearned } = snapshot.counts;
    restored.#points = points;
    if (Object.values(unlearned).some((count) => count > 0))
      restored.#unlearned = { ...NONE_UNLEARNED, ...unlearned };
    restored.frozen = snapshot.frozen;
    for (const made of snapshot.optimisations) restored.#history.add(made);
    if (snapshot.excluded.length > 0) restored.excluded = snapshot.excluded;
    restored.#sensitivity = SeriesSensitivity.restore(snapshot.sensitivity);
    restored.lastChange = snapshot.lastChange;
    restored.#learnsFrom = snapshot.learnsFrom;
    restored.#dueAt = snapshot.dueAt;
    restored.#dueCount = snapshot.dueCount;
    restored.#stride = snapshot.stride;
    restored.#passedOver = snapshot.passedOver;
    restored.window = SampleWindow.restore(snapshot.window, windowOptions(settings).keep);
    const judge = currentJudge(snapshot.judge, schema);
    restored.judge = SeriesJudge.restore(judge, restored.judge.settings);
    restored.judge.seasonal = settings.seasonal;
    restored.#sides = SideThresholds.restore(snapshot.sides);
    if (snapshot.changes !== null)
      restored.#changes = ChangeDetector.restore(
        loadColumns<ChangeDetectorSnapshot>(snapshot.changes),
      );
    if (snapshot.incidents.length > 0)
      restored.#incidents = IncidentRanges.restore(snapshot.incidents);
    return restored;
  }

  #countUnlearned(kind: keyof UnlearnedCounts): void {
    this.#unlearned ??= { ...NONE_UNLEARNED };
    this.#unlearned[kind]++;
  }

  /** What is known of the season, before the window too; nothing in the first two days. By the offset of the newest sample. */
  #season(): { season?: Season; seasonality?: number } {
    if (!this.#settings.seasonal) return NO_SEASON;
    const adaptive = this.#sides.upper?.adaptive ?? this.#sides.lower?.adaptive;
    const seasonality = adaptive?.seasonality;
    const newest = this.window.newestTime;
    if (adaptive === undefined || seasonality === undefined || newest === undefined) return {};
    const offset = this.#offsetMs(newest);
    return { season: (time) => adaptive.season(time + offset), seasonality };
  }

  #values(): Float64Array {
    return this.window.copyValues(copiedValues.take(this.window.length));
  }

  #times(): Float64Array {
    return this.window.copyTimes(copiedTimes.take(this.window.length));
  }

  /** What is learned from: what came since the last level shift, without incidents. Good until the next call. */
  #learnable(): readonly [times: Float64Array, values: Float64Array] {
    const times = this.#times();
    const values = this.#values();
    let from = 0;
    if ((times[0] ?? 0) < this.#learnsFrom)
      while (from < times.length && times[from]! < this.#learnsFrom) from++;
    const [since, kept] = [times.subarray(from), values.subarray(from)];
    const count = this.#incidents?.leaveOut(since, kept) ?? since.length;
    return [since.subarray(0, count), kept.subarray(0, count)];
  }

  /** What local time is ahead of UTC. */
  #offsetMs(time: number): number {
    const { time_zone } = this.#settings;
    return time_zone === undefined ? 0 : zoneOffset(time_zone)(time);
  }

  #judge(time: number, value: number, offsetMs: number): readonly SeriesEvent[] {
    const events = this.judge.judge(time, value, this.#resolutionMs, offsetMs);
    return events.length === 0 ? NO_EVENTS : events.map((event) => this.#anomaly(time, event));
  }

  #anomaly(time: number, { type, incident }: IncidentEvent): SeriesEvent {
    if (type === "opened") {
      this.#incidents ??= new IncidentRanges();
      this.#incidents.opened(incident.opened_at);
    }
    if (type === "closed") this.#incidents?.closed(incident.closed_at ?? time);
    const { upper, lower } = this.#sides;
    const isBelow = incident.direction === "below";
    const threshold = (isBelow ? lower?.at(time) : undefined) ?? upper?.at(time) ?? null;
    return { type: "anomaly", time, phase: type, incident, threshold };
  }

  #learn(
    time: number,
    value: number,
    offsetMs: number,
    events: readonly SeriesEvent[],
  ): readonly SeriesEvent[] {
    const localTime = time + offsetMs;
    let waits = this.judge.holdsBack(this.window.length);
    let all = events;
    const counts = this.#isLearnedOnline();
    const { upper, lower } = this.#sides;
    for (const side of [upper, lower]) {
      if (side === undefined) continue;
      // Judged before it is learned: by what was in force when it came.
      all = this.#measureSide(side, time, value, counts, all);
      if (counts && !waits) side.adaptive?.update(localTime, value);
    }
    all = this.#stepSides(time, offsetMs, all);
    const change = this.#followChanges(time, localTime, value);
    if (change !== undefined) {
      all = [...all, ...this.#changed(time, change)];
      waits = this.judge.holdsBack(this.window.length);
    }
    return waits || !this.#isDue(time) ? all : [...all, ...this.#recommend(time)];
  }

  #isLearnedOnline(): boolean {
    if (this.#passedOver > 0) {
      this.#passedOver--;
      return false;
    }
    this.#passedOver = gapAfter(this.#points, this.#stride);
    return true;
  }

  /** @returns Those events, and what became of promises after them. */
  #measureSide(
    side: SideThreshold,
    time: number,
    value: number,
    counts: boolean,
    events: readonly SeriesEvent[],
  ): readonly SeriesEvent[] {
    const outcomes = side.measure(time, value, this.#settings.exceedance_rate, counts);
    if (outcomes.length === 0) return events;
    return [
      ...events,
      ...outcomes.map((outcome) => ({ type: "outcome", time, ...outcome }) as const),
    ];
  }

  /** Moves thresholds in force with the clock and with what is learned. @returns Those events, and what is handed out anew. */
  #stepSides(
    time: number,
    offsetMs: number,
    events: readonly SeriesEvent[],
  ): readonly SeriesEvent[] {
    const { upper, lower } = this.#sides;
    let all = events;
    for (const side of [upper, lower]) {
      if (side?.moves(time) !== true) continue;
      const threshold = side.step(this.#moment(side, time, offsetMs));
      if (threshold === undefined) continue;
      const { schedule } = side;
      all = [...all, { type: "threshold", time, side: side.side, threshold, schedule }];
    }
    return all;
  }

  /** Whether thresholds follow the online one: a formula that was asked for stays a formula. */
  get #follows(): boolean {
    const { strategy } = this.#settings;
    return strategy === "auto" || strategy === "adaptive";
  }

  #moment({ adaptive }: SideThreshold, timeMs: number, offsetMs: number): Moment {
    const { exceedance_rate, threshold_tolerance, minimum, maximum } = this.#settings;
    return {
      timeMs,
      offsetMs,
      intervalMs: this.judge.intervalMs,
      online: this.#follows ? adaptive : undefined,
      learns: !this.frozen,
      exceedanceRate: exceedance_rate,
      minimum: minimum ?? Number.NEGATIVE_INFINITY,
      maximum: maximum ?? Number.POSITIVE_INFINITY,
      tolerance: threshold_tolerance,
    };
  }

  #followChanges(time: number, localTime: number, value: number): Change | undefined {
    if (this.#changes === undefined) {
      if (this.#points < FIRST_CHANGE) return undefined;
      this.#changes = new ChangeDetector(this.#settings.seasonal);
    }
    return this.#changes.update(time, localTime, value);
  }

  /** After a level shift learning begins anew with what came since, and what it was an anomaly of is over. */
  #changed(time: number, { kind, since, before, after, size }: Change): SeriesEvent[] {
    this.lastChange = { kind, since, found_at: time, before, after };
    let closed: IncidentEvent | undefined;
    if (kind === "level_shift") {
      closed = this.judge.settle(after - before);
      this.#learnsFrom = since;
      this.#incidents = undefined;
      for (const side of this.#sides.all()) {
        side.outdated = true;
        // The change was found late: what was learned online since it began is of neither level.
        if (side.adaptive !== undefined) this.#learnAnew(side);
      }
      this.#dueAt = time;
    }
    const reasoning = describeChange(kind, before, after, size);
    const told: SeriesEvent = { type: "change", time, kind, since, before, after, size, reasoning };
    return closed === undefined ? [told] : [told, this.#anomaly(time, closed)];
  }

  /** Whether a recommendation is due. */
  #isDue(time: number): boolean {
    return time >= this.#dueAt || (this.#dueCount !== NEVER && this.#points >= this.#dueCount);
  }

  #recommend(time: number): SeriesEvent[] {
    this.#refreshSensitivity(time);
    const { length, oldestTime = time } = this.window;
    this.#stride = strideOf(length, time - oldestTime, this.#resolutionMs);
    const found = this.recommendations();
    for (const { side, recommendation } of found) {
      const { recommended_value, confidence, strategy, provisional } = recommendation;
      this.#history.add({ time, side, recommended_value, confidence, strategy, provisional });
    }
    this.#scheduleNext(found.length === 0 ? time : undefined);
    return found.map(({ side, recommendation }) => {
      const own = this.#sides.get(side);
      const inForce = own?.usableAt(time) ?? null;
      const rate = this.#follows ? own?.rate : undefined;
      return { type: "recommendation", time, side, recommendation, inForce, rate };
    });
  }

  /** @param time Where there were too few samples for a recommendation. */
  #scheduleNext(time?: number): void {
    const last = this.lastRecommendation;
    const { min_data_points, optimization_interval } = this.#settings;
    const begun = time ?? last?.time;
    this.#dueAt =
      begun === undefined ? Number.POSITIVE_INFINITY : begun + optimization_interval * 1_000;
    if (last === undefined || time !== undefined)
      this.#dueCount = Math.max(FIRST_RECOMMENDATION, this.#points + (time === undefined ? 0 : 1));
    else if (last.provisional) {
      const [learned] = this.#learnable();
      this.#dueCount = this.#points + Math.max(0, min_data_points - learned.length);
    } else this.#dueCount = NEVER;
  }

  /** A recommendation from before a level shift may become a threshold after it; only one from after it is taken whole. */
  #isOfThisLevel(side: Side, { source, threshold }: ThresholdMove): boolean {
    if (source === "operator" || source === "signal") return true;
    // The history knows whole milliseconds.
    const since = Math.floor(this.lastChange?.found_at ?? 0);
    return this.madeRecommendations.some(
      (made) =>
        made.time >= since &&
        made.side === side &&
        made.recommended_value === threshold &&
        !made.provisional,
    );
  }

  #learnAnew(side: SideThreshold): void {
    const [times, values] = this.#learnable();
    const offset = zoneOffset(this.#settings.time_zone);
    const localTimes = times.map((time) => time + offset(time));
    side.learn(this.#settings, localTimes, values);
  }

  /** Learns the sides that the settings ask for, anew where what they learn has changed. */
  #chooseSides(before: SeriesSettings, anew: boolean): Side[] {
    const wanted = learnedSides(this.#settings);
    // A series that may never have a threshold is to cost little.
    const begun = this.#points >= FIRST_ONLINE - 1;
    for (const side of begun ? wanted : []) {
      const own = this.#sides.own(side);
      if (own.adaptive === undefined || anew) this.#learnAnew(own);
    }
    return this.#sides.keep(wanted, learnedSides(before));
  }

  #refreshSensitivity(time: number): number {
    const sensitivity = this.#sensitivity.at(this.#settings, time);
    this.judge.settings = alarmSettings(this.#settings, sensitivity);
    return sensitivity;
  }
}

/** State of a series of an older schema. */
type OldSeriesSnapshot = Omit<SeriesSnapshot, "schema" | "judge"> & {
  readonly schema: number;
  readonly judge: AnyJudgeSnapshot;
};

/** A slow series keeps so many samples that it can be learned from, however long they take. */
const KEPT_MIN_DATA_POINTS = 5;

const windowOptions = (settings: SeriesSettings) => ({
  capacity: settings.window_capacity,
  spanMs: settings.learning_window_seconds * 1_000,
  keep: Math.min(settings.window_capacity, KEPT_MIN_DATA_POINTS * settings.min_data_points),
});

let lastAlarmSettings: { of: SeriesSettings; value: AlarmSettings } | undefined;

/** The same object for one series after another with the same settings and sensitivity. */
function alarmSettings(settings: SeriesSettings, sensitivity: number): AlarmSettings {
  if (lastAlarmSettings?.of === settings && lastAlarmSettings.value.sensitivity === sensitivity)
    return lastAlarmSettings.value;
  const { alarm_budget, min_deviation, min_relative_deviation, direction } = settings;
  const value = {
    sensitivity,
    budget: alarm_budget,
    minDeviation: min_deviation,
    minRelativeDeviation: min_relative_deviation,
    direction,
  };
  lastAlarmSettings = { of: settings, value };
  return value;
}
