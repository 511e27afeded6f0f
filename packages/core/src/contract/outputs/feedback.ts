import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { LOOPS } from "../inputs/signal.ts";
import {
  SERVICES,
  shareSchema,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

/** A signal that was accepted: what signal callbacks get. Stored and republished on `feedback.<system>.<loop>`. */
export const feedback = defineMessage(
  "mapek.feedback.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    loop: z.enum(LOOPS),
    id: z.string(),
    source: z.string(),
    signal: z.record(z.string(), z.unknown()),
    /** Why it is stored and nothing more: its source has said too much, or moved too much, lately. */
    without_effect: z.object({ code: z.string(), reason: z.string() }).optional(),
    timestamp: timestampSchema,
  }),
);
export type Feedback = z.infer<typeof feedback.schema>;

/** What a label says of one anomaly: a false alarm, a right one, or one that was missed. */
export const LABEL_VERDICTS = ["false_positive", "true_positive", "false_negative"] as const;
export type LabelVerdict = (typeof LABEL_VERDICTS)[number];

export const ACTION_STATUSES = ["applied", "refused", "judged", "rolled_back"] as const;

/** The value of a setting before or after an action: a number, a state's name, or nothing yet. */
export const settingValue = z.union([z.number(), z.string(), z.null()]);
export type SettingValue = z.infer<typeof settingValue>;

/**
 * What a loop changed and, in later messages with the same `action_id`, how it turned out.
 * Stored and republished on `actions.<system>.<loop>`.
 */
export const action = defineMessage(
  "mapek.action.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    loop: z.enum(LOOPS),
    action_id: z.string(),
    signal_id: z.string(),
    status: z.enum(ACTION_STATUSES),
    target: z.object({
      service: z.enum(SERVICES),
      /** `threshold`, `sensitivity`, `state` or the name of a parameter. */
      setting: z.string(),
      /** The series, where the setting is a series' own. */
      series: z.string().nullable(),
    }),
    from: settingValue,
    to: settingValue,
    reason: z.string(),
    /** The measure by which the action is judged, smaller is better; null where it was not measured. */
    objective: z
      .object({
        name: z.string(),
        before: z.number().nullable(),
        after: z.number().nullable(),
        predicted: z.number().nullable(),
        /** What would have come without the action, of the same measure as `after`; where it was forecast or measured. */
        expected: z.number().optional(),
        /** Standard deviation by which noise alone takes what comes away from `expected`. */
        noise: z.number().min(0).optional(),
      })
      .nullable(),
    /** Whether it helped; null while that is open or when no evidence came in time. */
    helped: z.boolean().nullable(),
    /** Running share of this loop's judged actions that helped. */
    effectiveness: shareSchema.nullable(),
    /** What is left of this loop's step after actions that hurt, 1 = undamped. */
    damping: shareSchema,
    timestamp: timestampSchema,
  }),
);
export type Action = z.infer<typeof action.schema>;
