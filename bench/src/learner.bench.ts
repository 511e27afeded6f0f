import {
  decodeSampleBatch,
  encodeMsgpack,
  encodeSampleBatch,
  learnerSettings,
  partitionOf,
  type SampleBatch,
  seriesKey,
} from "@mapek/core/contract";
import { analyze, SeriesLearner } from "@mapek/core/learning";
import { SampleWindow } from "@mapek/core/statistics";
import { learnerLogic } from "../../services/learner/src/actor.ts";
import { hand, type Report } from "./support/report.ts";
import {
  nanosecondsOf,
  normalValues,
  perSecond,
  type Result,
  scaled,
  spreadOf,
} from "./support/result.ts";

/** What does a sample cost the learner, from the hot loop to the stored batch? */

const START_MS = 1_760_000_000_000;
const values = normalValues(4_096, 11);
const settings = learnerSettings.parse({});

/** A sample for each target in turn, `stepMs` of event time apart; nanoseconds of one. */
function feeding(
  targets: readonly ((time: number, value: number) => unknown)[],
  stepMs: number,
): ReturnType<typeof nanosecondsOf> {
  const count = 100_000;
  let row = 0;
  let turn = 0;
  const ours = nanosecondsOf(() => {
    for (let i = 0; i < count; i++) {
      targets[turn]!(START_MS + row * stepMs, values[(row * 31 + turn) & 4_095]!);
      if (++turn === targets.length) {
        turn = 0;
        row++;
      }
    }
  });
  return scaled(ours, 1 / count);
}

const learners = (count: number) =>
  Array.from({ length: count }, () => {
    const learner = new SeriesLearner(settings);
    return (time: number, value: number) => learner.receiveSample(time, value);
  });

const windows = (count: number) =>
  Array.from({ length: count }, () => {
    const window = new SampleWindow();
    return (time: number, value: number) => window.add(time, value);
  });

/** How far apart a series' samples are: each is judged, or (from a fast series) few are. */
const STEPS = [
  { stepMs: 1_000, apart: "1 s apart" },
  { stepMs: 10, apart: "10 ms apart" },
] as const;
type Step = (typeof STEPS)[number];

function receiving(
  question: string,
  figure: string,
  series: number,
  step: Step,
  target: number,
): Result {
  return {
    question,
    figure: `${figure}, ${step.apart}`,
    unit: "ns",
    ...feeding(learners(series), step.stepMs),
    better: "lower",
    target,
    baseline: {
      name: "window alone: neither scored nor learned",
      median: feeding(windows(series), step.stepMs).median,
    },
  };
}

const PARTITIONS = 16;
const SERIES = 625;
const BATCH = 2_000;

/** Keys of one partition, as many as it has of 10,000 series. */
function partitionKeys(): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < SERIES; i++) {
    const key = seriesKey("bench", `metric_${i}`);
    if (partitionOf(key, PARTITIONS) === 0) keys.push(key);
  }
  return keys;
}

/** Makes one stored batch after another: a sample of each series in turn. */
function batches(stepMs: number): () => SampleBatch {
  const keys = partitionKeys();
  let next = 0;
  return () => {
    const count = next;
    next += BATCH;
    return {
      history: false,
      series: keys,
      index: Uint16Array.from({ length: BATCH }, (_, i) => (count + i) % SERIES),
      times: Float64Array.from(
        { length: BATCH },
        (_, i) => START_MS + Math.floor((count + i) / SERIES) * stepMs,
      ),
      values: Float64Array.from({ length: BATCH }, (_, i) => values[(count + i) & 4_095]!),
    };
  };
}

/** Stored batches decoded and folded; the batches themselves are made outside of the time. */
function folding({ stepMs, apart }: Step): Result {
  const make = batches(stepMs);
  const state = learnerLogic.create(0);
  const naive = new Map<string, SampleWindow>();
  const rounds = 12;
  const perRound = 100;
  const ours: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const stored = Array.from({ length: perRound }, () => encodeSampleBatch(make()));
    const began = performance.now();
    for (const bytes of stored) {
      const decoded = learnerLogic.decode("mapek-kb.samples.0", bytes);
      if (!decoded.ok) throw decoded.error;
      learnerLogic.receive(state, decoded.value);
    }
    const done = performance.now();
    for (const bytes of stored) fillWindows(naive, bytes);
    if (round < 3) continue;
    ours.push(((done - began) * 1e6) / perRound);
    plain.push(((performance.now() - done) * 1e6) / perRound);
  }
  return {
    question:
      "How many samples does a learner's partition decode and learn from stored batches of 2,000 of 625 series?",
    figure: `samples from stored batches, ${apart}`,
    unit: "samples/s",
    ...perSecond(spreadOf(ours), BATCH),
    better: "higher",
    baseline: {
      name: "decoded into windows alone",
      median: perSecond(spreadOf(plain), BATCH).median,
    },
  };
}

