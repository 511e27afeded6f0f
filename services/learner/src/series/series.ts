import { ownText, parseSeriesKey, type SeriesId } from "@mapek/core/contract";
import type { SeriesLearner } from "@mapek/core/learning";

/** Value of `seen` of a series that was forgotten. */
const FORGOTTEN = -1;

/** One series with its learner. The id is parsed from the key on demand, which saves the memory of a second copy. */
export class Series {
  readonly key: string;
  readonly learner: SeriesLearner;
  /** `LearnerState.sweep` when the last sample came; −1 once the series is forgotten. */
  seen: number;
  /** Event time of the newest sample that was not history, ms. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** Times (ms) of the next and of the last check for staleness; undefined where there is none. */
  checkAt: number | undefined;
  checkedAt: number | undefined;
  heardSinceCheck = false;
  /** Event time (ms) of the last sample before the silence that was reported; undefined while not stale. */
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

  /** Marks the series as forgotten: holders of a reference must look the key up again. */
  forget(): void {
    this.seen = FORGOTTEN;
    this.next = undefined;
  }

  get isForgotten(): boolean {
    return this.seen === FORGOTTEN;
  }

  /** The parsed key. Cost: about 1 µs. @throws {MessageError} for a malformed key. */
  get id(): SeriesId {
    const id = parseSeriesKey(this.key);
    if (!id.ok) throw id.error;
    return id.value;
  }

  /** Name of the system, without parsing the whole key. */
  get system(): string {
    return this.key.slice(0, this.key.indexOf("/"));
  }
}
