import {
  checkSample,
  decodeSamples,
  encodeMsgpack,
  encodePublicBatch,
  sample,
} from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const text = (value: string) => new TextEncoder().encode(value);

describe("decodeSamples", () => {
  it.each([
    ["65.2", 65.2],
    [" -3 ", -3],
    ["+1e3", 1_000],
    [".5", 0.5],
    ["0", 0],
    ["12.", 12],
  ])("reads the number %j", (payload, value) => {
    expect(decodeSamples(text(payload))).toEqual({ ok: true, value: { kind: "number", value } });
  });

  it.each(["NaN", "nan", "Infinity", "-inf", "1e999", "1.2.3", "0x10", "12abc", " "])(
    "refuses %j with the code of a number",
    (payload) => {
      expect(decodeSamples(text(payload))).toMatchObject({
        ok: false,
        error: { code: "MAPEK_SAMPLE_NOT_FINITE" },
      });
    },
  );

  it.each(["", "zzz", "{", '{"value":1', "\u0001"])("refuses %j as malformed", (payload) => {
    expect(decodeSamples(text(payload))).toMatchObject({
      ok: false,
      error: { code: "MAPEK_MESSAGE_MALFORMED" },
    });
  });

  it("reads one sample, an array, and MessagePack of both", () => {
    const rows = [{ value: 1 }, { value: 2, timestamp: 5, labels: { host: "a" } }];
    const expected = { ok: true, value: { kind: "rows", rows } };
    expect(decodeSamples(text(JSON.stringify(rows)))).toEqual(expected);
    expect(decodeSamples(encodeMsgpack(rows))).toEqual(expected);
    expect(decodeSamples(text('{"value":1}'))).toEqual({
      ok: true,
      value: { kind: "rows", rows: [{ value: 1 }] },
    });
    expect(decodeSamples(encodeMsgpack(7.5), "application/msgpack")).toEqual({
      ok: true,
      value: { kind: "number", value: 7.5 },
    });
  });

  it("reads a columnar batch", () => {
    const columns = {
      series: ["cpu", ["mem", { host: "a" }]] as const,
      index: Uint16Array.of(0, 1, 0),
      times: Float64Array.of(1, 2, Number.NaN),
      values: Float64Array.of(10, 20, 30),
    };
    expect(decodeSamples(encodePublicBatch(columns))).toEqual({
      ok: true,
      value: { kind: "columns", columns },
    });
  });

  it.each([
    [
      "index beyond the dictionary",
      {
        series: ["a"],
        index: Uint16Array.of(1),
        times: Float64Array.of(1),
        values: Float64Array.of(1),
      },
      "MAPEK_MESSAGE_INVALID",
    ],
    [
      "columns of different length",
      {
        series: ["a"],
        index: Uint16Array.of(0),
        times: Float64Array.of(),
        values: Float64Array.of(1),
      },
      "MAPEK_MESSAGE_INVALID",
    ],
    [
      "bad labels",
      {
        series: [["a", { x: 1 }]],
        index: Uint16Array.of(0),
        times: Float64Array.of(1),
        values: Float64Array.of(1),
      },
      "MAPEK_SAMPLE_BAD_LABELS",
    ],
  ])("refuses a batch with %s", (_name, columns, code) => {
    expect(decodeSamples(encodePublicBatch(columns as never))).toMatchObject({
      ok: false,
      error: { code },
    });
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(typeof decodeSamples(bytes).ok).toBe("boolean");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("checkSample", () => {
  it("accepts exactly what the schema accepts", () => {
    const odd = fc.oneof(
      fc.constant(undefined),
      fc.double(),
      fc.string({ maxLength: 3 }),
      fc.constant(null),
      fc.boolean(),
    );
    const labels = fc.oneof(
      fc.dictionary(
        fc.string({ maxLength: 4 }),
        fc.oneof(fc.string({ maxLength: 4 }), fc.integer()),
      ),
      odd,
    );
    const rows = fc.record(
      {
        value: odd,
        timestamp: fc.oneof(odd, fc.double({ min: -1e13, max: 1e13 })),
        metric: odd,
        labels,
        version: fc.constantFrom(undefined, 1, 2, "1"),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rows, (row) => {
        expect(checkSample(row) === undefined).toBe(sample.check(row).ok);
      }),
      { numRuns: 5_000 },
    );
  });

  it("names the field at fault", () => {
    expect(checkSample({ value: Number.NaN })).toMatchObject({ code: "MAPEK_SAMPLE_NOT_FINITE" });
    expect(checkSample({ value: 1, timestamp: "now" })).toMatchObject({
      code: "MAPEK_SAMPLE_BAD_TIMESTAMP",
    });
    expect(checkSample({ value: 1, labels: { a: 1 } })).toMatchObject({
      code: "MAPEK_SAMPLE_BAD_LABELS",
      message: expect.stringContaining("a"),
    });
    expect(checkSample({ value: 1, version: 9 })).toMatchObject({
      code: "MAPEK_MESSAGE_UNKNOWN_VERSION",
    });
    expect(checkSample(null)).toMatchObject({ code: "MAPEK_MESSAGE_INVALID" });
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`l${i}`, "x"]));
    expect(checkSample({ value: 1, labels: many })).toMatchObject({
      code: "MAPEK_SAMPLE_BAD_LABELS",
    });
  });
});
