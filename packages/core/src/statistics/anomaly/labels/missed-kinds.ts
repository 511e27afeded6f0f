import { requireSnapshot } from "../../errors.ts";
import {
  commonProfile,
  type Kind,
  kindOf,
  requireShapes,
  type Shape,
  strengthAt,
  wholeKind,
} from "./incident-shape.ts";

const MAX_KINDS = 3;
/**
 * An anomaly of a missed kind raises an alarm from 1 below the surprise of the missed one on. The same disturbance is often less
 * surprising the next time, because of noise and because the learned hours now contain the first one. Chosen on 92 missed anomalies in
 * normal series: with 0.5, 0.8 and 1, 87, 97 and 100 of the 184 anomalies that followed raised alarms; without a report, 44.
 */
const MARGIN = 1;
/** The bar of a kind is never more than this below the level of the budget: at most, an hour ten times less rare raises an alarm. */
export const MOST_LOWERED = 1;
/** From this strength on a kind has its lowest bar; with less strength the bar lies between the lowest and the usual bar. */
const ENOUGH = 0.5;
/** A kind with less strength has no effect. */
const LEAST_STRENGTH = 0.1;
/** Upper limit of a kind's strength, so that even a report that was repeated often loses its effect within months. */
const MAX_STRENGTH = 1;

interface MissedKind extends Kind {
  /** The event time (ms) of the last report, by which `takeBack` finds a wrong report. */
  reportedAt: number;
}

/** State of `MissedKinds`: plain JSON. */
export type MissedKindsSnapshot = MissedKind[];

/**
 * Lowers the bar for kinds of anomaly that people reported as missed, to 1 below the surprise of the missed anomaly, but to no more than
 * 1 below the level of the budget; other kinds need as much as before. The weight of a report halves in thirty days, and a false-alarm
 * label of its kind takes the report back.
 *
 * The limit to the level bounds poisoning: normal series with a report of a missed anomaly for every hour open at most 2.5 times their
 * budget (see missed-kinds.test.ts), and 0.65 times without reports.
 *
 * Cost: O(kinds) for a sample from 1 below the level on, nothing otherwise; at most 3 kinds.
 */
export class MissedKinds {
  #kinds: readonly MissedKind[] = [];

  /** @param reportedAt The reported event time, ms. @param weight 0 … 1. @param now Time of the label, ms. */
  learn(missed: Shape, reportedAt: number, weight: number, now: number): void {
    const kind = kindOf(this.#kinds, missed);
    const learned: MissedKind = {
      side: missed.side,
      surprise: Math.min(kind?.surprise ?? Number.POSITIVE_INFINITY, missed.surprise),
      profile: kind === undefined ? missed.profile : commonProfile(kind, missed),
      strength: Math.min(MAX_STRENGTH, weight + (kind === undefined ? 0 : strengthAt(kind, now))),
      labelledAt: now,
      reportedAt,
    };
    this.#kinds =
      kind === undefined
        ? [...this.#kinds, learned].slice(-MAX_KINDS)
        : this.#kinds.map((one) => (one === kind ? learned : one));
  }

  /** Strengthens the missed kind of a confirmed incident. @returns Whether the incident is of a missed kind. */
  confirm(incident: Shape, weight: number, now: number): boolean {
    return this.#strengthen(kindOf(this.#kinds, incident), weight, now);
  }

  /**
   * Weakens a missed kind by the weight of a label.
   *
   * @param wrong A false incident, or the event time (ms) of a wrong report. @returns Whether there is such a kind.
   */
  takeBack(wrong: Shape | number, weight: number, now: number): boolean {
    const kind =
      typeof wrong === "number"
        ? this.#kinds.find(({ reportedAt }) => reportedAt === wrong)
        : kindOf(this.#kinds, wrong);
    return this.#strengthen(kind, -weight, now);
  }

  /**
   * The surprise from which a sample of this shape is an alarm; `asked` for a kind that nobody reported as missed.
   *
   * @param level Level of the budget. @param asked Level plus the rise after recent incidents. @param now Event time of the sample, ms.
   */
  bar(shape: Shape, level: number, asked: number, now: number): number {
    const kind = kindOf(this.#kinds, shape);
    if (kind === undefined) return asked;
    const strength = strengthAt(kind, now);
    if (strength < LEAST_STRENGTH) return asked;
    const lowest = Math.max(kind.surprise - MARGIN, level - MOST_LOWERED);
    const trust = Math.min(1, strength / ENOUGH);
    return asked - trust * Math.max(0, asked - lowest);
  }

  snapshot(): MissedKindsSnapshot {
    return this.#kinds.map((kind) => ({ ...kind }));
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(kinds: MissedKindsSnapshot): MissedKinds {
    requireShapes(kinds);
    requireSnapshot(kinds.length <= MAX_KINDS, "too many kinds were missed");
    const restored = new MissedKinds();
    restored.#kinds = kinds.map(wholeKind);
    return restored;
  }

  #strengthen(kind: MissedKind | undefined, by: number, now: number): boolean {
    if (kind === undefined) return false;
    kind.strength = Math.min(MAX_STRENGTH, Math.max(0, strengthAt(kind, now) + by));
    kind.labelledAt = now;
    this.#kinds = this.#kinds.filter(({ strength }) => strength > 0);
    return true;
  }
}
