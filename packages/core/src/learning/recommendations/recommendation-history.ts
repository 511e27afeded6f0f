import { doubles, STRATEGIES, StatsError } from "../../statistics/index.ts";
import type { RecommendationMade } from "../events.ts";

const MAX_RECOMMENDATIONS = 100;
/** Numbers per recommendation: the recommended value, and all other fields packed into one integer. */
const FIELDS = 2;
/** Layout of the integer: 5 bits for strategy, lower side and provisional; 10 bits for confidence in thousandths; 38 bits for milliseconds. */
const CODES = 2 ** 5;
const CONFIDENCES = 2 ** 10;
const MILLISECOND = CODES * CONFIDENCES;
const THOUSANDTHS = 1_000;
/** Longest time from the oldest to the newest recommendation, ms: 8.7 years. */
const SPAN_MS = 2 ** 38;

/**
 * The last 100 recommendations of a series, packed into numbers; none is more than 8.7 years older than the newest. Times are
 * rounded down to milliseconds, confidences to thousandths.
 *
 * Memory: 16 bytes a recommendation, and a quarter more while there are fewer than 100. Cost: O(1) an addition, amortised.
 */
export class RecommendationHistory {
  /** Ring buffer with two numbers a recommendation. */
  #numbers: number[] = NONE;
  /** Index of the oldest recommendation. */
  #head = 0;
  #count = 0;
  /** Event time from which the ring buffer counts milliseconds; not after the oldest recommendation. */
  #epoch = 0;

  /** The newest recommendation, a new object at each call. */
  get last(): RecommendationMade | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1);
  }

  /** Oldest first. Cost: O(history), an object each. */
  toArray(): RecommendationMade[] {
    return Array.from({ length: this.#count }, (_, i) => this.#at(i));
  }

  /**
   * Adds the next recommendation in order of time; beyond 100 the oldest is dropped.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT for an unknown strategy, a confidence outside of 0–1, or a time before
   * the newest; nothing is added then.
   */
  add({
    time,
    side,
    recommended_value,
    confidence,
    strategy,
    provisional,
  }: RecommendationMade): void {
    const place = (STRATEGIES as readonly string[]).indexOf(strategy);
    if (place < 0)
      throw new StatsError("MAPEK_STATS_BAD_SNAPSHOT", `no strategy is called ${strategy}`);
    if (!(confidence >= 0 && confidence <= 1))
      throw new StatsError("MAPEK_STATS_BAD_SNAPSHOT", `a confidence is ${confidence}`);
    const timeMs = Math.floor(time);
    if (!(this.#count === 0 || timeMs >= this.#timeAt(this.#count - 1)))
      throw new StatsError("MAPEK_STATS_BAD_SNAPSHOT", "recommendations are not in order of time");
    this.#makeRoom(timeMs);
    const code = 4 * place + (side === "lower" ? 2 : 0) + (provisional ? 1 : 0);
    const at = this.#place(this.#count++);
    this.#numbers[at] = recommended_value;
    this.#numbers[at + 1] =
      (timeMs - this.#epoch) * MILLISECOND + Math.round(confidence * THOUSANDTHS) * CODES + code;
  }

  /** Drops recommendations that are too old or beyond 100, and grows a full ring buffer. */
  #makeRoom(timeMs: number): void {
    while (this.#count > 0 && timeMs - this.#timeAt(0) >= SPAN_MS) this.#dropOldest();
    if (this.#count === MAX_RECOMMENDATIONS) this.#dropOldest();
    if (this.#count === 0) this.#epoch = timeMs;
    else if (timeMs - this.#epoch >= SPAN_MS) this.#beginAt(this.#timeAt(0));
    if (this.#count * FIELDS === this.#numbers.length) this.#grow();
  }

  #dropOldest(): void {
    this.#head = (this.#head + 1) % (this.#numbers.length / FIELDS);
    this.#count--;
  }

  /** Moves the epoch to a later time and rebases all stored times. */
  #beginAt(epoch: number): void {
    const later = (epoch - this.#epoch) * MILLISECOND;
    for (let i = 0; i < this.#count; i++) this.#numbers[this.#place(i) + 1]! -= later;
    this.#epoch = epoch;
  }

  #grow(): void {
    const places = Math.min(MAX_RECOMMENDATIONS, this.#count + 2 + (this.#count >> 2));
    const numbers = doubles(places * FIELDS, 0);
    for (let i = 0; i < this.#count * FIELDS; i++)
      numbers[i] = this.#numbers[(this.#head * FIELDS + i) % this.#numbers.length]!;
    this.#numbers = numbers;
    this.#head = 0;
  }

  /** Index of the first number of recommendation `i`; 0 is the oldest. */
  #place(i: number): number {
    return ((this.#head + i) * FIELDS) % this.#numbers.length;
  }

  #timeAt(i: number): number {
    return this.#epoch + Math.floor(this.#numbers[this.#place(i) + 1]! / MILLISECOND);
  }

  #at(i: number): RecommendationMade {
    const packed = this.#numbers[this.#place(i) + 1]!;
    const code = packed % CODES;
    return {
      time: this.#timeAt(i),
      side: (code & 2) === 0 ? "upper" : "lower",
      recommended_value: this.#numbers[this.#place(i)]!,
      confidence: (Math.floor(packed / CODES) % CONFIDENCES) / THOUSANDTHS,
      strategy: STRATEGIES[code >> 2] as string,
      provisional: (code & 1) === 1,
    };
  }
}

const NONE: number[] = [];
