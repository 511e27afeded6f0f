/** Tells of an actor, by its key, whether it has folded the input at hand already. */
export type HasFolded = (key: string) => boolean;

/**
 * Up to which input each actor of a checkpoint was saved: inputs are folded again from the beginning of
 * the snapshot, and each actor leaves out what it has folded already.
 */
export class SavedAt {
  readonly #seqs = new Map<string, number>();
  #through = 0;

  /** Sequence of the newest input that any actor has folded. */
  get through(): number {
    return this.#through;
  }

  add(key: string, seq: number): void {
    this.#seqs.set(key, seq);
    this.#through = Math.max(this.#through, seq);
  }

  /** Sequences beyond `seq` have got a new meaning: the stream has lost them, and gives them out again. */
  limit(seq: number): void {
    for (const [key, at] of this.#seqs) if (at > seq) this.#seqs.set(key, seq);
    this.#through = Math.min(this.#through, seq);
  }

  /** Which actors have folded the input of this sequence; undefined where none has. */
  hasFolded(seq: number): HasFolded | undefined {
    if (seq > this.#through) return undefined;
    return (key) => (this.#seqs.get(key) ?? 0) >= seq;
  }
}
