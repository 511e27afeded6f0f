import {
  AnomalyDetector,
  describe,
  quantiles,
  recommend,
  SampleWindow,
  trend,
} from "@mapek/core/stats";

/** One measured figure: the median of the repeats, with their extremes. */
export interface Figure {
  question: string;
  figure: string;
  value: number;
  unit: string;
  median: number;
  lowest: number;
  highest: number;
  repeats: number;
  /** The naive way, measured in the same run; ratio > 1: ours is better by that factor. */
  baseline?: { name: string; value: number; ratio: number };
  target?: { value: number; better: "higher" | "lower" };
}

const REPEATS = 9;
const POINTS = 10_000;
const PROBABILITIES = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/** Seeded normal values: the same in every run. */
function normalValues(count: number, seed: number): Float64Array {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** Nanoseconds of one call: warm-up, then the median and extremes of the repeats. */
function nanoseconds(
  calls: number,
  work: () => unknown,
): { median: number; lowest: number; highest: number } {
  for (let i = 0; i < Math.max(3, Math.ceil(calls / 2)); i++) work();
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) work();
    times.push(Number(process.hrtime.bigint() - begin) / calls);
  }
  times.sort((a, b) => a - b);
  return { median: times[(REPEATS - 1) / 2]!, lowest: times[0]!, highest: times.at(-1)! };
}

function adding(): Figure {
  const values = normalValues(1024, 1);
  const window = new SampleWindow({ spanMs: Number.POSITIVE_INFINITY });
  const count = 1_000_000;
  let time = 1_760_000_000_000;
  const ours = nanoseconds(1, () => {
    let at = time;
    for (let i = 0; i < count; i++) {
      window.add(at, values[i & 1023]!);
      at += 1000;
    }
    time = at;
  });
  const list: { time: number; value: number }[] = [];
  const naiveCount = 20_000;
  const naive = nanoseconds(1, () => {
    for (let i = 0; i < naiveCount; i++) {
      list.push({ time: i, value: values[i & 1023]! });
      if (list.length > POINTS) list.shift();
    }
  });
  const millions = (ns: number, samples: number): number => (samples / ns) * 1000;
  return {
    question: "How fast does one full window of 10,000 take samples?",
    figure: "samples added",
    value: millions(ours.median, count),
    unit: "million/s",
    median: millions(ours.median, count),
    lowest: millions(ours.highest, count),
    highest: millions(ours.lowest, count),
    repeats: REPEATS,
    baseline: {
      name: "array of objects, push and shift",
      value: millions(naive.median, naiveCount),
      ratio: millions(ours.median, count) / millions(naive.median, naiveCount),
    },
    target: { value: 20, better: "higher" },
  };
}

/** A figure of time, lower is better. */
function timed(
  question: string,
  figure: string,
  unit: "ms" | "µs",
  target: number,
  ours: { median: number; lowest: number; highest: number },
  baseline: { name: string; nanoseconds: number },
): Figure {
  const scale = unit === "ms" ? 1e6 : 1e3;
  return {
    question,
    figure,
    value: ours.median / scale,
    unit,
    median: ours.median / scale,
    lowest: ours.lowest / scale,
    highest: ours.highest / scale,
    repeats: REPEATS,
    baseline: {
      name: baseline.name,
      value: baseline.nanoseconds / scale,
      ratio: baseline.nanoseconds / ours.median,
    },
    target: { value: target, better: "lower" },
  };
}

/** Statistics by copying into an array and sorting it. */
function sortedStatistics(values: Float64Array): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, x) => sum + x, 0) / sorted.length;
  const deviation = Math.sqrt(sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sorted.length);
  return [
    mean,
    deviation,
    ...PROBABILITIES.map((p) => sorted[Math.floor(p * (sorted.length - 1))]!),
  ];
}

function describing(): Figure {
  const values = normalValues(POINTS, 2);
  const ours = nanoseconds(200, () => describe(values));
  const naive = nanoseconds(10, () => sortedStatistics(values));
  return timed("What do full statistics of 10,000 values cost?", "describe", "ms", 0.2, ours, {
    name: "array sort",
    nanoseconds: naive.median,
  });
}

function selecting(): Figure {
  const values = normalValues(POINTS, 3);
  const ours = nanoseconds(200, () => quantiles(values, PROBABILITIES));
  const naive = nanoseconds(30, () => values.slice().sort());
  return timed("What do six quantiles of 10,000 values cost?", "quantiles", "ms", 0.13, ours, {
    name: "typed array sort",
    nanoseconds: naive.median,
  });
}

