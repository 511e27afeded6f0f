import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { SERVICES, timestampSchema } from "../subjects/vocabulary.ts";

const partitionsSchema = z.array(z.number().int().min(0));

/** The heartbeat of one instance of a service: a key of the bucket of members that expires unless it is renewed. */
export const member = defineMessage(
  "mapek.member.v1",
  z.object({
    version: z.literal(1),
    service: z.enum(SERVICES),
    /** Names the process. */
    owner: z.string(),
    /** Partitions that the instance owns. */
    holds: partitionsSchema,
    /** Partitions that the instance follows so closely that it can take over at once. */
    ready: partitionsSchema,
    /** Whether the instance claims no more partitions and hands over its own. */
    leaving: z.boolean(),
    /** When the process started. */
    started: timestampSchema,
  }),
);
export type Member = z.infer<typeof member.schema>;
