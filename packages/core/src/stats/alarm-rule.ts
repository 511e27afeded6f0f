import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import { LabelledKinds, type LabelledKindsSnapshot, type Verdict } from "./labelled-kinds.ts";

/** Evidence that is an alarm at sensitivity 1, where nothing speaks against it. */
const BASE_EVIDENCE = 0.3;
/** Points at which youth asks for twice the evidence. */
const COLD_START = 1_200;
/** A view that left its range is confirmed by one that did so at most this many points before. */
const CONFIRMATION_POINTS = 6;
/** One point alone needs this many times the evidence. */
const ISOLATED_FACTOR = 10;
/** What an alarm adds to the evidence that the next one needs, times the square of the recent alarms. */
const REPETITION = 60;
/** Weight of an alarm falls to 1/e in this time, ms. */
const REPETITION_MS = 10 * 86_400_000;

/** For so many points what follows a silenced alarm is part of it, unless it is stronger than its kind's bar. */
const SILENCED_POINTS = 48;

/** Why evidence enough for an alarm was none. */
export const SUPPRESSIONS = [
  "cold_start",
  "unconfirmed",
  "repeated",
  "labelled",
  "direction",
  "small_deviation",
  "refractory",
] as const;
export type Suppression = (typeof SUPPRESSIONS)[number];

/** Which alarms a series wants. */
export interface AlarmSettings {
  /** 0.1 … 10. Larger: alarms on less evidence. */
  readonly sensitivity: number;
  /** Least distance from what was expected, unit of the values, from 0. */
  readonly minDeviation: number;
  /** Least distance as a share of what was expected, from 0. */
  readonly minRelativeDeviation: number;
  /** The side on which a value must lie. */
  readonly direction: "both" | "above" | "below";
}

/** What the detector says of a point. */
export interface Evidence {
  readonly timeMs: number;
  readonly value: number;
  /** What was expected of it. */
  readonly expected: number;
  readonly evidence: number;
  readonly excesses: readonly number[];
  /** Points judged before. */
  readonly seen: number;
}

/** State of an `AlarmRule`: plain JSON. */
export interface AlarmRuleSnapshot {
  since_evidence: number;
  repetition: number;
  repeated_at: number;
  silenced_points: number;
  silenced_bar: number;
  /** Empty before the first burst. */
  shown: number[];
  kinds: LabelledKindsSnapshot | null;
}

/**
 * Decides which evidence is worth waking somebody for.
 *
 * An alarm needs 0.3 / sensitivity, times what speaks against it: 1 + (1,200 / points)² while the series is young, or 10 where
 * that is more and a single point stands alone, none of the six before having left a range; and 1 + 60 (a / sensitivity)², where
 * a is the number of alarms of the last ten days, older ones weighing less: a series that cries often is believed less. Kinds of incident that people
 * called false alarms need more, see `LabelledKinds`. Cost: O(1).
 */
export class AlarmRule {
  /** Points since one that left a range. */
  #sinceEvidence = Number.MAX_SAFE_INTEGER;
  #repetition = 0;
  #repeatedAt = 0;
  /** Points for which a silenced kind still reaches, and the evidence below which it does. */
  #silencedPoints = 0;
  #silencedBar = 0;
  /** Largest excess of each family in the present burst; made with the first. */
  #shown: number[] | undefined;
  /** Made with the first alarm. */
  #kinds: LabelledKinds | undefined;

