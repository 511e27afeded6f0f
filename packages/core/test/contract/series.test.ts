import {
  decodeSampleBatch,
  encodeSampleBatch,
  fnv1a32,
  metricToken,
  openingOfAnomaly,
  ownText,
  parseSeriesKey,
  partitionOf,
  seriesKey,
  seriesKeyOfAnomaly,
  thresholdKey,
} from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const metric = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
const labels = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== "__proto__"),
  fc.string({ maxLength: 6 }),
  { maxKeys: 4 },
);

describe("seriesKey", () => {
  it("is inverted by parseSeriesKey", () => {
    fc.assert(
      fc.property(token, metric, labels, (system, name, pairs) => {
        expect(parseSeriesKey(seriesKey(system, name, pairs))).toEqual({
          ok: true,
          value: { system, metric: name, labels: { ...pairs } },
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it("has an own copy that is the same, halves of characters included", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => ownText(text) === text));
    expect(ownText("s/\ud800")).toBe("s/\ud800");
  });

  it("does not depend on the order of labels", () => {
    expect(seriesKey("s", "m", { b: "2", a: "1" })).toBe(seriesKey("s", "m", { a: "1", b: "2" }));
    expect(seriesKey("s", "m", { a: "1" })).toBe('s/m{"a"="1"}');
  });

  it.each(["", "nosystem", "bad system/x", "s/", 's/m{"a"="1"', 's/m{"b"="1","a"="2"}', "s/m{}"])(
    "refuses %j",
    (key) => {
      expect(parseSeriesKey(key)).toMatchObject({
        ok: false,
        error: { code: "MAPEK_SUBJECT_INVALID" },
      });
    },
  );

  it("tells series apart that look alike", () => {
    expect(seriesKey("s", 'm{"a"="1"}')).not.toBe(seriesKey("s", "m", { a: "1" }));
  });
});

describe("bucket keys and tokens", () => {
  it("an unlabelled series with a plain name has a plain key", () => {
    expect(thresholdKey({ system: "s", metric: "cpu", labels: {} })).toBe("s.cpu");
  });

  it("a labelled series, or a name that lost characters, has a key of its own", () => {
    expect(metricToken("http.requests/s")).toBe("http_requests_s");
    const keys = [
      thresholdKey({ system: "s", metric: "http.requests/s", labels: {} }),
      thresholdKey({ system: "s", metric: "http_requests_s", labels: {} }),
      thresholdKey({ system: "s", metric: "http_requests_s", labels: { host: "a" } }),
    ];
    expect(new Set(keys).size).toBe(3);
    for (const key of keys) expect(key).toMatch(/^s\.http_requests_s(\.[0-9a-f]{16})?$/);
  });

  it("an anomaly's id names its series", () => {
    const key = seriesKey("s", "m@n", { a: "x@y" });
    expect(seriesKeyOfAnomaly(`${key}@1760000000000`)).toBe(key);
    expect(seriesKeyOfAnomaly("nothing")).toBeUndefined();
  });

  it("an anomaly's id names when it opened", () => {
    expect(openingOfAnomaly("s/m@n@1760000000000.25")).toBe(1_760_000_000_000.25);
    for (const id of ["s/m@", "s/m@soon", "s/m@-1", "s/m@1e300", "s/m@99999999999999", "nothing"])
      expect(openingOfAnomaly(id), id).toBeUndefined();
  });
});

describe("partitionOf", () => {
  it("is FNV-1a 32 over UTF-8, as the published test vectors have it", () => {
    expect(fnv1a32("")).toBe(0x811c9dc5);
    expect(fnv1a32("a")).toBe(0xe40c292c);
    expect(fnv1a32("foobar")).toBe(0xbf9cf968);
    expect(fnv1a32("ä")).toBe(fnv1a32Reference(Buffer.from("ä")));
  });

  it("spreads 10,000 series over 16 partitions within 10 % of even", () => {
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 10_000; i++) counts[partitionOf(seriesKey("shop", `metric_${i}`), 16)]!++;
    for (const count of counts) expect(Math.abs(count - 625)).toBeLessThan(63);
  });
});

function fnv1a32Reference(bytes: Uint8Array): number {
  let hash = 0x811c9dc5n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash);
}

describe("stored batches", () => {
  it("decode what they encode", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.double({ noNaN: true }), fc.double({ noNaN: true })), {
          maxLength: 50,
        }),
        fc.boolean(),
        (rows, history) => {
          const batch = {
            history,
            series: ["s/a", "s/b", "s/c"],
            index: Uint16Array.from(rows.map(([i]) => i)),
            times: Float64Array.from(rows.map(([, time]) => time)),
            values: Float64Array.from(rows.map(([, , value]) => value)),
          };
          expect(decodeSampleBatch(encodeSampleBatch(batch))).toEqual({ ok: true, value: batch });
        },
      ),
    );
  });

  it("refuse garbage and unknown versions with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const result = decodeSampleBatch(bytes);
        expect(result.ok ? "" : result.error.code).toMatch(/^MAPEK_MESSAGE_/);
      }),
    );
  });
});
