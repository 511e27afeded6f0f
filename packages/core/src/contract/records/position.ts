import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { timestampSchema } from "../subjects/vocabulary.ts";

/**
 * The input up to which a partition has been folded and its outputs are stored. The sequence of the newest
 * record is the fencing token of the partition's owner.
 */
export const position = defineMessage(
  "mapek.position.v1",
  z.object({
    version: z.literal(1),
    /** Sequence of the newest input whose outputs are all stored; 0 before the first. */
    input_seq: z.number().int().min(0),
    /** Sequence of the first input ever folded, 0 before the first: distinguishes a trimmed stream from a short one. */
    first_seq: z.number().int().min(0),
    /** Number of stored outputs of the input after `input_seq`, where its outputs do not fit in one batch. */
    outputs_done: z.number().int().min(0),
    /** Checkpoints to restore from, newest first, with the sequence of the input after which replay begins. */
    checkpoints: z
      .array(z.object({ name: z.string(), seq: z.number().int().min(0) }))
      .max(2)
      .default([]),
    owner: z.string(),
    /** Number of claims: increases by one with each new owner. */
    epoch: z.number().int().min(0),
    time: timestampSchema,
  }),
);
export type Position = z.infer<typeof position.schema>;
