import fc from "fast-check";
import { expect, test } from "vitest";
import { parseExposition } from "../src/prometheus/exposition.ts";
import type { Reading } from "../src/reading.ts";
import { gauge, total } from "./readings.ts";

const TEXT = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",} 3 1395066363000
# a comment
# TYPE hits counter
hits 7
{"my.dotted.metric","error.message"="Not \\"Found\\"\\n"} 1
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
  metric_without_timestamp_and_labels   12.47
something_weird{problem="division by zero"} +Inf -3982045
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds{quantile="0.99"} NaN
rpc_duration_seconds_count 2693
# TYPE pool_count gauge
pool_count 4
untyped_total 9
`;

test("the text format's own example becomes exactly these readings", () => {
  const parsed = parseExposition(TEXT, false);
  const bucket = (upperBound: number, value: number): Reading => ({
    ...{ kind: "bucket", metric: "http_request_duration_seconds", labels: {}, timeMs: undefined },
    ...{ upperBound, value, startMs: undefined },
  });
  expect(parsed.readings).toEqual([
    total("http_requests_total", { method: "post", code: "200" }, 1_395_066_363_000, 1_027),
    total("http_requests_total", { method: "post", code: "400" }, 1_395_066_363_000, 3),
    total("hits", {}, undefined, 7),
    gauge("my.dotted.metric", { "error.message": 'Not "Found"\n' }, undefined, 1),
    gauge(
      "msdos_file_access_time_seconds",
      { path: "C:\\DIR\\FILE.TXT", error: 'Cannot find file:\n"FILE.TXT"' },
      ...[undefined, 1.458255915e9],
    ),
    gauge("metric_without_timestamp_and_labels", {}, undefined, 12.47),
    bucket(0.05, 24_054),
    bucket(Infinity, 144_320),
    total("http_request_duration_seconds_sum", {}, undefined, 53_423),
    total("http_request_duration_seconds_count", {}, undefined, 144_320),
    gauge("rpc_duration_seconds", { quantile: "0.01" }, undefined, 3_102),
    total("rpc_duration_seconds_count", {}, undefined, 2_693),
    gauge("pool_count", {}, undefined, 4),
    total("untyped_total", {}, undefined, 9),
  ]);
  expect(Object.fromEntries(parsed.skipped)).toEqual({ not_finite: 2 });
  expect(parsed.fault).toBeUndefined();
});

test("OpenMetrics: seconds, exemplars, _created, types of families, and nothing behind the end", () => {
  const parsed = parseExposition(
    `# TYPE acme counter
# UNIT acme seconds
acme_total{path="/"} 17 1520879607.789 # {trace_id="a # b"} 0.67 1520879606
acme_created{path="/"} 1520430000.123
# TYPE foo gaugehistogram
foo_bucket{le="1"} 2
# TYPE bar info
bar_info{v="1"} 1
# EOF
ignored 1`,
    true,
  );
  expect(parsed.readings).toEqual([
    total("acme_total", { path: "/" }, 1_520_879_607_789, 17),
    gauge("bar_info", { v: "1" }, undefined, 1),
  ]);
  expect(Object.fromEntries(parsed.skipped)).toEqual({ unsupported: 2 });
});

test.each([
  "a",
  "a{",
  'a{b="c} 1',
  'a{b="c"',
  'a{b="c"} x',
  "a 1 2 3",
  "a 1 x",
  "1a 2",
  "a{b} 1",
  "{} 1",
  'a{="b"} 1',
])("%j is malformed, and the next line is read", (line) => {
  const { readings, skipped, fault } = parseExposition(`${line}\nok 1\n`, false);
  expect(readings).toEqual([gauge("ok", {}, undefined, 1)]);
  expect([Object.fromEntries(skipped), fault]).toEqual([{ malformed: 1 }, expect.any(String)]);
});

const label = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/).filter((one) => one !== "le");
const sample = fc.record({
  name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}x$/),
  labels: fc.dictionary(label, fc.string({ minLength: 1, unit: "binary" }), { maxKeys: 3 }),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  time: fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
});
const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;

test("what is printed is read back", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 6 }), (samples) => {
      const text = samples
        .map(({ name, labels, value, time }) => {
          const pairs = Object.entries(labels).map(([k, v]) => `${k}=${quoted(v)}`);
          return `${name}{${pairs.join(",")}} ${value}${time === undefined ? "" : ` ${time}`}\n`;
        })
        .join("");
      const expected = samples.map(({ name, labels, value, time }) =>
        gauge(name, labels, time, value),
      );
      expect(JSON.stringify(parseExposition(text, false).readings)).toBe(JSON.stringify(expected));
    }),
  );
});

test("any text is read without a throw", () => {
  const text = fc.string({ unit: fc.constantFrom(...'a1{}=",\\ #\n.+e'), maxLength: 50 });
  fc.assert(
    fc.property(text, (one) => {
      expect(parseExposition(one, false).readings.length).toBeLessThanOrEqual(one.length);
    }),
    { numRuns: 2_000 },
  );
});
