import type { Position } from "@mapek/core/contract";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** Reports in log, metric and health that the input stream no longer holds all inputs that a partition's state needs. */
export class HistoryWatch {
  /** True once it was reported for this partition since its claim. */
  trimmed = false;
  readonly #partition: number;
  readonly #metrics: Metrics;
  readonly #log: Logger;

  constructor(options: { partition: number; metrics: Metrics; log: Logger }) {
    this.#partition = options.partition;
    this.#metrics = options.metrics;
    this.#log = options.log;
  }

  /** Reports that the oldest input left is newer than the first that the state needs. */
  onTrimmed({ first_seq, input_seq }: Position, oldestSeq: number): void {
    this.#mark();
    const partition = this.#partition;
    const unread = oldestSeq > input_seq + 1;
    this.#log.warn(
      { partition, first_seq, input_seq, oldest_seq: oldestSeq, inputs_may_be_lost: unread },
      "the stream no longer reaches back to what this partition's state needs: it is rebuilt from what is left",
    );
  }

  /** Reports that the stream ends before the stored position: its tail was lost, or it was created anew. */
  onShortened({ input_seq }: Position, newestSeq: number): void {
    this.#mark();
    this.#log.error(
      { partition: this.#partition, input_seq, newest_seq: newestSeq },
      "the stream has lost inputs that this partition had folded: its state is rebuilt from what is left",
    );
  }

  #mark(): void {
    this.trimmed = true;
    this.#metrics.historyTrimmed.set({ partition: this.#partition }, 1);
  }
}
