import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { SERVICES, timestampSchema, versionSchema } from "../subjects/vocabulary.ts";

/** Bytes of a refused payload that its dead letter keeps. */
export const REJECTED_PAYLOAD_BYTES = 1_024;

/** A dead letter. Stored and republished on `rejected.<service>`. */
export const rejected = defineMessage(
  "mapek.rejected.v1",
  z.object({
    version: versionSchema,
    service: z.enum(SERVICES),
    /** One of the documented error codes. */
    code: z.string(),
    reason: z.string(),
    /** The subject on which the message came. */
    subject: z.string(),
    /** The first KiB of the payload, base64. */
    payload: z.string().max(1_400),
    payload_bytes: z.number().int().min(0),
    timestamp: timestampSchema,
  }),
);
export type Rejected = z.infer<typeof rejected.schema>;
