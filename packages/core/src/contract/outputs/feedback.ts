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

/** An accepted signal; signal callbacks receive this message. Stored and republished on `feedback.<system>.<loop>`. */
export const feedback = defineMessage(
  "mapek.feedback.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    loop: z.enum(LOOPS),
    id: z.string(),
    source: z.string(),
    signal: z.record(z.string(), z.unknown()),
    /** Why the signal is stored without effect: its source has lately sent, or moved, too much. */
    without_effect: z.object({ code: z.string(), reason: z.string() }).optional(),
    timestamp: timestampSchema,
  }),
);
export type Feedback = z.infer<typeof feedback.schema>;

/** Verdicts of a label on an anomaly: a false alarm, a right alarm, or a missed anomaly. */
export const LABEL_VERDICTS = ["false_positive", "true_positive", "false_negative"] as const;
export type LabelVerdict = (typeof LABEL_VERDICTS)[number];

export const ACTION_STATUSES = ["applied", "refused", "judged", "rolled_back"] as const;

/** The value of a setting before or after an action: a number, a state's name, or nothing yet. */
export const settingValue = z.union([z.number(), z.string(), z.null()]);
export type SettingValue = z.infer<typeof settingValue>;

/**
 * A change that a loop made; later messages with the same `action_id` give its outcome.
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
      /** The series, where the setting belongs to one series. */
      series: z.string().nullable(),
    }),
    from: settingValue,
    to: settingValue,
    reason: z.string(),
    /** The measure by which the action is judged, smaller is better; null where nothing was measured. */
    objective: z
      .object({
        name: z.string(),
        before: z.number().nullable(),
        after: z.number().nullable(),
        predicted: z.number().nullable(),
        /** Forecast or measured value without the action, in the unit of `after`. */
        expected: z.number().optional(),
        /** Standard deviation of `after` around `expected` by noise alone. */
        noise: z.number().min(0).optional(),
      })
      .nullable(),
    /** Whether the action helped; null while the action is not judged, or where no evidence came in time. */
    helped: z.boolean().nullable(),
    /** Running share of this loop's judged actions that helped. */
    effectiveness: shareSchema.nullable(),
    /** Factor on the steps of this loop after actions that hurt, 1 = undamped. */
    damping: shareSchema,
    timestamp: timestampSchema,
  }),
);
export type Action = z.infer<typeof action.schema>;
