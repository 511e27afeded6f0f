import {
  AnomalyDetector,
  describe,
  quantiles,
  recommend,
  SampleWindow,
  trend,
} from "@mapek/core/statistics";
import { hand, type Report } from "./support/report.ts";
import { nanosecondsOf, normalValues, perSecond, type Result, scaled } from "./support/result.ts";

/** What does the statistics core cost? */

const POINTS = 10_000;
const PROBABILITIES = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
const START_MS = 1_760_000_000_000;

function adding(): Result {
  const values = normalValues(1_024, 1);
  const window = new SampleWindow({ spanMs: Number.POSITIVE_INFINITY });
  const count = 1_000_000;
  let time = START_MS;
  const ours = nanosecondsOf(() => {
    let at = time;
    for (let i = 0; i < count; i++) {
      window.add(at, values[i & 1_023]!);
      at += 1_000;
    }
    time = at;
  });
  const list: { time: number; value: number }[] = [];
  const naiveCount = 20_000;
  const naive = nanosecondsOf(() => {
    for (let i = 0; i < naiveCount; i++) {
      list.push({ time: i, value: values[i & 1_023]! });
      if (list.length > POINTS) list.shift();
    }
  });
  return {
    question: "How fast does one full window of 10,000 take samples?",
    figure: "samples added",
    unit: "million/s",
    ...scaled(perSecond(ours, count), 1e-6),
    better: "higher",
    target: 20,
    baseline: {
      name: "array of objects, push and shift",
      median: perSecond(naive, naiveCount).median / 1e6,
    },
    predecessor: "0.56–1.2",
  };
}

function holding(): Result {
  const full = new SampleWindow();
  for (let i = 0; i < 25_000; i++) full.add(START_MS + i * 1_000, i);
  const kilobytes = full.byteLength / 1_000;
  // Two doubles and a header of an object, and the slot that points to it.
  const naive = (POINTS * (16 + 12 + 8)) / 1_000;
  return {
    question: "What does a full window of 10,000 samples occupy?",
    figure: "full window",
    unit: "KB",
    median: kilobytes,
    min: kilobytes,
    max: kilobytes,
    better: "lower",
    target: 125,
    baseline: { name: "array of objects, reckoned", median: naive },
    predecessor: "2,060",
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

function describing(): Result {
  const values = normalValues(POINTS, 2);
  return {
    question: "What do full statistics of 10,000 values cost?",
    figure: "full statistics",
    unit: "ms",
    ...scaled(
      nanosecondsOf(() => describe(values)),
      1e-6,
    ),
    better: "lower",
    baseline: {
      name: "array sort",
      median: nanosecondsOf(() => sortedStatistics(values)).median / 1e6,
    },
    predecessor: "2.1",
  };
}

function selecting(): Result {
  const values = normalValues(POINTS, 3);
  return {
    question: "What do six quantiles of 10,000 values cost?",
    figure: "six quantiles",
    unit: "ms",
    ...scaled(
      nanosecondsOf(() => quantiles(values, PROBABILITIES)),
      1e-6,
    ),
    better: "lower",
    baseline: {
      name: "typed array sort",
      median: nanosecondsOf(() => values.slice().sort()).median / 1e6,
    },
  };
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

function trending(): Result {
  const values = normalValues(POINTS, 4);
  const times = values.map((_, i) => START_MS + i * 1_000);
  return {
    question: "What does the trend of 10,000 points cost?",
    figure: "trend",
    unit: "µs",
    ...scaled(
      nanosecondsOf(() => trend(times, values)),
      1e-3,
    ),
    better: "lower",
    baseline: {
      name: "least squares, neither robust nor tested for significance",
      median: nanosecondsOf(() => leastSquares(times, values)).median / 1e3,
    },
  };
}

function recommending(): Result {
  const windows = Array.from({ length: 100 }, (_, series) => {
    const window = new SampleWindow();
    const values = normalValues(POINTS, 100 + series);
    for (let i = 0; i < POINTS; i++) {
      const value = series % 3 === 0 ? Math.exp(values[i]!) : values[i]! + (series % 3) * i * 1e-4;
      window.add(START_MS + i * 1_000, value);
    }
    return window;
  });
  const values = new Float64Array(POINTS);
  const times = new Float64Array(POINTS);
  const ours = nanosecondsOf(() => {
    for (const window of windows) recommend(window.copyValues(values), window.copyTimes(times));
  });
  const naive = nanosecondsOf(
    () => {
      for (const window of windows) sortedStatistics(window.copyValues(values));
    },
    { repeats: 3 },
  );
  return {
    question:
      "What do recommendations for 100 series of 10,000 points cost, copies out of the windows included?",
    figure: "100 recommendations",
    unit: "ms",
    ...scaled(ours, 1e-6),
    better: "lower",
    target: 20,
    baseline: { name: "statistics by array sort alone", median: naive.median / 1e6 },
    predecessor: "436",
  };
}

function scoring(): Result {
  const values = normalValues(4_096, 5);
  const detector = new AnomalyDetector();
  const count = 100_000;
  let row = 0;
  const ours = nanosecondsOf(() => {
    for (let i = 0; i < count; i++) {
      detector.update(START_MS + row * 60_000, values[row & 4_095]!);
      row++;
    }
  });
  const history = Array.from(values.subarray(0, 1_000));
  const naive = nanosecondsOf(() => {
    const mean = history.reduce((sum, x) => sum + x, 0) / history.length;
    return history.reduce((sum, x) => sum + (x - mean) ** 2, 0) / history.length;
  });
  return {
    question: "What does a scored sample cost?",
    figure: "scored sample",
    unit: "µs",
    ...scaled(ours, 1e-3 / count),
    better: "lower",
    target: 1,
    baseline: { name: "z-score over the last 1,000, recomputed", median: naive.median / 1e3 },
    predecessor: "300 a scan of a series",
  };
}

async function run(): Promise<Report> {
  return {
    title: "Statistics core",
    results: [
      adding(),
      holding(),
      recommending(),
      scoring(),
      describing(),
      selecting(),
      trending(),
    ],
    notes: [],
  };
}

await hand(run());
