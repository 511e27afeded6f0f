import { appendBounded } from "@mapek/core/forget-oldest";

/** Decisions whose accuracy makes up the decision quality. */
const RECENT_DECISIONS = 50;
const MINUTE_MS = 60_000;

/** Accuracy of a prediction: 1 − |predicted − actual| / max(|actual|, 1), at least 0. */
export function accuracyOf(predicted: number, actual: number): number {
  return Math.max(0, 1 - Math.abs(predicted - actual) / Math.max(Math.abs(actual), 1));
}

/**
 * Counts decisions and averages their accuracy.
 *
 * Memory: one number for each decision of the last `spanMs`, and 50 more.
 */
export class DecisionRecord {
  readonly #startedAt: number;
  readonly #times: number[] = [];
  readonly #accuracies: number[] = [];

  /** @param startedAt Milliseconds since 1970. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  decided(now: number): void {
    this.#times.push(now);
  }

  judged(accuracy: number): void {
    appendBounded(this.#accuracies, accuracy, RECENT_DECISIONS);
  }

  /** Mean accuracy of the last 50 judged decisions, 0 to 1; undefined before the first. */
  get quality(): number | undefined {
    if (this.#accuracies.length === 0) return undefined;
    return this.#accuracies.reduce((sum, one) => sum + one, 0) / this.#accuracies.length;
  }

  /**
   * Decisions per minute over the last `spanMs`, or since the start where that is shorter.
   *
   * @param spanMs Milliseconds, at least a minute.
   */
  perMinute(now: number, spanMs: number): number {
    const span = Math.max(spanMs, MINUTE_MS);
    const from = this.#times.findIndex((time) => time > now - span);
    this.#times.splice(0, from < 0 ? this.#times.length : from);
    const seen = Math.min(span, Math.max(now - this.#startedAt, 1_000));
    return (this.#times.length * MINUTE_MS) / seen;
  }
}
