import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import type { Lease } from "../membership/lease.ts";
import type { Metrics } from "../metrics.ts";
import type { Connection } from "../nats/connect.ts";
import type { Committer } from "./committer.ts";
import type { InputFolderOptions } from "./input-folder.ts";
import type { TimeSlices } from "./time-slices.ts";

/** What a `Partition` needs from its process. */
export interface PartitionOptions<State, Input> extends InputFolderOptions<State, Input> {
  readonly connection: Connection;
  readonly metrics: Metrics;
  /** Name of this process in the position record. */
  readonly owner: string;
  readonly committer: Committer;
  /** Nothing is folded while the lease is not valid. */
  readonly lease: Lease;
  /** True follows the owner instead of claiming, until `Partition.promote`. */
  readonly follow: boolean;
  /** Called once, when the partition is claimed. */
  readonly onClaimed: () => void;
  readonly store: CheckpointStore;
  /** Shared by all partitions of the process. */
  readonly slices: TimeSlices;
}
