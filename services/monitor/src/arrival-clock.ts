/** Interval between samples, ms, from which a series counts as sparse and gets whole milliseconds. */
const SPARSE_MS = 10;
const MICROSECOND = 0.001;

/**
 * Times for samples that came without one: strictly increasing per series.
 *
 * A sparse series gets whole milliseconds, which store compactly. A dense one gets fractions that
 * start at a phase of this process, so that two monitors that take samples of one series in the same
 * millisecond do not give them the same time: equal times are duplicates.
 */
export class ArrivalClock {
  readonly #phaseMs: number;

  /** @param seed A number that differs between processes, such as a hash of the process's name. */
  constructor(seed: number) {
    this.#phaseMs = (1 + (seed % 900)) * MICROSECOND;
  }

  /** @param last Time that this series was given last, ms, 0 for none. @param now Time of the clock, ms. */
  stamp(last: number, now: number): number {
    if (now - last >= SPARSE_MS) return now;
    const dense = now + this.#phaseMs;
    return dense > last ? dense : Math.round((last + MICROSECOND) * 1_000) / 1_000;
  }
}