  /**
   * @returns "alarm"; the first reason against one where the evidence would otherwise do; undefined where it would not.
   * Called for every point, in order of time.
   */
  judge(point: Evidence, settings: AlarmSettings): "alarm" | Suppression | undefined {
    const { evidence } = point;
    if (this.#silencedPoints > 0) this.#silencedPoints--;
    if (!(evidence > 0)) {
      if (this.#sinceEvidence < Number.MAX_SAFE_INTEGER) this.#sinceEvidence++;
      return undefined;
    }
    const confirmed = this.#sinceEvidence < CONFIRMATION_POINTS;
    this.#sinceEvidence = 0;
    const base = BASE_EVIDENCE / settings.sensitivity;
    if (evidence < base) return undefined;
    this.#gather(point.excesses, confirmed);
    const youth = 1 + (COLD_START / Math.max(1, point.seen)) ** 2;
    if (evidence < base * youth) return "cold_start";
    let needed = base * (confirmed ? youth : Math.max(youth, ISOLATED_FACTOR));
    if (evidence < needed) return "unconfirmed";
    needed *= 1 + REPETITION * (this.#repetitionAt(point.timeMs) / settings.sensitivity) ** 2;
    if (evidence < needed) return "repeated";
    const { value, expected } = point;
    if (settings.direction !== "both" && settings.direction !== sideName(value, expected))
      return "direction";
    const deviation = Math.abs(value / 2 - expected / 2) * 2;
    if (
      deviation < settings.minDeviation ||
      deviation < settings.minRelativeDeviation * Math.abs(expected)
    )
      return "small_deviation";
    return this.#isSilenced(point) ? "labelled" : "alarm";
  }

  /** Tells the rule that its alarm has opened an incident. */
  opened({ timeMs, value, expected, evidence }: Evidence): void {
    this.#repetition = this.#repetitionAt(timeMs) + 1;
    this.#repeatedAt = timeMs;
    this.#kinds ??= new LabelledKinds();
    this.#kinds.opened(timeMs, sideOf(value, expected), evidence, this.#shown ?? []);
  }

  /**
   * Learns what people said of an incident. An alarm that was right does not count as repeated.
   *
   * @param openedAt When the incident opened, ms. @param weight 0 … 1. @param now Time of the label, ms.
   * @returns Whether its kind was found and learned.
   */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): boolean {
    if (verdict === "true_positive") this.#repetition = Math.max(0, this.#repetition - weight);
    return this.#kinds?.label(openedAt, verdict, weight, now) ?? false;
  }

  snapshot(): AlarmRuleSnapshot {
    return {
      since_evidence: this.#sinceEvidence,
      repetition: this.#repetition,
      repeated_at: this.#repeatedAt,
      silenced_points: this.#silencedPoints,
      silenced_bar: this.#silencedBar,
      shown: this.#shown?.slice() ?? [],
      kinds: this.#kinds?.snapshot() ?? null,
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AlarmRuleSnapshot): AlarmRule {
    const { since_evidence, repetition, repeated_at, silenced_points, silenced_bar, shown, kinds } =
      snapshot;
    requireSnapshot(
      [since_evidence, silenced_points].every((x) => Number.isSafeInteger(x) && x >= 0),
      "a count is out of range",
    );
    requireSnapshot(
      repetition >= 0 && [repetition, repeated_at, silenced_bar].every(Number.isFinite),
      "a number is not finite",
    );
    const restored = new AlarmRule();
    restored.#sinceEvidence = since_evidence;
    restored.#repetition = repetition;
    restored.#repeatedAt = repeated_at;
    restored.#silencedPoints = silenced_points;
    restored.#silencedBar = silenced_bar;
    if (shown.length > 0) restored.#shown = [...shown];
    if (kinds !== null) restored.#kinds = LabelledKinds.restore(kinds);
    return restored;
  }

  /** What the points of one burst have shown so far: the first may be alone, and open nothing. */
  #gather(excesses: readonly number[], goesOn: boolean): void {
    this.#shown ??= doubles(excesses.length, 0);
    for (let i = 0; i < excesses.length; i++) {
      const before = goesOn ? this.#shown[i]! : 0;
      this.#shown[i] = Math.max(before, excesses[i]!);
    }
  }

  #isSilenced({ evidence, value, expected, timeMs }: Evidence): boolean {
    if (this.#kinds === undefined) return false;
    if (this.#silencedPoints > 0 && evidence < this.#silencedBar) return true;
    const bar = this.#kinds.bar(sideOf(value, expected), evidence, this.#shown ?? [], timeMs);
    if (evidence >= bar) return false;
    this.#silencedBar = bar;
    this.#silencedPoints = SILENCED_POINTS;
    return true;
  }

  #repetitionAt(timeMs: number): number {
    if (this.#repetition === 0) return 0;
    return this.#repetition * Math.exp(-Math.max(0, timeMs - this.#repeatedAt) / REPETITION_MS);
  }
}

const sideOf = (value: number, expected: number): number => (value >= expected ? 1 : -1);
const sideName = (value: number, expected: number): "above" | "below" =>
  value >= expected ? "above" : "below";
