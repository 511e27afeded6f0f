/** Seeded numbers for tests: uniform in (0, 1) and standard normal. */
export class RandomSource {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  series(count: number, next: (index: number) => number): Float64Array {
    return Float64Array.from({ length: count }, (_, index) => next(index));
  }
}

/** Times one step apart, milliseconds. */
export function everyMs(count: number, stepMs = 1000): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => 1_760_000_000_000 + index * stepMs);
}
