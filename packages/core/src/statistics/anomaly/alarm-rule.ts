import { alarmLevel, repetitionLevel } from "./alarm-level.ts";
import { shapeOf, USUAL_SURPRISE } from "./labels/incident-shape.ts";
import type { Verdict } from "./labels/labelled-kinds.ts";
import { MissedKinds, MOST_LOWERED } from "./labels/missed-kinds.ts";
import { NearMisses } from "./labels/near-misses.ts";
import type { SeenShape } from "./labels/packed-shapes.ts";
import { SILENCED_SAMPLES, ToldAlarms, type ToldAlarmsSnapshot } from "./labels/told-alarms.ts";

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
  /** Null before the first alarm or label. */
  told: ToldAlarmsSnapshot | null;
  near_misses: SeenShape[];
}

/**
 * What became of a label. Of an anomaly that was missed: its kind is told from now on (`learned`), or only where it is rarer than what was
 * missed (`learned_in_part`), or not yet, since too many labels called its kind false alarms (`silenced`); or nothing near that time
 * was unusual and untold (`nothing_unusual`). Of an incident: `unknown` where it is none of the last 8, or there was nothing to take back.
 */
export type LabelOutcome =
  | "learned"
  | "learned_in_part"
  | "silenced"
  | "nothing_unusual"
  | "unknown";

/** What people said. */
export interface Label {
  /** When the incident opened or, missed, should have: event time, ms. */
  readonly openedAt: number;
  readonly verdict: Verdict;
  /** How much the label counts, 0 … 1. */
  readonly weight: number;
  /** Time of the label, ms. */
  readonly now: number;
}

/**
 * Decides which surprise is worth waking somebody for, so that a series opens about as many false incidents as its budget allows.
 *
 * An alarm needs the level of the budget times the sensitivity (see `alarmLevel`), and at most 0.8 more by the incidents of late.
 * Kinds of incident that people called false alarms need more, see `LabelledKinds`; kinds that they missed need less, see
 * `MissedKinds`. Cost: O(1).
 */
export class AlarmRule {
  /** Made with the first alarm, or the first report of one that was missed. */
  #told: ToldAlarms | undefined;
  /** Made with the first sample that was unusual and not told. */
  #near: NearMisses | undefined;

  /** The level that `settings` ask for, the incidents of late left out. */
  levelOf(
    { intervalMs }: Pick<Evidence, "intervalMs">,
    { budget, sensitivity }: AlarmSettings,
  ): number {
    return alarmLevel(budget * sensitivity, intervalMs);
  }

  /** Incidents of the last fourteen days, older ones weighing less and those that people called right left out. */
  recentAt(timeMs: number): number {
    return this.#told?.repetitionAt(timeMs) ?? 0;
  }

  /** @returns "alarm"; the first reason against one where the surprise would otherwise do; undefined where it would not. */
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
   * Tells the rule that no incident came of a sample, and that none is open: should somebody miss one, it is found.
   * Cost: a comparison where its surprise is usual.
   */
  untold(sample: Evidence, settings: AlarmSettings): void {
    const { timeMs, value, expected, surprise, surprises, intervalMs } = sample;
    if (surprise < USUAL_SURPRISE || unwanted(sample, settings) !== undefined) return;
    this.#near ??= new NearMisses();
    this.#near.update({ timeMs, side: sideOf(value, expected), surprise, surprises, intervalMs });
  }

  /** Learns what people said of an incident, or of one that they missed. An alarm that was right does not count as repeated. */
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

  /** What the surprise alone would be, whatever labels say. */
  #weigh({ surprise, doubt, timeMs }: Evidence, level: number): ReturnType<AlarmRule["judge"]> {
    if (surprise < level) return surprise + doubt < level ? undefined : "cold_start";
    return surprise < this.#asked(level, timeMs) ? "repeated" : "alarm";
  }

  /** Whether a sample that is no alarm otherwise is one of a kind that people missed. */
  #wasMissed({ surprise, surprises, value, expected, timeMs }: Evidence, level: number): boolean {
    const missed = this.#told?.missed;
    if (missed === undefined || surprise < level - MOST_LOWERED) return false;
    const shape = shapeOf(sideOf(value, expected), surprise, surprises);
    return surprise >= missed.bar(shape, level, this.#asked(level, timeMs), timeMs);
  }

  /** What an alarm needs that no label speaks of. */
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

/** Why settings let no surprise of a sample be an alarm. */
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
