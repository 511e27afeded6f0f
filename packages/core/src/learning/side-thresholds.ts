import type { SeriesSettings } from "../messages/index.ts";
import type { Side } from "../stats/index.ts";
import type { ThresholdInForce } from "./events.ts";
import { type SideSnapshot, SideThreshold } from "./side-threshold.ts";

const NONE: readonly SideThreshold[] = [];

/** The thresholds of a series, upper before lower: those that are learned, and others that are in force. */
export class SideThresholds implements Iterable<SideThreshold> {
  #sides = NONE;

  [Symbol.iterator](): Iterator<SideThreshold> {
    return this.#sides[Symbol.iterator]();
  }

  get(side: Side): SideThreshold | undefined {
    return this.#sides.find((one) => one.side === side);
  }

  /** The threshold of a side, made where there is none. */
  own(side: Side): SideThreshold {
    const known = this.get(side);
    if (known !== undefined) return known;
    const made = new SideThreshold(side);
    this.#sides = side === "upper" ? [made, ...this.#sides] : [...this.#sides, made];
    return made;
  }

  /** Those in force. */
  inForce(): { side: Side; threshold: ThresholdInForce }[] {
    return this.#sides.flatMap(({ side, inForce }) =>
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
    this.#sides = this.#sides.filter((own) => {
      if (wanted.includes(own.side)) return true;
      const wasLearned = before.includes(own.side);
      own.adaptive = undefined;
      if (own.inForce?.pinned || (own.inForce !== null && !wasLearned)) return true;
      if (own.inForce !== null) dropped.push(own.side);
      return false;
    });
    return dropped;
  }

  snapshot(): SideSnapshot[] {
    return this.#sides.map((side) => side.snapshot());
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshots: readonly SideSnapshot[]): SideThresholds {
    const restored = new SideThresholds();
    if (snapshots.length > 0) restored.#sides = snapshots.map(SideThreshold.restore);
    return restored;
  }
}

/** The sides that settings ask for, upper before lower. */
export const learnedSides = ({ thresholds }: SeriesSettings): readonly Side[] =>
  thresholds === "both" ? ["upper", "lower"] : [thresholds];
