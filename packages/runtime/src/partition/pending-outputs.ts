import type { Publication } from "../nats/atomic-batch.ts";

interface Entry {
  readonly publication: Publication;
  readonly seq: number;
  /** Index among the messages of its input. */
  readonly index: number;
}

/** Outputs that were folded and wait for their commit, in order. */
export class PendingOutputs {
  #entries: Entry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** Adds the publications of one input; `firstIndex` of them were stored by an earlier commit. */
  add(seq: number, publications: readonly Publication[], firstIndex: number): void {
    publications.forEach((publication, i) => {
      this.#entries.push({ publication, seq, index: firstIndex + i });
    });
  }

  /** The first `count` publications. */
  first(count: number): Publication[] {
    return this.#entries.slice(0, count).map((entry) => entry.publication);
  }

  /**
   * The position to store with the first `count` messages. An input whose messages do not fit into one batch is stored
   * in parts: `outputs_done` of them are stored, the rest follow.
   */
  positionAfter(count: number, folded: number): { input_seq: number; outputs_done: number } {
    const next = this.#entries[count];
    if (next === undefined) return { input_seq: folded, outputs_done: 0 };
    return { input_seq: next.seq - 1, outputs_done: next.index };
  }

  drop(count: number): void {
    this.#entries = this.#entries.slice(count);
  }
}
