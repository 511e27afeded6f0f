import type { AlarmRuleSnapshot, Incident, OldDetectorSnapshot } from "../../statistics/index.ts";
import type { Stored } from "../state/stored-columns.ts";
import type { JudgeSnapshot } from "./series-judge.ts";

/** Schema of a series' state since which evidence calibrates itself. */
const CALIBRATED_SCHEMA = 7;
/** Schema since which near misses are remembered. */
const NEAR_MISSES_SCHEMA = 8;
/** Surprise that an anomaly which was open then is taken to have had: that of the default level. */
const TAKEN_SURPRISE = 3;

/** State of a judge that remembers no near misses. */
interface ForgetfulJudgeSnapshot extends Omit<JudgeSnapshot, "rule"> {
  readonly rule: Omit<NonNullable<AlarmRuleSnapshot["told"]>, "missed"> | null;
}

/** State of a judge before evidence calibrated itself: what is read of it. */
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

/** State of a judge of any schema that is read. */
export type AnyJudgeSnapshot = JudgeSnapshot | ForgetfulJudgeSnapshot | UncalibratedJudgeSnapshot;

/** The same judge as state of today. @param schema That of its series' state. */
export function currentJudge(snapshot: AnyJudgeSnapshot, schema: number): JudgeSnapshot {
  if (schema >= NEAR_MISSES_SCHEMA) return snapshot as JudgeSnapshot;
  if (schema < CALIBRATED_SCHEMA) return calibratedJudge(snapshot as UncalibratedJudgeSnapshot);
  const { rule, ...judge } = snapshot as ForgetfulJudgeSnapshot;
  // It begins with no near misses: what was unusual before can not be reported as missed.
  return {
    ...judge,
    rule: rule === null ? null : { told: { ...rule, missed: null }, near_misses: [] },
  };
}

/**
 * Records, incidents of late and an open anomaly of an uncalibrated judge go on; kinds that were labelled are forgotten, since
 * evidence is measured in other terms, and hours are known after two days.
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
