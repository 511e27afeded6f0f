import { copiedDoubles, doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import { LabelledKinds, type LabelledKindsSnapshot, type Verdict } from "./labelled-kinds.ts";

/** Evidence that is an alarm at sensitivity 1, where nothing speaks against it. */
const BASE_EVIDENCE = 0.3;
/** Points at which youth asks for twice the evidence. */
const COLD_START = 1_200;
/** Evidence is confirmed by some that came at most this many points before. */
const CONFIRMATION_POINTS = 6;
/**
 * Less evidence than this share of an alarm's confirms nothing: where a series climbs, or is noisy and fast, some view leaves
 * its range by a hair all the time. Chosen on synthetic lines and noise (of 0.1, 0.3 and 1), checked on NAB's development half:
 * one window more is told by default, and one false alarm less.
 */
const CONFIRMING_SHARE = 0.3;
/**
 * One point alone needs at least this many times the evidence, times the root of what recent alarms ask for. Chosen on synthetic
 * lines and noise (of 10, 15 and 20; without that root 11 of 1,000 normal series had more than two anomalies in 30 days), checked
 * on NAB's development half, kpi, wsd and cloud.
 */
const ISOLATED_FACTOR = 15;
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
  /** Points judged before, those without evidence included. */
  readonly seen: number;
}

/** State of an `AlarmRule`: plain JSON. */
export interface AlarmRuleSnapshot {
  /** Points judged before the last one that can confirm another; below 0 where none can. */
  evidence_at: number;
  /** Empty before the first burst. */
  shown: number[];
  told: {
    repetition: number;
    repeated_at: number;
    silenced_at: number;
    silenced_bar: number;
    kinds: LabelledKindsSnapshot;
  } | null;
}

/** What is known of the alarms of a series. */
class ToldAlarms {
  /** Recent alarms, older ones weighing less, as of `repeatedAt`. */
  repetition = 0;
  repeatedAt = 0;
  /** Points judged before the last alarm that was silenced, and the evidence below which its kind still is. */
  silencedAt = -SILENCED_POINTS;
  silencedBar = 0;
  kinds = new LabelledKinds();

  repetitionAt(timeMs: number): number {
    if (this.repetition === 0) return 0;
    return this.repetition * Math.exp(-Math.max(0, timeMs - this.repeatedAt) / REPETITION_MS);
  }
}

/**
 * Decides which evidence is worth waking somebody for.
 *
 * An alarm needs 0.3 / sensitivity, times what speaks against it: 1 + (1,200 / points)² while the series is young, and
 * r = 1 + 60 (a / sensitivity)², where a is the number of alarms of the last ten days, older ones weighing less: a series that
 * cries often is believed less. At least 15 √r times where a single point stands alone, none of the six before having shown 0.3
 * of an alarm's. Kinds of incident that people
 * called false alarms need more, see `LabelledKinds`. Cost: O(1).
 */
export class AlarmRule {
  #evidenceAt = -CONFIRMATION_POINTS - 1;
  /** Largest excess of each family in the present burst; made with the first. */
  #shown: number[] | undefined;
  /** Made with the first alarm. */
  #told: ToldAlarms | undefined;

  /**
   * @returns "alarm"; the first reason against one where the evidence would otherwise do; undefined where it would not.
   * To be called in order of time; a point without evidence changes nothing.
   */
  judge(point: Evidence, settings: AlarmSettings): "alarm" | Suppression | undefined {
    const { evidence } = point;
    if (!(evidence > 0)) return undefined;
    const confirmed = point.seen - this.#evidenceAt <= CONFIRMATION_POINTS;
    const base = BASE_EVIDENCE / settings.sensitivity;
    if (evidence >= CONFIRMING_SHARE * base) this.#evidenceAt = point.seen;
    if (evidence < base) return undefined;
    this.#gather(point.excesses, confirmed);
    const youth = 1 + (COLD_START / Math.max(1, point.seen)) ** 2;
    if (evidence < base * youth) return "cold_start";
    const repeated =
      1 + REPETITION * ((this.#told?.repetitionAt(point.timeMs) ?? 0) / settings.sensitivity) ** 2;
    if (!confirmed && evidence < base * ISOLATED_FACTOR * Math.sqrt(repeated)) return "unconfirmed";
    if (evidence < base * youth * repeated) return "repeated";
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
    this.#told ??= new ToldAlarms();
    const told = this.#told;
    told.repetition = told.repetitionAt(timeMs) + 1;
    told.repeatedAt = timeMs;
    told.kinds.opened(timeMs, sideOf(value, expected), evidence, this.#shown ?? []);
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

  snapshot(): AlarmRuleSnapshot {
    const told = this.#told;
    return {
      evidence_at: this.#evidenceAt,
      shown: this.#shown?.slice() ?? [],
      told:
        told === undefined
          ? null
          : {
              repetition: told.repetition,
              repeated_at: told.repeatedAt,
              silenced_at: told.silencedAt,
              silenced_bar: told.silencedBar,
              kinds: told.kinds.snapshot(),
            },
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ evidence_at, shown, told }: AlarmRuleSnapshot): AlarmRule {
    requireSnapshot(Number.isSafeInteger(evidence_at), "a count is out of range");
    const restored = new AlarmRule();
    restored.#evidenceAt = evidence_at;
    if (shown.length > 0) restored.#shown = copiedDoubles(shown);
    if (told === null) return restored;
    const { repetition, repeated_at, silenced_at, silenced_bar, kinds } = told;
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

  /** What the points of one burst have shown so far: the first may be alone, and open nothing. */
  #gather(excesses: readonly number[], goesOn: boolean): void {
    this.#shown ??= doubles(excesses.length, 0);
    const shown = this.#shown;
    for (let i = 0; i < excesses.length; i++)
      shown[i] = Math.max(goesOn ? shown[i]! : 0, excesses[i]!);
  }

  #isSilenced({ evidence, value, expected, timeMs, seen }: Evidence): boolean {
    const told = this.#told;
    if (told === undefined) return false;
    if (seen - told.silencedAt < SILENCED_POINTS && evidence < told.silencedBar) return true;
    const bar = told.kinds.bar(sideOf(value, expected), evidence, this.#shown ?? [], timeMs);
    if (evidence >= bar) return false;
    told.silencedBar = bar;
    told.silencedAt = seen;
    return true;
  }
}

const sideOf = (value: number, expected: number): number => (value >= expected ? 1 : -1);
const sideName = (value: number, expected: number): "above" | "below" =>
  value >= expected ? "above" : "below";
