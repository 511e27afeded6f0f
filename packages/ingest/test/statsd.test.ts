import fc from "fast-check";
import { expect, test } from "vitest";
import { Converter } from "../src/convert/converter.ts";
import { parseStatsd } from "../src/statsd/statsd.ts";
import { StatsdWindow } from "../src/statsd/statsd-window.ts";

const T = 1_656_581_400_000;
const make = (maxSeries = 100) =>
  new StatsdWindow({ maxSeries, maxHeld: 10_000, gapMs: 60_000 }, T);
const send = (window: StatsdWindow, packet: string, now = T + 1_000) => {
  const { values, findings } = parseStatsd(packet);
  window.add(values, findings, now);
};
/** Samples of one window of ten seconds, by series. */
function samplesOf(packet: string): Record<string, number> {
  const window = make();
  send(window, packet);
  const { readings } = window.flush(T + 10_000);
  const { samples } = new Converter({ maxSeries: 100, gapMs: 60_000 }).convert(readings, T);
  return Object.fromEntries(
    samples.map(({ metric, labels, value, timestamp = 0 }) => [
      `${metric}${Object.keys(labels).length === 0 ? "" : JSON.stringify(labels)}@${(timestamp - T) / 1_000}`,
      value,
    ]),
  );
}

test("a packet of every dialect becomes exactly these series", () => {
  const packet = [
    "users.current.den001.myapp:32|g",
    "deploys.test.myservice:1|c|@0.1",
    "load.time:320|ms",
    "load.time:1|h",
    "load.time:320|d",
    "users.unique:101|s",
    "users.unique:101|s\nusers.unique:abc|s",
    "foo:1|c:200|ms",
    "users.current,service=payroll,region=us-west:32|g",
    "page.views:1:2:3|c|@0.5|#env:prod,region:eu,bare|c:83c0a99c|T1656581400",
    "level:10|g\nlevel:+5|g\nlevel:-3|g",
    "half:1|c|@0.5:5|c",
    "",
  ].join("\n");
  expect(samplesOf(packet)).toEqual({
    "users.current.den001.myapp@10": 32,
    "deploys.test.myservice_rate@10": 1,
    "load.time_p50@10": 320,
    "load.time_p90@10": 320,
    "load.time_p99@10": 320,
    "load.time_count_rate@10": 0.3,
    "users.unique@10": 2,
    "foo_rate@10": 0.1,
    "foo_p50@10": 200,
    "foo_p90@10": 200,
    "foo_p99@10": 200,
    "foo_count_rate@10": 0.1,
    'users.current{"service":"payroll","region":"us-west"}@10': 32,
    'page.views_rate{"env":"prod","region":"eu","bare":"true"}@0': 1.2,
    "level@10": 12,
    "half_rate@10": 0.7,
  });
});

test.each([
  "novalue",
  ":1|c",
  "a:1",
  "a:x|c",
  "a:1|q",
  "a:1|c|@0",
  "a:1|c|@x",
  "a:|s",
  "a,b:1|c",
  "a:NaN|g",
  "a:1||c",
  `${"a".repeat(241)}:1|c`,
  `a:${"x".repeat(241)}|s`,
  `a:1|c|#k:${"x".repeat(513)}`,
])("%j is malformed, and the line after it is read", (line) => {
  const { values, findings } = parseStatsd(`${line}\nok:1|c`);
  expect(values.map(({ metric }) => metric)).toEqual(["ok"]);
  expect(Object.fromEntries(findings.skipped)).toEqual({ malformed: 1 });
});

test("events and service checks are counted", () => {
  const { values, findings } = parseStatsd("_e{5,4}:title|text|t:warning\n_sc|Redis|2");
  expect([values, Object.fromEntries(findings.skipped)]).toEqual([[], { unsupported: 2 }]);
});

test("a gauge is given where it was set, and remembered for relative changes", () => {
  const window = make();
  send(window, "g:10|g");
  expect(window.flush(T + 10_000).readings).toMatchObject([{ value: 10 }]);
  expect(window.flush(T + 20_000).readings).toEqual([]);
  send(window, "g:-4|g", T + 25_000);
  expect(window.flush(T + 30_000).readings).toMatchObject([{ value: 6 }]);
  window.flush(T + 90_000);
  send(window, "g:+1|g", T + 95_000);
  expect(window.flush(T + 100_000).readings).toMatchObject([{ value: 1 }]);
});

test("more series than may be gathered are counted, and there is room again after the flush", () => {
  const window = make(2);
  send(window, "a:1|c\nb:1|c\nc:1|c\na:1|c");
  const { readings, skipped } = window.flush(T + 10_000);
  expect(readings).toMatchObject([{ metric: "a", value: 2 }, { metric: "b" }]);
  expect(skipped.get("full")).toBe(1);
  send(window, "c:1|c");
  expect(window.flush(T + 20_000).readings).toHaveLength(1);
});

test("different texts of sets are counted up to a bound of all sets", () => {
  const window = make();
  for (let i = 0; i < 10_010; i++) send(window, `s:${i}|s\ns:${i}|s`);
  const { readings, skipped } = window.flush(T + 10_000);
  expect(readings).toMatchObject([{ value: 10_000 }]);
  expect(skipped.get("full")).toBe(20);
});

test("quantiles of very many timings stay near, in bounded memory", () => {
  const window = make();
  // 7919 is prime to 20,000: each number comes once, in a scattered order.
  for (let i = 0; i < 20_000; i++) send(window, `t:${(i * 7_919) % 20_000}|ms`);
  const values = window.flush(T + 10_000).readings.map((one) => "value" in one && one.value);
  for (const [i, expected] of [10_000, 18_000, 19_800].entries())
    expect(Math.abs((values[i] as number) - expected)).toBeLessThan(300);
  expect(values[3]).toBe(20_000);
});

test("the rates of counters sum up to what was sent, however it is split into packets and windows", () => {
  const sent = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.boolean()), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(sent, (list) => {
      const window = make();
      let now = T;
      let sum = 0;
      const flush = () => {
        const before = now;
        now += 10_000;
        for (const one of window.flush(now).readings)
          if (one.kind === "delta") {
            expect([one.startMs, one.timeMs]).toEqual([before, now]);
            sum += one.value;
          }
      };
      for (const [value, ends] of list) {
        send(window, `c:${value}|c`, now);
        if (ends) flush();
      }
      flush();
      expect(sum).toBe(list.reduce((total, [value]) => total + value, 0));
    }),
  );
});

test("any packet is read without a throw", () => {
  const text = fc.string({ unit: fc.constantFrom(..."a1:|@#cgms,=T.+-\n"), maxLength: 40 });
  fc.assert(
    fc.property(text, (packet) => {
      for (const { type, value, rate } of parseStatsd(packet).values)
        expect(rate > 0 && (type === "s" || Number.isFinite(value))).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});
