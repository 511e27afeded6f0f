import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";

/** What the server does for an acknowledged write, as a service found it: the answer to `durability`. */
export const durability = defineMessage(
  "mapek.durability.v1",
  z.object({
    version: z.literal(1),
    server_version: z.string(),
    /** Copies of each stored message: the fewest that any stream has. */
    replicas: z.number().int().min(1),
    /** Where streams are stored: `memory` where any stream is. */
    storage: z.enum(["file", "memory"]),
    /** Servers of the cluster, 1 without one; null where a client cannot see it. */
    cluster_size: z.number().int().min(1).nullable(),
    /**
     * When a write is synced to disk: `always` before it is acknowledged, or within so many seconds
     * after; `unknown` without a monitoring address. Of several servers, the weakest.
     */
    sync: z.union([z.literal("always"), z.literal("unknown"), z.number().min(0)]),
  }),
);
export type Durability = z.infer<typeof durability.schema>;
