import type { SeriesSettings } from "../messages/index.ts";
import type { Side } from "../stats/index.ts";
import type { ThresholdInForce } from "./events.ts";
import { type SideSnapshot, SideThreshold } from "./side-threshold.ts";

/** The thresholds of a series: those that are learned, and others that are in force. */
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
   * Lets go of what is not to be learned any more; a threshold stays where an operator or a signal put it.
   *
   * @param before What was learned until now.
   * @returns Sides whose threshold was let go.
   */
  keep(wanted: readonly Side[], before: readonly Side[]): Side[] {
    const dropped: Side[] = [];
    for (const own of this.all()) {
      if (wanted.includes(own.side)) continue;
      const wasLearned = before.includes(own.side);
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

/** The sides that settings ask for, upper before lower. */
export const learnedSides = ({ thresholds }: SeriesSettings): readonly Side[] =>
  thresholds === "both" ? ["upper", "lower"] : [thresholds];
