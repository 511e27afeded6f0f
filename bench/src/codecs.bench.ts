import {
  checkSample,
  decodeSampleBatch,
  decodeSamples,
  encodeJson,
  encodeMsgpack,
  encodePublicBatch,
  encodeSampleBatch,
  LOOPS,
  type Loop,
  type SignalInputs,
  signals,
} from "@mapek/core/contract";
import { hand, type Report } from "./support/report.ts";
import { mulberry32, nanosecondsOf, type Result, scaled } from "./support/result.ts";

/** What does it cost to read and to write each form of a message? */

const START_MS = 1_760_000_000_000;
const utf8 = new TextDecoder();
const random = mulberry32(21);

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    value: Math.round(random() * 10_000) / 100,
    timestamp: START_MS + i * 1_000,
    labels: { host: "web-1" },
  }));

const columnsOf = (samples: number, series: string[]) => ({
  series,
  index: Uint16Array.from({ length: samples }, (_, i) => i % series.length),
  times: Float64Array.from(
    { length: samples },
    (_, i) => START_MS + Math.floor(i / series.length) * 1_000,
  ),
  values: Float64Array.from({ length: samples }, () => random() * 100),
});

const names = (count: number, prefix = "") =>
  Array.from({ length: count }, (_, i) => `${prefix}metric_${i}`);

/** What one would send without a format of one's own: a row per sample, with its series' name. */
function rowsOfColumns({ series, index, times, values }: ReturnType<typeof columnsOf>): object[] {
  return Array.from(values, (value, i) => ({
    metric: series[index[i]!],
    timestamp: times[i],
    value,
  }));
}

const parse = (bytes: Uint8Array): unknown => JSON.parse(utf8.decode(bytes));

/** Decodes and checks, as the monitor does before it routes. */
function read(bytes: Uint8Array): unknown {
  const decoded = decodeSamples(bytes);
  if (!decoded.ok) throw decoded.error;
  if (decoded.value.kind === "rows")
    for (const row of decoded.value.rows) if (checkSample(row) !== undefined) throw row;
  return decoded.value;
}

function figure(
  name: string,
  unit: "ns/sample" | "ns/message",
  count: number,
  work: () => unknown,
  baseline: { name: string; work: () => unknown },
): Result {
  return {
    question: `What does it cost to ${name}?`,
    figure: name,
    unit,
    ...scaled(nanosecondsOf(work), 1 / count),
    better: "lower",
    baseline: { name: baseline.name, median: nanosecondsOf(baseline.work).median / count },
  };
}

function reading(): Result[] {
  const text = Buffer.from("65.2");
  const [one] = rowsOf(1);
  const single = encodeJson(one);
  const rows = rowsOf(100);
  const json = encodeJson(rows);
  const msgpack = encodeMsgpack(rows);
  const columns = columnsOf(500, names(50));
  const batch = encodePublicBatch(columns);
  const batchJson = encodeJson(rowsOfColumns(columns));
  const plain = (bytes: Uint8Array) => ({ name: "JSON.parse alone", work: () => parse(bytes) });
  return [
    figure("read a number as text", "ns/sample", 1, () => read(text), plain(text)),
    figure("read a JSON sample", "ns/sample", 1, () => read(single), plain(single)),
    figure("read a JSON array of 100", "ns/sample", 100, () => read(json), plain(json)),
    figure("read a MessagePack array of 100", "ns/sample", 100, () => read(msgpack), {
      ...plain(json),
      name: "JSON.parse of the same",
    }),
    figure("read a columnar batch of 500", "ns/sample", 500, () => read(batch), {
      ...plain(batchJson),
      name: "JSON.parse of the same as rows",
    }),
  ];
}

function storing(): Result[] {
  const columns = { ...columnsOf(2_000, names(625, "checkout/")), history: false };
  const rows = rowsOfColumns(columns);
  const stored = encodeSampleBatch(columns);
  const json = encodeJson(rows);
  return [
    figure("write a stored batch of 2,000", "ns/sample", 2_000, () => encodeSampleBatch(columns), {
      name: "JSON.stringify of the same as rows",
      work: () => encodeJson(rows),
    }),
    figure("read a stored batch of 2,000", "ns/sample", 2_000, () => decodeSampleBatch(stored), {
      name: "JSON.parse of the same as rows",
      work: () => parse(json),
    }),
  ];
}

const SIGNALS: SignalInputs = {
  metrics_learning: { parameter: "latency_ms", threshold_value: 250, confidence: 0.9 },
  performance_adaptation: { cpu_usage: 71.5, memory_usage: 60.1, latency_ms: 420 },
  decision_quality: { decision_id: "d-17", predicted_outcome: 10, actual_outcome: 9.5 },
  anomaly_feedback: { false_positive: 1, metric: "latency_ms", labels: { host: "web-1" } },
  resource_optimization: { resource_type: "cpu", utilization: 0.9 },
};

function signalling(): Result {
  const messages = LOOPS.map((loop: Loop) => ({
    loop,
    bytes: encodeJson({
      id: `signal-${loop}`,
      source: "bench",
      timestamp: START_MS,
      ...SIGNALS[loop],
    }),
  }));
  return figure(
    "read a signal (mean of the five loops)",
    "ns/message",
    messages.length,
    () => {
      for (const { loop, bytes } of messages) {
        const decoded = signals[loop].decode(bytes);
        if (!decoded.ok) throw decoded.error;
      }
    },
    {
      name: "JSON.parse alone, unchecked",
      work: () => {
        for (const { bytes } of messages) parse(bytes);
      },
    },
  );
}

async function run(): Promise<Report> {
  return {
    title: "Codecs",
    results: [...reading(), ...storing(), signalling()],
    notes: [
      "Reading is decoding and checking; the baselines check nothing. A columnar batch of 500 has 50 series, a stored one of 2,000 has 625.",
    ],
  };
}

await hand(run());
