import type { Publication } from "../nats/atomic-batch.ts";

interface Entry {
  readonly publication: Publication;
  readonly seq: number;
  /** Which output of its input it belongs to. */
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
   * The position that holds once the first `count` are stored. An input whose outputs do not fit
   * into one batch is done in parts: `outputs_done` of its outputs are stored, the rest follow.
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
