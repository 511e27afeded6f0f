/** True for the key of an actor that has already folded the input at hand. */
export type HasFolded = (key: string) => boolean;

/**
 * The sequence up to which each actor of a checkpoint had folded. Inputs are folded again from the snapshot's
 * beginning, and each actor skips those up to its own sequence; otherwise an actor would fold an input twice.
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

  /** Lowers all sequences to at most `seq`: the stream lost its messages after `seq` and assigns those sequences again. */
  limit(seq: number): void {
    for (const [key, at] of this.#seqs) if (at > seq) this.#seqs.set(key, seq);
    this.#through = Math.min(this.#through, seq);
  }

  /** Tells which actors have folded the input of this sequence; undefined where none has. */
  hasFolded(seq: number): HasFolded | undefined {
    if (seq > this.#through) return undefined;
    return (key) => (this.#seqs.get(key) ?? 0) >= seq;
  }
}
