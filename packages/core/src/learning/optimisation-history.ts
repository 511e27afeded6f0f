import { doubles, STRATEGIES, StatsError } from "../stats/index.ts";
import type { Optimisation } from "./events.ts";

const MAX_OPTIMISATIONS = 100;
/** Time, value, confidence, and strategy with "lower side" and "provisional" as its lowest bits. */
const FIELDS = 4;

/**
 * The last 100 optimisations of a series, as numbers.
 *
 * Memory: 32 bytes an optimisation. Cost: O(history) an added one.
 */
export class OptimisationHistory {
  /** Oldest first, four numbers each. */
  #numbers: number[] = NONE;

  /** Its newest, which is made anew at each call. */
  get last(): Optimisation | undefined {
    return this.#numbers.length === 0 ? undefined : this.#at(this.#numbers.length - FIELDS);
  }

  /** Oldest first. Cost: O(history), an object each. */
  toArray(): Optimisation[] {
    return Array.from({ length: this.#numbers.length / FIELDS }, (_, i) => this.#at(i * FIELDS));
  }

  /** Of more than 100 the oldest goes. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT for a strategy that is none. */
  add({ time, side, recommended_value, confidence, strategy, provisional }: Optimisation): void {
    const place = (STRATEGIES as readonly string[]).indexOf(strategy);
    if (place < 0)
      throw new StatsError("MAPEK_STATS_BAD_SNAPSHOT", `no strategy is called ${strategy}`);
    const before = this.#numbers;
    const from = before.length === MAX_OPTIMISATIONS * FIELDS ? FIELDS : 0;
    const kept = before.length - from;
    const numbers = doubles(kept + FIELDS, 0);
    for (let i = 0; i < kept; i++) numbers[i] = before[from + i] as number;
    numbers[kept] = time;
    numbers[kept + 1] = recommended_value;
    numbers[kept + 2] = confidence;
    numbers[kept + 3] = 4 * place + (side === "lower" ? 2 : 0) + (provisional ? 1 : 0);
    this.#numbers = numbers;
  }

  #at(i: number): Optimisation {
    const [time, recommended_value, confidence, code] = this.#numbers.slice(i, i + FIELDS) as [
      number,
      number,
      number,
      number,
    ];
    return {
      time,
      side: (code & 2) === 0 ? "upper" : "lower",
      recommended_value,
      confidence,
      strategy: STRATEGIES[code >> 2] as string,
      provisional: (code & 1) === 1,
    };
  }
}

const NONE: number[] = [];
