import type { SeriesSettings } from "../../contract/index.ts";
import type { AdaptiveQuantile, Side } from "../../statistics/index.ts";
import type { SeriesEvent, ThresholdInForce } from "../events.ts";
import type { Samples } from "../learnable-samples.ts";
import { boundedThreshold, learnedSides } from "../rules/series-options.ts";
import { type MovingSeries, measured, momentOf, moved } from "./side-events.ts";
import { type SideSnapshot, SideThreshold, type ThresholdMove } from "./side-threshold.ts";

/**
 * The thresholds of a series: those that are learned, and others that are in force. The upper one always comes before the
 * lower one, in events as in snapshots. `receive` and `step`, which each sample calls, make no object unless something is
 * told: they name both sides in turn, since a list of them would cost each sample a few nanoseconds.
 */
export class SideThresholds {
  /** Undefined where there is nothing of this side, to be read only. */
  upper: SideThreshold | undefined;
  lower: SideThreshold | undefined;

  get(side: Side): SideThreshold | undefined {
    return this[side];
  }

  /** The threshold of a side, made where there is none. */
  own(side: Side): SideThreshold {
    this[side] ??= new SideThreshold(side);
    return this[side];
  }

  /** What is learned online of the series: both sides learn the same season. Undefined where nothing is. */
  get adaptive(): AdaptiveQuantile | undefined {
    return this.upper?.adaptive ?? this.lower?.adaptive;
  }

  /** Those there are, upper before lower. Cost: a list. */
  all(): SideThreshold[] {
    return [this.upper, this.lower].filter((one) => one !== undefined);
  }

  /** Those in force. */
  inForce(): { side: Side; threshold: ThresholdInForce }[] {
    return this.all().flatMap(({ side, inForce }) =>
      inForce === null ? [] : [{ side, threshold: inForce }],
    );
  }

  /**
   * Measures thresholds in force by a sample, by what was in force when it came, and learns it afterwards.
   *
   * @param localTime Its event time in local time, ms; `time` is in UTC.
   * @param counts Whether it is one of those that promises are paid back by. @param learns Whether it is learned online.
   * @returns Those events, and what became of promises after them.
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
   * Moves thresholds in force with the clock and with what is learned.
   *
   * @returns Those events, and what is handed out anew after them.
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

  /** Puts a threshold into force, a learned one within the bounds, and starts to measure how well it keeps its promise. */
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

  /** After a level shift no threshold is of this level, and what is learned online begins with the samples since. */
  outdate(settings: SeriesSettings, learnable: () => Samples): void {
    for (const side of this.all()) {
      side.outdated = true;
      // The change was found late: what was learned online since it began is of neither level.
      if (side.adaptive !== undefined) side.learn(settings, learnable());
    }
  }

  /** Learns the sides that settings ask for, `anew` where what they learn has changed. */
  learn(settings: SeriesSettings, anew: boolean, learnable: () => Samples): void {
    for (const side of learnedSides(settings)) {
      const own = this.own(side);
      if (own.adaptive === undefined || anew) own.learn(settings, learnable());
    }
  }

  /**
   * Lets go of what is not to be learned any more; a threshold stays where an operator or a signal put it.
   *
   * @param before The settings until now.
   * @returns Sides whose threshold was let go.
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
