import fc from "fast-check";
import { compress } from "snappyjs";
import { expect, test } from "vitest";
import { promRequest, promRequestV2 } from "../../../test/support/prom-request.ts";
import { parseRemoteWrite } from "../src/prometheus/remote-write.ts";
import { unpackSnappy } from "../src/prometheus/snappy.ts";
import type { Reading } from "../src/reading.ts";
import { gauge, total } from "./readings.ts";

const T = 1_760_000_000_000;
const job = { job: "node" };
const unpacked = (bytes: Uint8Array) => unpackSnappy(compress(bytes), bytes.length);

test("a body of version 1.0 becomes exactly these readings, by the names of its series", () => {
  const bytes = promRequest([
    {
      labels: { __name__: "up", ...job, empty: "" },
      samples: [
        [1, T],
        ["stale", T + 15_000],
      ],
    },
    {
      labels: { __name__: "hits_total", ...job },
      samples: [
        [3, T],
        [Number.NaN, T + 1],
      ],
    },
    {
      labels: { __name__: "lat_bucket", ...job, le: "0.5" },
      samples: [
        [7, T],
        ["stale", T + 1],
      ],
    },
    { labels: { __name__: "lat_bucket", ...job, le: "+Inf" }, samples: [[9, T]] },
    { labels: { __name__: "lat_count", ...job }, samples: [[9, T]] },
    { labels: { __name__: "gc", ...job, quantile: "0.5" }, samples: [[0.1, T]] },
    { labels: { __name__: "x_bucket", ...job, le: "abc" }, samples: [[1, T]] },
    { labels: { __name__: "x_created", ...job }, samples: [[1, T]] },
    { labels: { ...job }, samples: [[1, T]] },
    { labels: { __name__: "native", ...job }, samples: [], histograms: 2 },
  ]);
  const parsed = parseRemoteWrite(unpacked(bytes), 1);
  const bucket = (upperBound: number, value: number): Reading => ({
    ...{ kind: "bucket", metric: "lat", labels: job, timeMs: T },
    ...{ upperBound, value, startMs: undefined },
  });
  expect(parsed.readings).toEqual([
    gauge("up", job, T, 1),
    { kind: "stale", metric: "up", labels: job, timeMs: T + 15_000, upperBound: undefined },
    total("hits_total", job, T, 3),
    bucket(0.5, 7),
    { kind: "stale", metric: "lat", labels: job, timeMs: T + 1, upperBound: 0.5 },
    bucket(Infinity, 9),
    total("lat_count", job, T, 9),
    gauge("gc", { ...job, quantile: "0.5" }, T, 0.1),
  ]);
  expect(Object.fromEntries(parsed.skipped)).toEqual({
    not_finite: 1,
    bad_name: 2,
    unsupported: 3,
  });
  expect(parsed.samples).toBe(12);
});

test("a body of version 2.0 says types and starts", () => {
  const bytes = promRequestV2([
    { labels: { __name__: "requests", ...job }, type: 1, startMs: T - 5_000, samples: [[5, T]] },
    {
      labels: { __name__: "queue_count", ...job },
      type: 2,
      samples: [
        [4, T],
        ["stale", T + 1],
      ],
    },
    { labels: { __name__: "untyped_total", ...job }, samples: [[6, T]] },
    { labels: { __name__: "native", ...job }, type: 3, samples: [], histograms: 1 },
  ]);
  const parsed = parseRemoteWrite(unpacked(bytes), 2);
  expect(parsed.readings).toEqual([
    total("requests", job, T, 5, T - 5_000),
    gauge("queue_count", job, T, 4),
    { kind: "stale", metric: "queue_count", labels: job, timeMs: T + 1, upperBound: undefined },
    total("untyped_total", job, T, 6),
  ]);
  expect([Object.fromEntries(parsed.skipped), parsed.samples]).toEqual([{ unsupported: 1 }, 4]);
});

test("a reference to a text that is not there, and half a pair, are refused", () => {
  const bytes = promRequestV2([{ labels: { __name__: "m" }, samples: [[1, T]] }]);
  // The packed references are the only field 1 of a series: 0x0a, length, then the numbers.
  const at = Buffer.from(bytes).indexOf(Buffer.from([0x0a, 2, 1, 2]));
  const wrong = Uint8Array.from(bytes);
  wrong[at + 3] = 9;
  expect(() => parseRemoteWrite(wrong, 2)).toThrow("no symbol 9");
  const joined = Uint8Array.from(bytes);
  joined.set([0x82, 0x01], at + 2);
  expect(() => parseRemoteWrite(joined, 2)).toThrow("no pairs");
});

test("what is written is read back, and no cut is taken for the whole", () => {
  const name = fc.stringMatching(/^[a-z]{1,6}$/);
  const series = fc.record({
    labels: fc.record({ __name__: name, a: fc.string({ minLength: 1 }) }),
    samples: fc.array(
      fc.tuple(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 4e12 }),
      ),
      { maxLength: 4 },
    ),
  });
  fc.assert(
    fc.property(fc.array(series, { maxLength: 4 }), fc.nat(), (list, cut) => {
      const expected = list.flatMap(({ labels: { __name__, a }, samples }) =>
        samples.map(([value, time]) => gauge(__name__, { a }, time, value)),
      );
      for (const [bytes, version] of [
        [promRequest(list), 1],
        [promRequestV2(list), 2],
      ] as const) {
        expect(JSON.stringify(parseRemoteWrite(bytes, version).readings)).toBe(
          JSON.stringify(expected),
        );
        const shorter = bytes.subarray(0, cut % (bytes.length + 1));
        try {
          const { readings } = parseRemoteWrite(shorter, version);
          expect(JSON.stringify(expected).startsWith(JSON.stringify(readings).slice(0, -1))).toBe(
            true,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }
    }),
  );
});
