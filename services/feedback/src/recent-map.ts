import { forgetOldest } from "@mapek/core/forget-oldest";
/**
 * A map that keeps the `capacity` most recently used entries. `get` counts as a use, `peek` does not.
 *
 * Deterministic: the same calls leave the same entries in the same order. Cost: O(1) a call.
 */
export class RecentMap<Value> {
  readonly capacity: number;
  private readonly entries: Map<string, Value>;

  constructor(capacity: number, entries: readonly (readonly [string, Value])[] = []) {
    this.capacity = capacity;
    this.entries = new Map(entries);
  }

  get size(): number {
    return this.entries.size;
  }

  /** The least recently used value. */
  get oldest(): Value | undefined {
    for (const value of this.entries.values()) return value;
    return undefined;
  }

  get(key: string): Value | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  /** Reads without counting as a use: queries must not change the state. */
  peek(key: string): Value | undefined {
    return this.entries.get(key);
  }

  set(key: string, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    forgetOldest(this.entries, this.capacity);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  /** Least recently used first; given to the constructor it makes an equal map. */
  snapshot(): [string, Value][] {
    return [...this.entries];
  }
}
