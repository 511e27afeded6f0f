// Bodies that the tools themselves sent, recorded from a wire.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Converter } from "../src/convert/converter.ts";
import { decodeOtlp, parseOtlp } from "../src/otlp/otlp.ts";
import { parseRemoteWrite } from "../src/prometheus/remote-write.ts";
import { unpackSnappy } from "../src/prometheus/snappy.ts";
import type { Reading } from "../src/reading.ts";
import { gauge, total } from "./readings.ts";

const recorded = (name: string) => readFileSync(join(import.meta.dirname, "golden", name));
const convert = (readings: readonly Reading[]) =>
  new Converter({ maxSeries: 100, gapMs: 60_000 }).convert(readings, 0);

test("Prometheus 2.42: two scrapes of a counter, a gauge and a histogram, then the target fails", () => {
  const T = 1_795_888_528_868;
  const target = { instance: "127.0.0.1:9777", job: "shop" };
  const bytes = unpackSnappy(recorded("prometheus-2.42.snappy"), 10_000);
  const parsed = parseRemoteWrite(bytes, 1);
  const ofTarget = parsed.readings.filter(({ metric }) => !metric.startsWith("scrape_"));
  const bucket = (timeMs: number, upperBound: number, value: number): Reading => ({
    ...{ kind: "bucket", metric: "lat", labels: target, timeMs, upperBound, value },
    startMs: undefined,
  });
  const scraped = (time: number, times: number): Reading[] => [
    total("orders_total", { ...target, shop: 'a "b"' }, time, 5 * times),
    gauge("temp", target, time, -1.5),
    bucket(time, 0.5, times),
    bucket(time, Infinity, 2 * times),
    total("lat_sum", target, time, times),
    total("lat_count", target, time, 2 * times),
    gauge("up", target, time, 1),
  ];
  const ended = scraped(T + 2_000, 1)
    .slice(0, -1)
    .map(
      (one): Reading => ({
        ...{ kind: "stale", metric: one.metric, labels: one.labels, timeMs: T + 2_000 },
        upperBound: "upperBound" in one ? one.upperBound : undefined,
      }),
    );
  expect(ofTarget).toEqual([
    ...scraped(T, 1),
    ...scraped(T + 1_000, 2),
    ...ended,
    gauge("up", target, T + 2_000, 0),
    gauge("up", target, T + 3_000, 0),
  ]);
  expect([parsed.samples, parsed.skipped.size]).toEqual([38, 0]);
  const { samples, omitted } = convert(ofTarget);
  expect(samples.filter(({ metric }) => /_rate$/.test(metric))).toEqual([
    {
      metric: "orders_total_rate",
      labels: { ...target, shop: 'a "b"' },
      timestamp: T + 1_000,
      value: 5,
    },
    { metric: "lat_sum_rate", labels: target, timestamp: T + 1_000, value: 1 },
    { metric: "lat_count_rate", labels: target, timestamp: T + 1_000, value: 2 },
  ]);
  // Of two observations one is at most 0.5, the other above all bounds.
  expect(samples.filter(({ metric }) => /_p\d+$/.test(metric))).toEqual([
    { metric: "lat_p50", labels: target, timestamp: T + 1_000, value: 0.5 },
    { metric: "lat_p90", labels: target, timestamp: T + 1_000, value: 0.5 },
    { metric: "lat_p99", labels: target, timestamp: T + 1_000, value: 0.5 },
  ]);
  expect(Object.fromEntries(omitted)).toEqual({ first: 5, stale: 6 });
});

test("OpenTelemetry's SDK for JavaScript 3.1: every kind of instrument, as protobuf", () => {
  const { readings, skipped } = parseOtlp(decodeOtlp(recorded("opentelemetry-js-3.1.pb")), [
    "service.name",
  ]);
  const labels = { "service.name": "shop" };
  const [latency, exponential, ...others] = readings;
  expect(latency).toMatchObject({
    ...{ kind: "histogram", temporality: "cumulative", metric: "latency", labels },
    ...{ bounds: [10, 100], counts: [1, 2, 1] },
  });
  expect(others).toMatchObject([
    { kind: "cumulative", metric: "requests", labels: { ...labels, route: "/a" }, value: 5 },
    { kind: "gauge", metric: "open", labels, value: -2 },
    { kind: "gauge", metric: "temp", labels: { ...labels, on: "true", n: "3" }, value: 21.5 },
  ]);
  expect(skipped.size).toBe(0);
  // One 1 and two 4: each in the bucket that ends there.
  if (exponential?.kind !== "histogram") throw new Error("no histogram");
  const filled = exponential.counts.flatMap((count, i) =>
    count > 0 ? [[exponential.bounds[i], count]] : [],
  );
  expect(filled).toEqual([
    [expect.closeTo(1, 2), 1],
    [expect.closeTo(4, 1), 2],
  ]);
});
