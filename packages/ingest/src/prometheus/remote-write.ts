import type { Labels } from "@mapek/core/contract";
import { type MessageFields, readMessage } from "../protobuf-message.ts";
import { Findings, type Parsed } from "../reading.ts";
import { addPrometheusValue, type PrometheusType } from "./prometheus-names.ts";

const LABEL: MessageFields = {
  1: { name: "name", type: "string" },
  2: { name: "value", type: "string" },
};
const SAMPLE: MessageFields = {
  1: { name: "value", type: "marked" },
  2: { name: "timestamp", type: "int" },
  3: { name: "start", type: "int" },
};
const NOTHING: MessageFields = {};
const WRITE_REQUEST: MessageFields = {
  1: {
    name: "timeseries",
    repeated: true,
    type: {
      1: { name: "labels", type: LABEL, repeated: true },
      2: { name: "samples", type: SAMPLE, repeated: true },
      3: { name: "exemplars", type: NOTHING, repeated: true },
      4: { name: "histograms", type: NOTHING, repeated: true },
    },
  },
};
const REQUEST_V2: MessageFields = {
  4: { name: "symbols", type: "string", repeated: true },
  5: {
    name: "timeseries",
    repeated: true,
    type: {
      1: { name: "refs", type: "uint", repeated: true },
      2: { name: "samples", type: SAMPLE, repeated: true },
      3: { name: "histograms", type: NOTHING, repeated: true },
      4: { name: "exemplars", type: NOTHING, repeated: true },
      5: { name: "metadata", type: { 1: { name: "type", type: "uint" } } },
    },
  },
};

interface Series {
  readonly labels?: { readonly name?: string; readonly value?: string }[];
  readonly refs?: number[];
  readonly samples?: { value?: number | null; timestamp?: number; start?: number }[];
  readonly histograms?: unknown[];
  readonly metadata?: { readonly type?: number };
}

/** Metric types of remote write 2.0, by number; other types do not change how a value is read. */
const TYPES: Readonly<Record<number, PrometheusType>> = {
  1: "counter",
  2: "gauge",
  3: "histogram",
  5: "summary",
};

/** Readings of a remote write, and its number of samples, for the answer's header `Samples-Written`. */
export interface RemoteWrite extends Parsed {
  readonly samples: number;
}

/**
 * Reads `prometheus.WriteRequest` (1.0) or `io.prometheus.write.v2.Request` (2.0), already decompressed.
 *
 * Native histograms are counted as unsupported; exemplars and the metadata of 1.0 are ignored. A staleness marker ends
 * its series.
 *
 * @throws {Error} Where the bytes are not such a message, or refer to a missing symbol.
 */
export function parseRemoteWrite(bytes: Uint8Array, version: 1 | 2): RemoteWrite {
  const body = readMessage(bytes, version === 1 ? WRITE_REQUEST : REQUEST_V2);
  const symbols = (body.symbols ?? []) as string[];
  const findings = new Findings();
  let count = 0;
  for (const series of (body.timeseries ?? []) as Series[]) {
    const { samples = [], histograms = [], metadata } = series;
    count += samples.length;
    findings.skip("unsupported", histograms.length);
    const pairs = version === 1 ? labelPairs(series) : symbolPairs(series, symbols);
    const name = pairs.find(([label]) => label === "__name__")?.[1];
    if (name === undefined || name === "") {
      findings.skip("bad_name", samples.length);
      continue;
    }
    const labels: Labels = Object.fromEntries(
      pairs.filter(([label, value]) => label !== "__name__" && value !== ""),
    );
    const type = TYPES[metadata?.type ?? 0];
    for (const { value = 0, timestamp = 0, start = 0 } of samples)
      addPrometheusValue(
        {
          ...{ name, labels, type, value: value ?? Number.NaN },
          timeMs: timestamp,
          startMs: version === 2 && start > 0 ? start : undefined,
          stale: value === null,
        },
        findings,
      );
  }
  return Object.assign(findings, { samples: count });
}

const labelPairs = ({ labels = [] }: Series): [string, string][] =>
  labels.map(({ name = "", value = "" }) => [name, value]);

function symbolPairs({ refs = [] }: Series, symbols: readonly string[]): [string, string][] {
  if (refs.length % 2 !== 0) throw new Error("labels_refs holds no pairs");
  const textOf = (ref: number | undefined): string => {
    const text = symbols[ref ?? -1];
    if (text === undefined) throw new Error(`no symbol ${ref}`);
    return text;
  };
  return Array.from({ length: refs.length / 2 }, (_, i) => [
    textOf(refs[2 * i]),
    textOf(refs[2 * i + 1]),
  ]);
}
