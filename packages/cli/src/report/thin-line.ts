/** A pause longer than this many usual intervals breaks the line. */
const GAP_INTERVALS = 20;

/**
 * An SVG path that looks like the path through all samples: of the samples in one column of pixels it draws the
 * first, the lowest, the highest and the last. A long pause breaks the path.
 *
 * @param times Ascending, ms. @param values Same length, finite.
 * @param x Horizontal pixel of a time. @param y Vertical pixel of a value.
 * Cost: O(samples); at most four points a column.
 */
export function thinLine(
  times: readonly number[],
  values: readonly number[],
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  const gap = GAP_INTERVALS * usualInterval(times);
  let path = "";
  let from = 0;
  while (from < times.length) {
    const column = Math.floor(x(times[from] as number));
    let until = from + 1;
    while (until < times.length && Math.floor(x(times[until] as number)) === column) until++;
    let isBroken = from === 0 || (times[from] as number) - (times[from - 1] as number) > gap;
    for (const i of drawn(values, from, until)) {
      path += `${isBroken ? "M" : "L"}${place(x(times[i] as number))} ${place(y(values[i] as number))}`;
      isBroken = false;
    }
    from = until;
  }
  return path;
}

/** Median of up to about a thousand intervals, ms; infinite for a single sample. */
function usualInterval(times: readonly number[]): number {
  const stride = Math.max(1, Math.floor(times.length / 1_000));
  const intervals: number[] = [];
  for (let i = 1; i < times.length; i += stride)
    intervals.push((times[i] as number) - (times[i - 1] as number));
  intervals.sort((a, b) => a - b);
  return intervals[intervals.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/** Indices of the samples of one column that are drawn, ascending and distinct. */
function drawn(values: readonly number[], from: number, until: number): number[] {
  let lowest = from;
  let highest = from;
  for (let i = from + 1; i < until; i++) {
    if ((values[i] as number) < (values[lowest] as number)) lowest = i;
    if ((values[i] as number) > (values[highest] as number)) highest = i;
  }
  return [...new Set([from, lowest, highest, until - 1])].sort((a, b) => a - b);
}

const place = (pixels: number): string => String(Math.round(pixels * 100) / 100);
