import type { Series } from "../series/series.ts";

/**
 * When which series is to be looked at: a calendar of times, each with its series.
 *
 * A series stands in it once, wherever it was put last, and is not moved when samples come. Cost: O(1) to put and to
 * take; O(times) for the earliest after it was taken, at most some hundred.
 */
export class StaleChecks {
  readonly #series = new Map<number, Set<Series>>();
  #earliest: number | undefined;

  /** Time (ms) of the next check; undefined where none is to come. */
  get earliest(): number | undefined {
    this.#earliest ??= least(this.#series.keys());
    return this.#earliest;
  }

  /** Puts a series to its `checkAt`, or nowhere where that is not known. */
  put(series: Series): void {
    const { checkAt } = series;
    if (checkAt === undefined) return;
    const due = this.#series.get(checkAt);
    if (due !== undefined) due.add(series);
    else {
      this.#series.set(checkAt, new Set([series]));
      if (this.#earliest !== undefined && checkAt < this.#earliest) this.#earliest = checkAt;
    }
  }

  remove(series: Series): void {
    const { checkAt } = series;
    if (checkAt === undefined) return;
    const due = this.#series.get(checkAt);
    due?.delete(series);
    if (due?.size !== 0) return;
    this.#series.delete(checkAt);
    if (checkAt === this.#earliest) this.#earliest = undefined;
  }

  /** Series whose check is due, in order of their keys; they stay where they are. */
  due(now: number): Series[] {
    const found: Series[] = [];
    if ((this.earliest ?? Number.POSITIVE_INFINITY) > now) return found;
    for (const [at, all] of this.#series) if (at <= now) found.push(...all);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

const least = (times: Iterable<number>): number | undefined => {
  let found: number | undefined;
  for (const time of times) if (found === undefined || time < found) found = time;
  return found;
};
