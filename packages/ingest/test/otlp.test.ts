import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Converter } from "../src/convert/converter.ts";
import { decodeOtlp, parseOtlp } from "../src/otlp/otlp.ts";
import * as otlp from "./otlp-bytes.ts";
import { gauge, total } from "./readings.ts";

const T = 1_544_712_660_300;
const NANOS = BigInt(T) * 1_000_000n;
const labels = { "service.name": "my.service" };
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "golden/otlp.json"), "utf8"));

test("a body of every kind of metric becomes exactly these readings", () => {
  const parsed = parseOtlp(golden, ["service.name", "service.instance.id"]);
  expect(parsed.readings).toEqual([
    gauge("my.gauge", { ...labels, k: "v", n: "3", b: "true" }, T, 10),
    { kind: "stale", metric: "my.gauge", labels, timeMs: T, upperBound: undefined },
    total("my.counter", labels, T, 5, T - 60_000),
    gauge("my.up.down", labels, T, 6),
    { kind: "delta", metric: "my.delta", labels, timeMs: T, value: 7.5, startMs: T - 60_000 },
    {
      ...{ kind: "histogram", temporality: "delta", metric: "my.histogram", labels, timeMs: T },
      ...{ bounds: [1], counts: [1, 2], scale: undefined, startMs: T - 60_000 },
    },
    {
      ...{ kind: "histogram", temporality: "cumulative", metric: "my.exponential", labels },
      ...{ timeMs: T, scale: 0, startMs: undefined },
      // Base 2: one in [-4, -2), two in [-2, -1), two are 0, three in (2, 4], one in (4, 8].
      bounds: [-4, -2, -1, 0, 2, 4, 8],
      counts: [0, 1, 2, 2, 0, 3, 1, 0],
    },
    gauge("my.summary", { ...labels, quantile: "0.5" }, T, 2),
    gauge("my.summary", { ...labels, quantile: "1" }, T, 9),
    total("my.summary_count", labels, T, 8),
  ]);
  expect(Object.fromEntries(parsed.skipped)).toEqual({
    no_value: 1,
    not_finite: 1,
    unsupported: 1,
    malformed: 2,
  });
});

test("protobuf says the same as JSON", () => {
  const { attribute, double, fixed, message, packed, text, varint, zigzag } = otlp;
  const time = fixed(3, NANOS);
  const start = fixed(2, NANOS - 60_000_000_000n);
  const metrics = [
    message(
      2,
      text(1, "my.gauge"),
      text(3, "1"),
      message(5, message(1, attribute(7, "k", "v"), time, double(4, 10))),
    ),
    message(
      2,
      text(1, "my.counter"),
      message(7, message(1, start, time, fixed(6, 5)), varint(2, 2), varint(3, 1)),
    ),
    message(2, text(1, "my.gap"), message(5, message(1, time, varint(8, 1)))),
    message(
      2,
      text(1, "my.histogram"),
      message(
        9,
        message(
          1,
          start,
          time,
          fixed(4, 3),
          double(5, 3),
          packed(6, [1, 2], "fixed"),
          packed(7, [1], "double"),
        ),
        varint(2, 1),
      ),
    ),
    message(
      2,
      text(1, "my.exponential"),
      message(
        10,
        message(
          1,
          time,
          fixed(4, 4),
          zigzag(6, 0),
          fixed(7, 0),
          message(8, zigzag(1, -2), packed(2, [3, 1], "varint")),
        ),
        varint(2, 2),
      ),
    ),
    message(
      2,
      text(1, "my.summary"),
      message(
        11,
        message(1, time, fixed(4, 8), double(5, 20), message(6, double(1, 0.5), double(2, 2))),
      ),
    ),
  ];
  const resource = message(
    1,
    attribute(1, "service.name", "my.service"),
    attribute(1, "pid", "17"),
  );
  const bytes = otlp.bytesOf(
    message(1, resource, message(2, message(1, text(1, "lib")), ...metrics)),
  );
  const parsed = parseOtlp(decodeOtlp(bytes), ["service.name"]);
  expect(Object.fromEntries(parsed.skipped)).toEqual({});
  expect(parsed.readings).toEqual([
    gauge("my.gauge", { ...labels, k: "v" }, T, 10),
    total("my.counter", labels, T, 5, T - 60_000),
    { kind: "stale", metric: "my.gap", labels, timeMs: T, upperBound: undefined },
    {
      ...{ kind: "histogram", temporality: "delta", metric: "my.histogram", labels, timeMs: T },
      ...{ bounds: [1], counts: [1, 2], scale: undefined, startMs: T - 60_000 },
    },
    {
      ...{ kind: "histogram", temporality: "cumulative", metric: "my.exponential", labels },
      ...{ timeMs: T, scale: 0, startMs: undefined },
      ...{ bounds: [0.25, 0.5, 1], counts: [0, 3, 1, 0] },
    },
    gauge("my.summary", { ...labels, quantile: "0.5" }, T, 2),
    total("my.summary_count", labels, T, 8),
  ]);
});

