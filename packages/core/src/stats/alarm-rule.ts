import { alarmLevel, BUDGET_MS, repetitionLevel } from "./alarm-level.ts";
import { requireSnapshot } from "./errors.ts";
import { LabelledKinds, type LabelledKindsSnapshot, type Verdict } from "./labelled-kinds.ts";

/** For so many samples what follows a silenced alarm is part of it, unless it is stronger than its kind's bar. */
const SILENCED_SAMPLES = 48;

/** Why surprise enough for an alarm was none. */
export const SUPPRESSIONS = [
  "cold_start",
  "repeated",
  "labelled",
  "direction",
  "small_deviation",
] as const;
export type Suppression = (typeof SUPPRESSIONS)[number];

/** Which alarms a series wants. */
export interface AlarmSettings {
  /** 0.1 … 10: multiplies the budget. */
  readonly sensitivity: number;
  /** False incidents in fourteen days, above 0. */
  readonly budget: number;
  /** Least distance from what was expected, unit of the values, from 0. */
  readonly minDeviation: number;
  /** Least distance as a share of what was expected, from 0. */
  readonly minRelativeDeviation: number;
  /** The side on which a value must lie. */
  readonly direction: "both" | "above" | "below";
}

/** What the detector says of a sample. */
export interface Evidence {
  readonly timeMs: number;
  readonly value: number;
  /** What was expected of it. */
  readonly expected: number;
  readonly surprise: number;
  /** What was taken off it because the series is young. */
  readonly doubt: number;
  /** By `EVIDENCE_FAMILIES`. */
  readonly surprises: readonly number[];
  readonly intervalMs: number;
  /** Samples judged before. */
  readonly seen: number;
}

/** State of an `AlarmRule`: plain JSON. */
export interface AlarmRuleSnapshot {
  repetition: number;
  repeated_at: number;
  silenced_at: number;
  silenced_bar: number;
  kinds: LabelledKindsSnapshot;
}

/** What is known of the alarms of a series. */
class ToldAlarms {
  /** Recent incidents, older ones weighing less, as of `repeatedAt`. */
  repetition = 0;
  repeatedAt = 0;
  /** Samples judged before the last alarm that was silenced, and the surprise below which its kind still is. */
  silencedAt = -SILENCED_SAMPLES;
  silencedBar = 0;
  kinds = new LabelledKinds();

  repetitionAt(timeMs: number): number {
    if (this.repetition === 0) return 0;
    return this.repetition * Math.exp(-Math.max(0, timeMs - this.repeatedAt) / BUDGET_MS);
  }
}

/**
 * Decides which surprise is worth waking somebody for, so that a series opens about as many false incidents as its budget allows.
 *
 * An alarm needs the level of the budget times the sensitivity (see `alarmLevel`), and at most 0.8 more by the incidents of late.
 * Kinds of incident that people called false alarms need more, see `LabelledKinds`. Cost: O(1).
 */
export class AlarmRule {
  /** Made with the first alarm. */
  #told: ToldAlarms | undefined;

  /** The level that `settings` ask for, the incidents of late left out. */
  levelOf({ intervalMs }: Evidence, { budget, sensitivity }: AlarmSettings): number {
    return alarmLevel(budget * sensitivity, intervalMs);
  }

  /** Incidents of the last fourteen days, older ones weighing less and those that people called right left out. */
  recentAt(timeMs: number): number {
    return this.#told?.repetitionAt(timeMs) ?? 0;
  }

  /** @returns "alarm"; the first reason against one where the surprise would otherwise do; undefined where it would not. */
  judge(sample: Evidence, settings: AlarmSettings): "alarm" | Suppression | undefined {
    const level = this.levelOf(sample, settings);
    if (sample.surprise < level)
      return sample.surprise + sample.doubt < level ? undefined : "cold_start";
    if (sample.surprise < level + repetitionLevel(this.recentAt(sample.timeMs))) return "repeated";
    const { value, expected } = sample;
    if (settings.direction !== "both" && settings.direction !== sideName(value, expected))
      return "direction";
    const deviation = Math.abs(value / 2 - expected / 2) * 2;
    if (
      deviation < settings.minDeviation ||
      deviation < settings.minRelativeDeviation * Math.abs(expected)
    )
      return "small_deviation";
    return this.#isSilenced(sample) ? "labelled" : "alarm";
  }

  /** Tells the rule that its alarm has opened an incident. */
  opened({ timeMs, value, expected, surprise, surprises }: Evidence): void {
    this.#told ??= new ToldAlarms();
    const told = this.#told;
    told.repetition = told.repetitionAt(timeMs) + 1;
    told.repeatedAt = timeMs;
    told.kinds.opened(timeMs, sideOf(value, expected), surprise, surprises);
  }

  /**
   * Learns what people said of an incident. An alarm that was right does not count as repeated.
   *
   * @param openedAt When the incident opened, ms. @param weight 0 … 1. @param now Time of the label, ms.
   * @returns Whether its kind was found and learned.
   */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): boolean {
    const told = this.#told;
    if (told === undefined) return false;
    if (verdict === "true_positive") told.repetition = Math.max(0, told.repetition - weight);
    return told.kinds.label(openedAt, verdict, weight, now);
  }

  /** Null before the first alarm. */
  snapshot(): AlarmRuleSnapshot | null {
    const told = this.#told;
    if (told === undefined) return null;
    return {
      repetition: told.repetition,
      repeated_at: told.repeatedAt,
      silenced_at: told.silencedAt,
      silenced_bar: told.silencedBar,
      kinds: told.kinds.snapshot(),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AlarmRuleSnapshot | null): AlarmRule {
    const restored = new AlarmRule();
    if (snapshot === null) return restored;
    const { repetition, repeated_at, silenced_at, silenced_bar, kinds } = snapshot;
    requireSnapshot(Number.isSafeInteger(silenced_at), "a count is out of range");
    requireSnapshot(
      repetition >= 0 && [repetition, repeated_at, silenced_bar].every(Number.isFinite),
      "a number is not finite",
    );
    restored.#told = new ToldAlarms();
    restored.#told.repetition = repetition;
    restored.#told.repeatedAt = repeated_at;
    restored.#told.silencedAt = silenced_at;
    restored.#told.silencedBar = silenced_bar;
    restored.#told.kinds = LabelledKinds.restore(kinds);
    return restored;
  }

  #isSilenced({ surprise, surprises, value, expected, timeMs, seen }: Evidence): boolean {
    const told = this.#told;
    if (told === undefined) return false;
    if (seen - told.silencedAt < SILENCED_SAMPLES && surprise < told.silencedBar) return true;
    const bar = told.kinds.bar(sideOf(value, expected), surprise, surprises, timeMs);
    if (surprise >= bar) return false;
    told.silencedBar = bar;
    told.silencedAt = seen;
    return true;
  }
}

const sideOf = (value: number, expected: number): number => (value >= expected ? 1 : -1);
const sideName = (value: number, expected: number): "above" | "below" =>
  value >= expected ? "above" : "below";
