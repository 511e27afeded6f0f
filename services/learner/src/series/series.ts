import type { SeriesLearner } from "@mapek/core/learning";
import { ownText, parseSeriesKey, type SeriesId } from "@mapek/core/messages";

/** Value of `seen` of a series that was forgotten. */
const FORGOTTEN = -1;

/** One series and what learns it. Its id is read off the key when asked for, so that it is not kept twice. */
export class Series {
  readonly key: string;
  readonly learner: SeriesLearner;
  /** Number of sweeps when it last received a sample; −1 once it is forgotten. */
  seen: number;
  /** Event time of its newest sample that was no history, ms. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** When it is looked at whether it is stale, and when it was; undefined while it is not to be, or never was. */
  checkAt: number | undefined;
  checkedAt: number | undefined;
  heardSinceCheck = false;
  /** Since when nothing has come, once that was told. */
  staleSince: number | undefined;
  /** Group of the open anomaly, or of the last one. */
  group: string | undefined;
  /** The series that came after this one in the last batch: see `seriesAfter`. */
  next: Series | undefined;

  /** @param key One that `parseSeriesKey` accepts. */
  constructor(key: string, learner: SeriesLearner, seen: number) {
    this.key = ownText(key);
    this.learner = learner;
    this.seen = seen;
  }

  /** Whoever still holds it looks it up anew. */
  forget(): void {
    this.seen = FORGOTTEN;
    this.next = undefined;
  }

  get isForgotten(): boolean {
    return this.seen === FORGOTTEN;
  }

  /** Cost: about 1 µs. @throws {MessageError} where the key is none. */
  get id(): SeriesId {
    const id = parseSeriesKey(this.key);
    if (!id.ok) throw id.error;
    return id.value;
  }

  /** The system's name alone. */
  get system(): string {
    return this.key.slice(0, this.key.indexOf("/"));
  }
}
