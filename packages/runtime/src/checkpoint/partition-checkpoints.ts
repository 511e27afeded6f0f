import type { Position } from "@mapek/core/contract";

type Named = Position["checkpoints"][number];

/** A stored checkpoint that a position may name once the position has reached `through`. */
export interface StoredCheckpoint extends Named {
  /** Sequence of the newest input that any of its actors has folded. */
  readonly through: number;
}

/** Checkpoints that a position names: the newest, and one to fall back on. */
const KEPT = 2;

/**
 * The checkpoints of one partition as its owner knows them: those that the position record names, and one candidate.
 *
 * A position may name a checkpoint only once the position has reached every input in it. Otherwise outputs of inputs
 * that the checkpoint contains could be missing for ever: a restore would not fold those inputs again.
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

  /** Makes a stored checkpoint the candidate; the next position that has reached it names it. */
  propose(checkpoint: StoredCheckpoint): void {
    if (this.#candidate !== undefined) this.#unnamed.push(this.#candidate.name);
    this.#candidate = checkpoint;
  }

  /** True where a position at this input would name a checkpoint that the stored position does not name. */
  isWaiting(inputSeq: number): boolean {
    return this.#candidate !== undefined && inputSeq >= this.#candidate.through;
  }

  /** The checkpoints that a position at this input names, newest first. */
  namesFor(inputSeq: number): Named[] {
    const candidate = this.#candidate;
    if (candidate === undefined || inputSeq < candidate.through) return [...this.#named];
    return [{ name: candidate.name, seq: candidate.seq }, ...this.#named].slice(0, KEPT);
  }

  /** Records that a position with these names is stored. */
  stored(named: readonly Named[]): void {
    const names = new Set(named.map(({ name }) => name));
    for (const { name } of this.#named) if (!names.has(name)) this.#unnamed.push(name);
    if (this.#candidate !== undefined && names.has(this.#candidate.name))
      this.#candidate = undefined;
    this.#named = named;
  }

  /** Names of objects that no position will name again and that have to be removed. Each is returned once. */
  takeUnnamed(): string[] {
    const unnamed = this.#unnamed;
    this.#unnamed = [];
    return unnamed;
  }
}
