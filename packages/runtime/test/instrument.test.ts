import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { instrument } from "../src/metrics/instrument.ts";
import type { MetricDeclaration } from "../src/metrics/metric-declaration.ts";
import { METRICS, type MetricName } from "../src/metrics/metric-table.ts";

test("an instrument has type, help, labels and buckets of its row", async () => {
  const registry = new Registry();
  instrument(registry, "mapek_rejected_total").inc({ code: "x" }, 2);
  instrument(registry, "mapek_partition_lag").set({ partition: 1 }, 3);
  instrument(registry, "mapek_restore_seconds").observe(0.02);
  const lines = (await registry.metrics()).split("\n");
  expect(lines).toContain("# TYPE mapek_rejected_total counter");
  expect(lines).toContain("# HELP mapek_rejected_total Messages refused, by error code");
  expect(lines).toContain('mapek_rejected_total{code="x"} 2');
  expect(lines).toContain('mapek_partition_lag{partition="1"} 3');
  expect(lines.filter((line) => line.startsWith("mapek_restore_seconds_bucket"))).toHaveLength(9);
});

test("a name or label that is not in the table is refused", () => {
  const registry = new Registry();
  const inputs = instrument(registry, "mapek_inputs_total");
  const rejected = instrument(registry, "mapek_rejected_total");
  // @ts-expect-error: has no label
  expect(() => inputs.inc({ code: "x" })).toThrow(/label/);
  // @ts-expect-error: has another label
  expect(() => rejected.inc({ system: "x" })).toThrow(/label/);
  // @ts-expect-error: no such name
  expect(() => instrument(registry, "mapek_unknown")).toThrow();
});

test("every row can be made, beside all others", () => {
  const registry = new Registry();
  const names = Object.keys(METRICS) as MetricName[];
  for (const name of names) instrument(registry, name);
  expect(registry.getMetricsAsArray()).toHaveLength(names.length);
  for (const [name, { type }] of Object.entries<MetricDeclaration>(METRICS))
    if (type === "histogram") expect(name).toMatch(/_(seconds|ms)$/);
});
