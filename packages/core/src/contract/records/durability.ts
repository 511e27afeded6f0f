import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";

/** The server's guarantees for an acknowledged write, as a service observes them: the answer to `durability`. */
export const durability = defineMessage(
  "mapek.durability.v1",
  z.object({
    version: z.literal(1),
    server_version: z.string(),
    /** Copies of each stored message: the smallest number of any stream. */
    replicas: z.number().int().min(1),
    /** Where streams are stored: `memory` where any stream is. */
    storage: z.enum(["file", "memory"]),
    /** Number of servers in the cluster, 1 without a cluster; null where a client cannot see the cluster. */
    cluster_size: z.number().int().min(1).nullable(),
    /**
     * When a write is synced to disk: `always` before the acknowledgement, or within this number of seconds
     * after; `unknown` without a monitoring address. The weakest guarantee of all servers.
     */
    sync: z.union([z.literal("always"), z.literal("unknown"), z.number().min(0)]),
  }),
);
export type Durability = z.infer<typeof durability.schema>;
