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
    /** Partitions that it runs. */
    holds: partitionsSchema,
    /** Partitions that it follows so closely that it can take them over at once. */
    ready: partitionsSchema,
    /** It takes no partition any more, and hands over those that it has. */
    leaving: z.boolean(),
    /** When the process started. */
    started: timestampSchema,
  }),
);
export type Member = z.infer<typeof member.schema>;
