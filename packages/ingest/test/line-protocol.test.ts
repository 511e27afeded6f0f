import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINE_PRECISIONS, parseLineProtocol } from "../src/line-protocol/line-protocol.ts";
import { figures, gauge } from "./readings.ts";

const T = 1_519_194_109_000;
const host = { host: "web-1" };

test("a batch of Telegraf becomes exactly these series", () => {
  const parsed = parseLineProtocol(
    readFileSync(join(import.meta.dirname, "golden/telegraf.lp"), "utf8"),
  );
  expect(parsed.readings).toEqual([
    gauge("cpu_usage_user", { cpu: "cpu0", ...host }, T, 12.5),
    gauge("cpu_usage_idle", { cpu: "cpu0", ...host }, T, 80.1),
    gauge("mem_used", host, T, 8_321_499_136),
    gauge("mem_available_percent", host, T, 48.2),
    gauge("mem_swap_ok", host, T, 1),
    gauge("disk_free", { path: "C:", label: "my disk,1" }, T, 42),
    gauge("log_size", host, T + 1_000, 2),
    gauge("my load,x", { "k=ey": "v=1", line: "a\nb" }, undefined, -0.0015),
    gauge("my load,x_ok", { "k=ey": "v=1", line: "a\nb" }, undefined, 0),
    gauge("my load,x_no", { "k=ey": "v=1", line: "a\nb" }, undefined, 0),
    gauge("nan_b", host, T + 1_000, 1),
    gauge("last_load1", {}, undefined, 0.25),
  ]);
  expect(Object.fromEntries(parsed.skipped)).toEqual({ text: 2, malformed: 1, not_finite: 1 });
  expect(parsed.fault).toContain("bad value of field usage");
});

describe("a line", () => {
  test.each([
    ["m", "no fields"],
    ["m,a b=1", "a tag without a value"],
    ["m b", "a field without a value"],
    ["m b=1x", "bad value"],
    ['m b="open', "bad value"],
    ["m b=1 12x", "bad timestamp"],
    ["m b=1 12 13", "behind the timestamp"],
    [",a=b c=1", "no measurement"],
    ["m b=0x10", "bad value"],
    ["m b=1e", "bad value"],
  ])("%j is malformed, and the next one is read", (line, fault) => {
    const parsed = parseLineProtocol(`${line}\nnext v=1`);
    expect(parsed.fault).toContain(fault);
    expect(figures(parsed)).toEqual([["next_v", 1]]);
    expect(parsed.skipped.get("malformed")).toBe(1);
  });

  test("may end with a carriage return, and its time has the unit that is asked for", () => {
    const parsed = parseLineProtocol("m value=1 1519194109\r\nm value=2 1519194110", 1_000);
    expect(parsed.readings).toEqual([gauge("m", {}, T, 1), gauge("m", {}, T + 1_000, 2)]);
    expect(parseLineProtocol("m value=1 25317", LINE_PRECISIONS.get("m")).readings[0]?.timeMs).toBe(
      25_317 * 60_000,
    );
  });
});

const special = /[,= \t\n\r\f]/g;
const written: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\f": "\\f",
};
const escaped = (text: string) => text.replace(special, (one) => written[one] ?? `\\${one}`);
/** Telegraf does not escape a backslash, so a text with one has no certain form. */
const name = fc
  .string({ minLength: 1, maxLength: 8, unit: "binary" })
  .map((text) => text.replace(/\\/g, "").replace(/^[\s#]+/, ""))
  .filter((text) => text !== "");
const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const line = fc.record({
  measurement: name,
  tags: fc.dictionary(name, name, { maxKeys: 3 }),
  fields: fc.dictionary(name, fc.oneof(value, fc.string(), fc.boolean()), {
    minKeys: 1,
    maxKeys: 3,
  }),
  time: fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
});

test("what is printed is read back, whatever the names and strings hold", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const text = lines
        .map(({ measurement, tags, fields, time }) => {
          const pairs = Object.entries(tags).map(([k, v]) => `,${escaped(k)}=${escaped(v)}`);
          const values = Object.entries(fields).map(([k, v]) => {
            const quoted = typeof v === "string" ? `"${v.replace(/[\\"]/g, "\\$&")}"` : String(v);
            return `${escaped(k)}=${quoted}`;
          });
          const stamp = time === undefined ? "" : ` ${time}000000`;
          return `${escaped(measurement)}${pairs.join("")} ${values.join(",")}${stamp}\n`;
        })
        .join("");
      const expected = lines.flatMap(({ measurement, tags, fields, time }) =>
        Object.entries(fields)
          .filter(([, v]) => typeof v !== "string")
          .map(([k, v]) =>
            gauge(k === "value" ? measurement : `${measurement}_${k}`, tags, time, Number(v)),
          ),
      );
      const parsed = parseLineProtocol(text);
      expect(parsed.fault).toBeUndefined();
      expect(JSON.stringify(parsed.readings)).toBe(JSON.stringify(expected));
    }),
  );
});

test("any text is read without a throw, and in time", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab,= \\"\n1.i#'), maxLength: 60 }),
      (text) => {
        for (const reading of parseLineProtocol(text).readings)
          expect(reading.kind === "gauge" && Number.isFinite(reading.value)).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});
