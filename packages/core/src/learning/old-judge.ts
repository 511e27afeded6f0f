import type { Incident, OldDetectorSnapshot } from "../stats/index.ts";
import type { JudgeSnapshot } from "./series-judge.ts";
import type { Stored } from "./stored-columns.ts";

/** Schema of a series' state since which evidence calibrates itself. */
export const CALIBRATED_SCHEMA = 7;
/** Surprise that an anomaly which was open then is taken to have had: that of the default level. */
const TAKEN_SURPRISE = 3;

/** State of a judge before evidence calibrated itself: what is read of it. */
export interface OldJudgeSnapshot
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

/**
 * The same judge as state of today: records, incidents of late and an open anomaly go on; kinds that were labelled are forgotten, since
 * evidence is measured in other terms, and hours are known after two days.
 */
export function calibratedJudge({ rule, incidents, ...judge }: OldJudgeSnapshot): JudgeSnapshot {
  const { told } = rule;
  const open = incidents?.open ?? null;
  return {
    ...judge,
    suppressed: [],
    rule:
      told === null
        ? null
        : {
            repetition: told.repetition,
            repeated_at: told.repeated_at,
            silenced_at: 0,
            silenced_bar: 0,
            kinds: { incidents: [], kinds: [] },
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
