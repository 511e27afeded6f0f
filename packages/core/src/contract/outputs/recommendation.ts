import { z } from "zod";
import { STRATEGIES, type Strategy } from "../../statistics/index.ts";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  metricNameSchema,
  shareSchema,
  sideSchema,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

/** The strategies by which a threshold can be learned. */
export const strategyName = z.enum(STRATEGIES);

const candidates = Object.fromEntries(STRATEGIES.map((strategy) => [strategy, z.number()]));

/** The recommended threshold from the window of a series. */
export const recommendationBody = z.object({
  recommended_value: z.number(),
  /** Probability that the promised exceedance rate will hold on the samples to come. */
  confidence: shareSchema,
  strategy: strategyName,
  reasoning: z.string(),
  candidates: z.object(candidates as Record<Strategy, z.ZodNumber>),
  supporting_data: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  /** True while the window holds fewer than `min_data_points` samples. */
  provisional: z.boolean(),
});

/** A threshold that the learner proposes. Stored and republished on `recommendations.<system>.<metric>`. */
export const recommendation = defineMessage(
  "mapek.recommendation.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    metric: metricNameSchema,
    labels: labelsSchema,
    /** Side of the threshold; absent = upper. */
    side: sideSchema,
    ...recommendationBody.shape,
    timestamp: timestampSchema,
  }),
);
export type Recommendation = z.infer<typeof recommendation.schema>;
