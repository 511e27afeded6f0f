import type { Series } from "../series/series.ts";

/**
 * Calendar of staleness checks: for each time the series to check then.
 *
 * A series stands in the calendar at most once, at its `checkAt`, and new samples do not move it. Cost: O(1) to put and
 * to remove; O(times), at most some hundred, to find the earliest time after the last series of a time was removed.
 */
export class StaleChecks {
  readonly #series = new Map<number, Set<Series>>();
  #earliest: number | undefined;

  /** Time (ms) of the next check; undefined where none is planned. */
  get earliest(): number | undefined {
    this.#earliest ??= least(this.#series.keys());
    return this.#earliest;
  }

  /** Puts a series at its `checkAt`; does nothing where `checkAt` is undefined. */
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

  /** Series whose check is due, in order of keys; does not remove them. */
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
