import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  inputVersionSchema,
  MODES,
  metricNameSchema,
  SYSTEM_STATES,
  sideSchema,
  timestampSchema,
} from "../subjects/vocabulary.ts";
import { LOOPS } from "./signal.ts";

const common = {
  version: inputVersionSchema,
  timestamp: timestampSchema.optional(),
  reason: z.string().max(512).optional(),
};
const oneSeries = { metric: metricNameSchema, labels: labelsSchema.optional() };
/** One series, or every series of the system when no metric is named. */
const series = { metric: metricNameSchema.optional(), labels: labelsSchema.optional() };

/** Commands of operators to the learner, about series. */
export const learnerControl = defineMessage(
  "mapek.control.learner.v1",
  z.discriminatedUnion("command", [
    /** Pins the threshold to a value; nothing else moves the threshold until `unpin`. */
    z.object({
      ...common,
      ...oneSeries,
      command: z.literal("pin"),
      /** Absent = upper. */
      side: sideSchema,
      threshold: z.number(),
    }),
    z.object({ ...common, ...oneSeries, command: z.literal("unpin"), side: sideSchema }),
    /** Stops learning: the threshold, its recommendations and the window stay as they are; anomalies are still judged. */
    z.object({ ...common, ...series, command: z.literal("freeze") }),
    z.object({ ...common, ...series, command: z.literal("unfreeze") }),
    /** Samples within this range of event time are neither learned from nor judged. */
    z.object({
      ...common,
      ...series,
      command: z.literal("exclude"),
      from: timestampSchema,
      to: timestampSchema,
    }),
    z.object({
      ...common,
      ...series,
      command: z.literal("set_sensitivity"),
      sensitivity: z.number().min(0.1).max(10),
    }),
  ]),
);
export type LearnerControl = z.infer<typeof learnerControl.schema>;

/** Commands of operators to the optimizer, about a system. */
export const optimizerControl = defineMessage(
  "mapek.control.optimizer.v1",
  z.discriminatedUnion("command", [
    /** Forces a state; `null` releases the state. */
    z.object({
      ...common,
      command: z.literal("force_state"),
      state: z.enum(SYSTEM_STATES).nullable(),
    }),
    z.object({ ...common, command: z.literal("set_mode"), mode: z.enum(MODES) }),
  ]),
);
export type OptimizerControl = z.infer<typeof optimizerControl.schema>;

/** Commands of operators to the feedback service, about a system. */
export const feedbackControl = defineMessage(
  "mapek.control.feedback.v1",
  z.discriminatedUnion("command", [
    /** A disabled loop stores its signals and acts on none. */
    z.object({
      ...common,
      command: z.literal("set_loop"),
      loop: z.enum(LOOPS),
      enabled: z.boolean(),
    }),
  ]),
);
export type FeedbackControl = z.infer<typeof feedbackControl.schema>;
