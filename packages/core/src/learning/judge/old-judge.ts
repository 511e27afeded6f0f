import type { AlarmRuleSnapshot, Incident, OldDetectorSnapshot } from "../../statistics/index.ts";
import type { Stored } from "../state/stored-columns.ts";
import type { JudgeSnapshot } from "./series-judge.ts";

/** First schema of a series' state in which evidence calibrates itself. */
const CALIBRATED_SCHEMA = 7;
/** First schema of a series' state that holds near misses. */
const NEAR_MISSES_SCHEMA = 8;
/** Surprise of the default level: stands for the surprise of an open anomaly whose old state holds none. */
const TAKEN_SURPRISE = 3;

/** State of a judge of schema 7, which holds no near misses. */
interface ForgetfulJudgeSnapshot extends Omit<JudgeSnapshot, "rule"> {
  readonly rule: Omit<NonNullable<AlarmRuleSnapshot["told"]>, "missed"> | null;
}

/** State of a judge of schemas 5 and 6, before evidence calibrated itself; only the fields that are read. */
interface UncalibratedJudgeSnapshot
  extends Omit<JudgeSnapshot, "detector" | "rule" | "incidents" | "suppressed"> {
  readonly detector: Stored<OldDetectorSnapshot>;
  readonly rule: {
    readonly told: { readonly repetition: number; readonly repeated_at: number } | null;
  };
  readonly incidents: {
    readonly open: {
      readonly incident: Omit<Incident, "ending" | "expected" | "surprises">;
      readonly lastLoudAt: number;
    } | null;
  } | null;
}

/** State of a judge of any schema that can be restored. */
export type AnyJudgeSnapshot = JudgeSnapshot | ForgetfulJudgeSnapshot | UncalibratedJudgeSnapshot;

/** Converts the state of a judge of any schema to the current schema. @param schema Schema of the series' state. */
export function currentJudge(snapshot: AnyJudgeSnapshot, schema: number): JudgeSnapshot {
  if (schema >= NEAR_MISSES_SCHEMA) return snapshot as JudgeSnapshot;
  if (schema < CALIBRATED_SCHEMA) return calibratedJudge(snapshot as UncalibratedJudgeSnapshot);
  const { rule, ...judge } = snapshot as ForgetfulJudgeSnapshot;
  // The judge begins with no near misses, so that no earlier sample can be labelled as a missed anomaly.
  return {
    ...judge,
    rule: rule === null ? null : { told: { ...rule, missed: null }, near_misses: [] },
  };
}

/**
 * Keeps the records, the recent incidents and the open anomaly of an uncalibrated judge. The labelled kinds are lost, since
 * calibrated evidence has another scale. The hours are known again after two days.
 */
function calibratedJudge({ rule, incidents, ...judge }: UncalibratedJudgeSnapshot): JudgeSnapshot {
  const { told } = rule;
  const open = incidents?.open ?? null;
  return {
    ...judge,
    suppressed: [],
    rule:
      told === null
        ? null
        : {
            told: {
              repetition: told.repetition,
              repeated_at: told.repeated_at,
              silenced_at: 0,
              silenced_bar: 0,
              kinds: { incidents: [], kinds: [] },
              missed: null,
            },
            near_misses: [],
          },
    incidents:
      open === null
        ? null
        : {
            version: 4,
            lingers_until: 0,
            open: {
              incident: {
                ...open.incident,
                expected: open.incident.expected_high ?? open.incident.peak_value,
                surprises: {},
                ending: null,
              },
              peakSurprise: TAKEN_SURPRISE,
              quiet: 0,
              usual: 0,
              opposite: 0,
              furthest: open.incident.peak_value,
              sinceFurthest: 0,
              levelPeak: TAKEN_SURPRISE,
              lastLoudAt: open.lastLoudAt,
              lastOffAt: open.lastLoudAt,
              toldSurprise: TAKEN_SURPRISE,
            },
          },
  };
}
