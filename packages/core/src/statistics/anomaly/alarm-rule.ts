import { alarmLevel, repetitionLevel } from "./alarm-level.ts";
import { shapeOf, USUAL_SURPRISE } from "./labels/incident-shape.ts";
import type { Verdict } from "./labels/labelled-kinds.ts";
import { MissedKinds, MOST_LOWERED } from "./labels/missed-kinds.ts";
import { NearMisses } from "./labels/near-misses.ts";
import type { SeenShape } from "./labels/packed-shapes.ts";
import { SILENCED_SAMPLES, ToldAlarms, type ToldAlarmsSnapshot } from "./labels/told-alarms.ts";

/** The reasons why a sample is no alarm although its surprise is high enough. */
export const SUPPRESSIONS = [
  "cold_start",
  "repeated",
  "labelled",
  "direction",
  "small_deviation",
] as const;
export type Suppression = (typeof SUPPRESSIONS)[number];

/** Settings of a series that limit its alarms. */
export interface AlarmSettings {
  /** 0.1 … 10: multiplies the budget. */
  readonly sensitivity: number;
  /** False incidents in fourteen days, above 0. */
  readonly budget: number;
  /** Least distance from the expected value, unit of the values, at least 0. */
  readonly minDeviation: number;
  /** Least distance as a share of the expected value, at least 0. */
  readonly minRelativeDeviation: number;
  /** The side on which a value must lie. */
  readonly direction: "both" | "above" | "below";
}

/** The detector's verdict on a sample. */
export interface Evidence {
  readonly timeMs: number;
  readonly value: number;
  readonly expected: number;
  readonly surprise: number;
  /** Reduction of `surprise` because the series is young. */
  readonly doubt: number;
  /** By `EVIDENCE_FAMILIES`. */
  readonly surprises: readonly number[];
  readonly intervalMs: number;
  /** Samples judged before. */
  readonly seen: number;
}

/** State of an `AlarmRule`: plain JSON. */
export interface AlarmRuleSnapshot {
  /** Null before the first alarm or label. */
  told: ToldAlarmsSnapshot | null;
  near_misses: SeenShape[];
}

/**
 * The effect of a label. For a missed anomaly:
 * - `learned`: its kind raises alarms from now on;
 * - `learned_in_part`: its kind raises alarms only if more surprising than the missed anomaly;
 * - `silenced`: its kind raises no alarms yet, because too many labels called this kind false alarms;
 * - `nothing_unusual`: no unusual sample without an alarm is known near the reported time.
 * For an incident: `learned`, or `unknown` if the incident is not one of the last 8, or the label changes nothing.
 */
export type LabelOutcome =
  | "learned"
  | "learned_in_part"
  | "silenced"
  | "nothing_unusual"
  | "unknown";

/** A person's verdict on an incident or on a missed anomaly. */
export interface Label {
  /** Event time (ms) at which the incident opened, or at which a missed anomaly began. */
  readonly openedAt: number;
  readonly verdict: Verdict;
  /** Weight of the label, 0 … 1. */
  readonly weight: number;
  /** Time of the label, ms. */
  readonly now: number;
}

/**
 * Decides which surprise is an alarm, so that a series opens about as many false incidents as its alarm budget allows.
 *
 * An alarm needs the level of budget times sensitivity (`alarmLevel`), and up to 0.8 more after recent incidents (`repetitionLevel`).
 * Kinds of incident that people called false alarms need more (`LabelledKinds`); kinds that people reported as missed need less
 * (`MissedKinds`). Cost: O(1).
 */
export class AlarmRule {
  /** Undefined until the first alarm or the first report of a missed anomaly, to save memory. */
  #told: ToldAlarms | undefined;
  /** Undefined until the first unusual sample without an alarm, to save memory. */
  #near: NearMisses | undefined;

  /** The level of `settings`, without the rise after recent incidents. */
  levelOf(
    { intervalMs }: Pick<Evidence, "intervalMs">,
    { budget, sensitivity }: AlarmSettings,
  ): number {
    return alarmLevel(budget * sensitivity, intervalMs);
  }

  /** Weighted number of recent incidents: the weight falls to 1/e in fourteen days, and incidents that people confirmed do not count. */
  recentAt(timeMs: number): number {
    return this.#told?.repetitionAt(timeMs) ?? 0;
  }