function trending(): Figure {
  const values = normalValues(POINTS, 4);
  const times = values.map((_, i) => 1_760_000_000_000 + i * 1000);
  const ours = nanoseconds(200, () => trend(times, values));
  const naive = nanoseconds(200, () => leastSquares(times, values));
  return timed("What does the trend of 10,000 points cost?", "trend", "µs", 60, ours, {
    name: "least squares, neither robust nor tested for significance",
    nanoseconds: naive.median,
  });
}

function leastSquares(times: Float64Array, values: Float64Array): number {
  let sumT = 0;
  let sumV = 0;
  for (let i = 0; i < times.length; i++) {
    sumT += times[i]!;
    sumV += values[i]!;
  }
  const meanT = sumT / times.length;
  const meanV = sumV / times.length;
  let cross = 0;
  let square = 0;
  for (let i = 0; i < times.length; i++) {
    cross += (times[i]! - meanT) * (values[i]! - meanV);
    square += (times[i]! - meanT) ** 2;
  }
  return cross / square;
}

function recommending(): Figure {
  const windows = Array.from({ length: 100 }, (_, series) => {
    const window = new SampleWindow();
    const values = normalValues(POINTS, 100 + series);
    for (let i = 0; i < POINTS; i++) {
      const value = series % 3 === 0 ? Math.exp(values[i]!) : values[i]! + (series % 3) * i * 1e-4;
      window.add(1_760_000_000_000 + i * 1000, value);
    }
    return window;
  });
  const values = new Float64Array(POINTS);
  const times = new Float64Array(POINTS);
  const ours = nanoseconds(3, () => {
    for (const window of windows) recommend(window.copyValues(values), window.copyTimes(times));
  });
  const naive = nanoseconds(1, () => {
    for (const window of windows) sortedStatistics(window.copyValues(values));
  });
  return timed(
    "What do recommendations for 100 series of 10,000 points cost, copies out of the windows included?",
    "100 recommendations",
    "ms",
    20,
    ours,
    { name: "statistics by array sort alone", nanoseconds: naive.median },
  );
}

function holding(): Figure {
  const full = new SampleWindow();
  for (let i = 0; i < 25_000; i++) full.add(1_760_000_000_000 + i * 1000, i);
  const kilobytes = full.byteLength / 1000;
  // Two doubles and a header of an object, and the slot that points to it.
  const naive = (POINTS * (16 + 12 + 8)) / 1000;
  return {
    question: "What does a full window of 10,000 samples occupy?",
    figure: "full window",
    value: kilobytes,
    unit: "KB",
    median: kilobytes,
    lowest: kilobytes,
    highest: kilobytes,
    repeats: 1,
    baseline: { name: "array of objects, reckoned", value: naive, ratio: naive / kilobytes },
    target: { value: 125, better: "lower" },
  };
}

function scoring(): Figure {
  const values = normalValues(4096, 5);
  const detector = new AnomalyDetector();
  const count = 100_000;
  let row = 0;
  const ours = nanoseconds(1, () => {
    for (let i = 0; i < count; i++) {
      detector.update(1_760_000_000_000 + row * 60_000, values[row & 4095]!);
      row++;
    }
  });
  const history = Array.from(values.subarray(0, 1000));
  const naive = nanoseconds(200, () => {
    const mean = history.reduce((sum, x) => sum + x, 0) / history.length;
    return history.reduce((sum, x) => sum + (x - mean) ** 2, 0) / history.length;
  });
  const one = {
    median: ours.median / count,
    lowest: ours.lowest / count,
    highest: ours.highest / count,
  };
  return timed("What does a scored sample cost?", "scored sample", "µs", 1, one, {
    name: "z-score over the last 1,000, recomputed",
    nanoseconds: naive.median,
  });
}

/** Measures everything asked of the statistics core. */
export async function run(): Promise<Figure[]> {
  return [adding(), holding(), describing(), selecting(), trending(), recommending(), scoring()];
}

if (import.meta.main) {
  for (const { figure, value, unit, lowest, highest, baseline, target } of await run()) {
    const round = (x: number): string => x.toPrecision(3);
    console.log(
      `${figure}: ${round(value)} ${unit} (${round(lowest)} to ${round(highest)}; asked ${target?.value}; ` +
        `${baseline?.name}: ${round(baseline?.value ?? 0)}, ratio ${round(baseline?.ratio ?? 0)})`,
    );
  }
}
