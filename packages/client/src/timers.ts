/** Clock and timers; tests replace them. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds; the returned function cancels the call. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's own clock. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  after(ms, callback) {
    const handle = setTimeout(callback, Math.min(ms, MAX_TIMEOUT_MS));
    return () => clearTimeout(handle);
  },
};

/** Longest delay that setTimeout takes, in ms (about 24.8 days). */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
