import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import type { Lease } from "../membership/lease.ts";
import type { Metrics } from "../metrics.ts";
import type { Connection } from "../nats/connect.ts";
import type { Committer } from "./committer.ts";
import type { InputFolderOptions } from "./input-folder.ts";
import type { TimeSlices } from "./time-slices.ts";

/** What one life of a partition needs from its process. */
export interface PartitionOptions<State, Input> extends InputFolderOptions<State, Input> {
  readonly connection: Connection;
  readonly metrics: Metrics;
  /** Names this process in the position record. */
  readonly owner: string;
  readonly committer: Committer;
  /** While it is not valid nothing is folded. */
  readonly lease: Lease;
  /** Follows the owner instead of claiming, until `Partition.promote`. */
  readonly follow: boolean;
  /** Told once, when the partition is claimed. */
  readonly onClaimed: () => void;
  readonly store: CheckpointStore;
  /** Of all partitions of the process together. */
  readonly slices: TimeSlices;
}