  /** @returns "alarm"; the first reason against an alarm if the surprise is high enough; undefined if the surprise is too low. */
  judge(sample: Evidence, settings: AlarmSettings): "alarm" | Suppression | undefined {
    const level = this.levelOf(sample, settings);
    const found = this.#weigh(sample, level);
    if (found !== "alarm" && !this.#wasMissed(sample, level)) return found;
    return unwanted(sample, settings) ?? (this.#isSilenced(sample) ? "labelled" : "alarm");
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
   * Remembers an unusual sample that opened no incident while none was open, so that a later report of a missed anomaly finds the
   * sample. Cost: one comparison for a usual sample.
   */
  untold(sample: Evidence, settings: AlarmSettings): void {
    const { timeMs, value, expected, surprise, surprises, intervalMs } = sample;
    if (surprise < USUAL_SURPRISE || unwanted(sample, settings) !== undefined) return;
    this.#near ??= new NearMisses();
    this.#near.update({ timeMs, side: sideOf(value, expected), surprise, surprises, intervalMs });
  }

  /** Learns from a label. A confirmed alarm no longer counts as a recent incident. */
  label(label: Label, settings: AlarmSettings, intervalMs: number): LabelOutcome {
    const { openedAt, verdict, weight, now } = label;
    if (verdict === "false_negative") return this.#missed(label, settings, intervalMs);
    const told = this.#told;
    if (told === undefined) return "unknown";
    const incident = told.kinds.incidentAt(openedAt);
    const isRight = verdict === "true_positive";
    if (isRight) told.repetition = Math.max(0, told.repetition - weight);
    const ofMissed = isRight
      ? incident !== undefined && told.missed?.confirm(incident, weight, now)
      : told.missed?.takeBack(incident ?? openedAt, weight, now);
    const ofKind = told.kinds.label(openedAt, verdict, weight, now);
    return ofKind || ofMissed === true ? "learned" : "unknown";
  }

  /** Null before the first sample that was unusual. */
  snapshot(): AlarmRuleSnapshot | null {
    if (this.#told === undefined && this.#near === undefined) return null;
    return {
      told: this.#told?.snapshot() ?? null,
      near_misses: this.#near?.snapshot() ?? [],
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AlarmRuleSnapshot | null): AlarmRule {
    const restored = new AlarmRule();
    if (snapshot === null) return restored;
    const { told, near_misses } = snapshot;
    if (told !== null) restored.#told = ToldAlarms.restore(told);
    if (near_misses.length > 0) restored.#near = NearMisses.restore(near_misses);
    return restored;
  }

  /** The verdict without labels. */
  #weigh({ surprise, doubt, timeMs }: Evidence, level: number): ReturnType<AlarmRule["judge"]> {
    if (surprise < level) return surprise + doubt < level ? undefined : "cold_start";
    return surprise < this.#asked(level, timeMs) ? "repeated" : "alarm";
  }

  /** Whether a sample is an alarm because people reported its kind as missed. */
  #wasMissed({ surprise, surprises, value, expected, timeMs }: Evidence, level: number): boolean {
    const missed = this.#told?.missed;
    if (missed === undefined || surprise < level - MOST_LOWERED) return false;
    const shape = shapeOf(sideOf(value, expected), surprise, surprises);
    return surprise >= missed.bar(shape, level, this.#asked(level, timeMs), timeMs);
  }

  /** The surprise that an alarm needs if no label is about its kind. */
  #asked(level: number, timeMs: number): number {
    return level + repetitionLevel(this.recentAt(timeMs));
  }

  #missed(
    { openedAt, weight, now }: Label,
    settings: AlarmSettings,
    intervalMs: number,
  ): LabelOutcome {
    const found = this.#near?.near(openedAt, intervalMs);
    if (found === undefined) return "nothing_unusual";
    this.#told ??= new ToldAlarms();
    const told = this.#told;
    told.missed ??= new MissedKinds();
    told.missed.learn(found, openedAt, weight, now);
    const silencedBelow = told.kinds.wants(found, weight, now) ?? 0;
    if (found.surprise < silencedBelow) return "silenced";
    const level = this.levelOf({ intervalMs }, settings);
    const bar = told.missed.bar(found, level, this.#asked(level, now), now);
    return found.surprise < bar ? "learned_in_part" : "learned";
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

/** The reason why settings exclude a sample from alarms, whatever its surprise; undefined if there is none. */
function unwanted(
  { value, expected }: Evidence,
  { direction, minDeviation, minRelativeDeviation }: AlarmSettings,
): Suppression | undefined {
  if (direction !== "both" && direction !== sideName(value, expected)) return "direction";
  const deviation = Math.abs(value / 2 - expected / 2) * 2;
  if (deviation < minDeviation || deviation < minRelativeDeviation * Math.abs(expected))
    return "small_deviation";
  return undefined;
}

const sideOf = (value: number, expected: number): number => (value >= expected ? 1 : -1);
const sideName = (value: number, expected: number): "above" | "below" =>
  value >= expected ? "above" : "below";
