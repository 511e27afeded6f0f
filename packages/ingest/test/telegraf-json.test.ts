import { expect, test } from "vitest";
import { parseTelegrafJson, timeOfMagnitude } from "../src/telegraf-json/telegraf-json.ts";
import { gauge } from "./readings.ts";

const T = 1_458_229_140_000;

test("a metric, and a batch of them", () => {
  const cpu = {
    fields: { usage_idle: 80.1, ok: true, note: "text", value: 3 },
    name: "cpu",
    tags: { cpu: "cpu0", empty: "" },
    timestamp: 1_458_229_140,
  };
  const single = parseTelegrafJson(cpu);
  expect(single.readings).toEqual([
    gauge("cpu_usage_idle", { cpu: "cpu0" }, T, 80.1),
    gauge("cpu_ok", { cpu: "cpu0" }, T, 1),
    gauge("cpu", { cpu: "cpu0" }, T, 3),
  ]);
  expect(Object.fromEntries(single.skipped)).toEqual({ text: 1 });
  const batch = parseTelegrafJson({ metrics: [cpu, { name: "mem" }, cpu] });
  expect(batch.readings).toEqual([...single.readings, ...single.readings]);
  expect(Object.fromEntries(batch.skipped)).toEqual({ text: 2, malformed: 1 });
  expect(batch.fault).toContain("name and fields");
});

test("the unit of a time follows from its size", () => {
  for (const time of [T / 1_000, T, T * 1_000, T * 1e6]) expect(timeOfMagnitude(time)).toBe(T);
});

test.each([null, 5, "x", [], { name: "a" }, { name: "a", fields: { b: 1 }, timestamp: "now" }])(
  "%j is malformed",
  (body) => expect(parseTelegrafJson(body).fault).toBeDefined(),
);