function fillWindows(windowOf: Map<string, SampleWindow>, bytes: Uint8Array): void {
  const decoded = decodeSampleBatch(bytes);
  if (!decoded.ok) throw decoded.error;
  const { series, index, times, values } = decoded.value;
  const dictionary = series.map((key) => {
    const window = windowOf.get(key) ?? new SampleWindow();
    windowOf.set(key, window);
    return window;
  });
  for (let i = 0; i < values.length; i++)
    dictionary[index[i] as number]!.add(times[i] as number, values[i] as number);
}

const IDLE_SERIES = 62_500;
const SWEEP_SECONDS = 10;

/** A tick's sweep over very many series: while all are young, and while a thousand at a time are forgotten. */
function sweeping(): Result[] {
  const state = learnerLogic.create(0);
  const fold = (subject: string, bytes: Uint8Array) => {
    const decoded = learnerLogic.decode(subject, bytes);
    if (!decoded.ok) throw decoded.error;
    learnerLogic.receive(state, decoded.value);
  };
  const input = (body: object) =>
    fold("mapek-kb.in.learner.0", encodeMsgpack({ version: 1, ...body }));
  const window = 64 * SWEEP_SECONDS;
  const short = { idle_series_seconds: window, learning_window_seconds: window };
  input({ kind: "settings", time: START_MS, settings: { ...settings, ...short } });
  const count = 2_500;
  for (let from = 0; from < IDLE_SERIES; from += count)
    fold(
      "mapek-kb.samples.0",
      encodeSampleBatch({
        history: false,
        series: Array.from({ length: count }, (_, i) => seriesKey("bench", `m${from + i}`)),
        index: Uint16Array.from({ length: count }, (_, i) => i),
        times: new Float64Array(count).fill(START_MS),
        values: new Float64Array(count).fill(1),
      }),
    );
  const young: number[] = [];
  const idle: number[] = [];
  while (state.series.size > 0) {
    const time = learnerLogic.dueAt(state);
    if (time === undefined) break;
    const before = state.series.size;
    const began = performance.now();
    input({ kind: "tick", time });
    (state.series.size === before ? young : idle).push(performance.now() - began);
  }
  const asked = { unit: "ms", better: "lower", target: 20 } as const;
  return [
    {
      question: "What does a sweep over 62,500 series cost where none is idle?",
      figure: "sweep over 62,500 series",
      ...spreadOf(young),
      ...asked,
    },
    {
      question: "And one that forgets up to a thousand of them?",
      figure: "sweep that forgets series",
      ...spreadOf(idle),
      ...asked,
    },
  ];
}

function analyzing(): Result {
  const times = Float64Array.from({ length: 10_000 }, (_, i) => START_MS + i * 1_000);
  const rows = Float64Array.from(times, (_, i) => (i * 37) % 101);
  return {
    question: "How long does `mapek analyze` take over 10,000 rows, once it has read them?",
    figure: "analyze 10,000 rows",
    unit: "ms",
    ...scaled(
      nanosecondsOf(() => analyze([...times], [...rows])),
      1e-6,
    ),
    better: "lower",
    target: 600,
  };
}

async function run(): Promise<Report> {
  return {
    title: "Learner",
    results: [
      ...STEPS.map((step) =>
        receiving(
          "What does a sample cost one series' learner: window, score, adaptive threshold, recommendations when they are due?",
          "sample of one series",
          1,
          step,
          1_000,
        ),
      ),
      ...STEPS.map((step) =>
        receiving(
          "What does it cost where each sample belongs to another of 10,000 series, so that nothing is in the caches?",
          "sample of 10,000 series in turn",
          10_000,
          step,
          3_000,
        ),
      ),
      ...STEPS.map(folding),
      ...sweeping(),
      analyzing(),
    ],
    notes: ["A recommendation is due every 3,600 s of event time; its cost is part of the mean."],
  };
}

await hand(run());