test("a cumulative exponential histogram whose range grows goes on; one of another scale begins anew", () => {
  const point = (seconds: number, scale: number, offset: number, bucketCounts: number[]) => ({
    ...{ timeUnixNano: String(NANOS + BigInt(seconds) * 1_000_000_000n), scale },
    positive: { offset, bucketCounts },
  });
  const dataPoints = [
    point(0, 0, 2, [4]),
    // What is new lies in (2, 4] and (8, 16].
    point(10, 0, 1, [5, 4, 5]),
    point(20, -1, 0, [9, 6]),
  ];
  const metric = { name: "e", exponentialHistogram: { aggregationTemporality: 2, dataPoints } };
  const { readings } = parseOtlp(
    { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] },
    [],
  );
  const { samples, omitted } = new Converter({ maxSeries: 9, gapMs: 60_000 }).convert(readings, T);
  expect(samples.map(({ metric, value }) => [metric, value])).toEqual([
    ["e_p50", 4],
    ["e_p90", expect.closeTo(14.4)],
    ["e_p99", expect.closeTo(15.84)],
    ["e_count_rate", 1],
  ]);
  expect(Object.fromEntries(omitted)).toEqual({ first: 1, reset: 1 });
});

test("bytes that are no such message are refused, whatever they are", () => {
  const metric = otlp.message(
    2,
    otlp.text(1, "m"),
    otlp.message(5, otlp.message(1, otlp.double(4, 1))),
  );
  const good = otlp.bytesOf(otlp.message(1, otlp.message(2, metric)));
  for (let length = 1; length < good.length; length++)
    expect(() => decodeOtlp(good.subarray(0, length))).toThrow();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let body: unknown;
      try {
        body = decodeOtlp(bytes);
      } catch {
        return;
      }
      parseOtlp(body, []);
    }),
    { numRuns: 3_000 },
  );
});

test("any JSON is read without a throw", () => {
  const names = [
    "resourceMetrics",
    "scopeMetrics",
    "metrics",
    "name",
    "sum",
    "histogram",
    "dataPoints",
  ];
  const more = [
    "attributes",
    "exponentialHistogram",
    "positive",
    "bucketCounts",
    "summary",
    "timeUnixNano",
  ];
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 9, withCrossShrink: true },
      fc.constantFrom<unknown>(null, 1, "1", "x", -1, true),
      fc.array(tie("tree"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...names, ...more), tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const nested = tree.map((point) => ({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              { name: "m", ...(point as object) },
              { name: "s", sum: { dataPoints: [point] } },
            ],
          },
        ],
      },
    ],
  }));
  fc.assert(
    fc.property(fc.oneof(tree, nested), (body) => {
      parseOtlp(body, ["a"]);
    }),
    { numRuns: 2_000 },
  );
});
