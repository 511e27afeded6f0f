import type { Position } from "@mapek/core/messages";

type Named = Position["checkpoints"][number];

/** A checkpoint that is stored. */
export interface StoredCheckpoint extends Named {
  /** Sequence of the newest input that it holds anything of. */
  readonly through: number;
}

/** Checkpoints that a position names: the newest, and one to fall back on. */
const KEPT = 2;

/**
 * The checkpoints of one partition as its owner knows them: those that its position record names, and one
 * that waits to be named. A position may name a checkpoint only once it has reached everything in it:
 * otherwise outputs of inputs that the checkpoint holds could be missing for ever.
 */
export class PartitionCheckpoints {
  #named: readonly Named[];
  #candidate: StoredCheckpoint | undefined;
  #unnamed: string[] = [];

  constructor(named: readonly Named[] = []) {
    this.#named = named;
  }

  get named(): readonly Named[] {
    return this.#named;
  }

  /** Takes note of a checkpoint that was stored; the next position that has reached it names it. */
  propose(checkpoint: StoredCheckpoint): void {
    if (this.#candidate !== undefined) this.#unnamed.push(this.#candidate.name);
    this.#candidate = checkpoint;
  }

  /** Whether a position at this input would name a checkpoint that the stored one does not. */
  isWaiting(inputSeq: number): boolean {
    return this.#candidate !== undefined && inputSeq >= this.#candidate.through;
  }

  /** The checkpoints that a position at this input names, newest first. */
  namesFor(inputSeq: number): Named[] {
    const candidate = this.#candidate;
    if (candidate === undefined || inputSeq < candidate.through) return [...this.#named];
    return [{ name: candidate.name, seq: candidate.seq }, ...this.#named].slice(0, KEPT);
  }

  /** Takes note that a position with these names is stored. */
  stored(named: readonly Named[]): void {
    const names = new Set(named.map(({ name }) => name));
    for (const { name } of this.#named) if (!names.has(name)) this.#unnamed.push(name);
    if (this.#candidate !== undefined && names.has(this.#candidate.name))
      this.#candidate = undefined;
    this.#named = named;
  }

  /** Objects that no position will name again, each once: to be removed. */
  takeUnnamed(): string[] {
    const unnamed = this.#unnamed;
    this.#unnamed = [];
    return unnamed;
  }
}
