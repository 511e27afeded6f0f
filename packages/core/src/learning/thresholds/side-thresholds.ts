import type { SeriesSettings } from "../../contract/index.ts";
import type { AdaptiveQuantile, Side } from "../../statistics/index.ts";
import type { SeriesEvent, ThresholdInForce } from "../events.ts";
import type { Samples } from "../learnable-samples.ts";
import { boundedThreshold, learnedSides } from "../rules/series-options.ts";
import { type MovingSeries, measured, momentOf, moved } from "./side-events.ts";
import { type SideSnapshot, SideThreshold, type ThresholdMove } from "./side-threshold.ts";

/**
 * The thresholds of a series, learned or only in force. The upper side always comes before the lower side, in events and in
 * snapshots. `receive` and `step` run for each sample and allocate nothing unless an event follows: both name each side in
 * turn, since a list of sides would cost each sample a few nanoseconds.
 */
export class SideThresholds {
  /** Undefined where the side is neither learned nor in force. Other code only reads this field. */
  upper: SideThreshold | undefined;
  lower: SideThreshold | undefined;

  get(side: Side): SideThreshold | undefined {
    return this[side];
  }

  /** The threshold of a side, created where there is none. */
  own(side: Side): SideThreshold {
    this[side] ??= new SideThreshold(side);
    return this[side];
  }

  /** The online threshold from which the season is read, since both sides learn the same season; undefined where no side is learned. */
  get adaptive(): AdaptiveQuantile | undefined {
    return this.upper?.adaptive ?? this.lower?.adaptive;
  }

  /** The existing sides, upper before lower. Cost: a list. */
  all(): SideThreshold[] {
    return [this.upper, this.lower].filter((one) => one !== undefined);
  }

  /** The thresholds in force, upper before lower. */
  inForce(): { side: Side; threshold: ThresholdInForce }[] {
    return this.all().flatMap(({ side, inForce }) =>
      inForce === null ? [] : [{ side, threshold: inForce }],
    );
  }

  /**
   * Measures the thresholds in force on a sample first and learns the sample afterwards.
   *
   * @param localTime Event time of the sample in local time, ms; `time` is in UTC.
   * @param counts Whether the sample also corrects thresholds in force, so that exceedance rates return to the promised one.
   * @param learns Whether the sample is learned online.
   * @returns `events`, followed by outcomes of measured changes.
   */
  receive(
    time: number,
    localTime: number,
    value: number,
    promisedRate: number,
    counts: boolean,
    learns: boolean,
    events: readonly SeriesEvent[],
  ): readonly SeriesEvent[] {
    const { upper, lower } = this;
    let all = events;
    if (upper !== undefined) {
      all = measured(upper, time, value, promisedRate, counts, all);
      if (learns) upper.adaptive?.update(localTime, value);
    }
    if (lower !== undefined) {
      all = measured(lower, time, value, promisedRate, counts, all);
      if (learns) lower.adaptive?.update(localTime, value);
    }
    return all;
  }

  /**
   * Moves the thresholds in force with the clock and with the online thresholds.
   *
   * @returns `events`, followed by the thresholds that are published anew.
   */
  step(
    series: MovingSeries,
    time: number,
    offsetMs: number,
    events: readonly SeriesEvent[],
  ): readonly SeriesEvent[] {
    const { upper, lower } = this;
    let all = events;
    if (upper?.moves(time)) all = moved(upper, series, time, offsetMs, all);
    if (lower?.moves(time)) all = moved(lower, series, time, offsetMs, all);
    return all;
  }

  /** Puts a threshold into force, a learned threshold within the bounds, and starts to measure its exceedance rate. */
  set(
    side: Side,
    next: ThresholdMove,
    series: MovingSeries,
    time: number,
    offsetMs: number,
  ): SeriesEvent {
    const { source } = next;
    const threshold =
      source === "operator" ? next.threshold : boundedThreshold(next.threshold, series.settings);
    const own = this.own(side);
    const inForce = own.set({ ...next, threshold }, momentOf(series, own, time, offsetMs));
    return { type: "threshold", time, side, threshold: inForce, schedule: own.schedule };
  }

  /** After a level shift every threshold is outdated, and online learning begins anew with the samples since the shift. */
  outdate(settings: SeriesSettings, learnable: () => Samples): void {
    for (const side of this.all()) {
      side.outdated = true;
      // A level shift is found late: by then the online threshold mixes samples of both levels.
      if (side.adaptive !== undefined) side.learn(settings, learnable());
    }
  }

  /** Starts online learning of the sides that the settings ask for; `anew` also restarts sides that are learned already. */
  learn(settings: SeriesSettings, anew: boolean, learnable: () => Samples): void {
    for (const side of learnedSides(settings)) {
      const own = this.own(side);
      if (own.adaptive === undefined || anew) own.learn(settings, learnable());
    }
  }

  /**
   * Drops the sides that are no longer learned. A pinned threshold stays, and so does one of a side that was not learned before.
   *
   * @param before The settings until now.
   * @returns Sides whose threshold was dropped.
   */
  keepLearned(settings: SeriesSettings, before: SeriesSettings): Side[] {
    const wanted = learnedSides(settings);
    const learned = learnedSides(before);
    const dropped: Side[] = [];
    for (const own of this.all()) {
      if (wanted.includes(own.side)) continue;
      const wasLearned = learned.includes(own.side);
      own.adaptive = undefined;
      if (own.inForce?.pinned || (own.inForce !== null && !wasLearned)) continue;
      if (own.inForce !== null) dropped.push(own.side);
      this[own.side] = undefined;
    }
    return dropped;
  }

  snapshot(): SideSnapshot[] {
    return this.all().map((side) => side.snapshot());
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshots: readonly SideSnapshot[]): SideThresholds {
    const restored = new SideThresholds();
    for (const snapshot of snapshots) restored[snapshot.side] = SideThreshold.restore(snapshot);
    return restored;
  }
}
