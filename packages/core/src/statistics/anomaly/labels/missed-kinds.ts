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
 * An anomaly like the one that was missed is told from so much below its surprise on: the same disturbance is often less surprising the next
 * time, by noise and since the series' hours have it now. Chosen on 92 missed ones in normal series (of 0.5, 0.8 and 1: 87, 97 and 100
 * of the 184 that followed were told, 44 without a report).
 */
const MARGIN = 1;
/** A kind never needs less than the level by this: an hour ten times more usual than what the budget asks for. */
export const MOST_LOWERED = 1;
/** Labels from which on a kind is told from its lowest bar on; with fewer its bar lies between that and the usual one. */
const ENOUGH = 0.5;
/** So little says nothing. */
const LEAST_STRENGTH = 0.1;
/** Most labels in a row that count: trust in a report wears off within months, however often it was made. */
const MAX_STRENGTH = 1;

interface MissedKind extends Kind {
  /** The event time (ms) that was reported last: who takes the report back names it. */
  reportedAt: number;
}

/** State of `MissedKinds`: plain JSON. */
export type MissedKindsSnapshot = MissedKind[];

/**
 * The kinds of anomaly that people reported as missed: such a kind is told from 1 below the surprise of what was missed on, though never
 * from more than 1 below the level of the budget; other kinds need as much as ever. A report wears off by half in thirty days, a false
 * alarm of its kind takes it back.
 *
 * Poisoning is bounded by that level: normal series about whose every hour somebody says that something was missed open at most 2.5 times
 * their budget (see missed-kinds.test.ts), 0.65 times without.
 *
 * Cost: O(kinds) for a sample within 1 of the level, nothing otherwise; 3 kinds at most.
 */
export class MissedKinds {
  #kinds: readonly MissedKind[] = [];

  /** @param reportedAt The event time (ms) that was reported. @param weight 0 … 1. @param now Time of the label, ms. */
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

  /** An incident was right: if it is of such a kind, the kind goes on being told. @returns Whether it is. */
  confirm(incident: Shape, weight: number, now: number): boolean {
    return this.#strengthen(kindOf(this.#kinds, incident), weight, now);
  }

  /**
   * Takes back what was learned of a kind, as far as the label counts.
   *
   * @param wrong An incident that was a false alarm, or the event time (ms) of a report that was wrong. @returns Whether there is such a kind.
   */
  takeBack(wrong: Shape | number, weight: number, now: number): boolean {
    const kind =
      typeof wrong === "number"
        ? this.#kinds.find(({ reportedAt }) => reportedAt === wrong)
        : kindOf(this.#kinds, wrong);
    return this.#strengthen(kind, -weight, now);
  }

  /**
   * The surprise from which on a sample of this shape is an alarm; `asked` where nobody missed one of its kind.
   *
   * @param level What the budget asks for. @param asked That with what incidents of late add. @param now Event time of the sample, ms.
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
