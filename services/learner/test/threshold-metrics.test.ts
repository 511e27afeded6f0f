import { type Labels, seriesKey } from "@mapek/core/contract";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { exportThresholds } from "../src/threshold-metrics.ts";
import { Partition } from "./fixtures.ts";

function partitionWith(...series: [metric: string, labels: Labels, threshold: number][]) {
  const partition = new Partition();
  for (const [metric, labels, threshold] of series)
    partition.control({ command: "pin", metric, labels, threshold });
  return partition;
}

async function scrape(...partitions: Partition[]): Promise<string[]> {
  const registry = new Registry();
  registry.setDefaultLabels({ service: "learner" });
  exportThresholds(
    registry,
    partitions.map(({ state }) => state),
    0,
  );
  const text = await registry.metrics();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

const line = (labels: string, value: number) =>
  `mapek_threshold{service="learner",system="checkout",${labels}} ${value}`;

test("system, metric and the series' own labels", async () => {
  const one = partitionWith(["latency", {}, 12.5]);
  const other = partitionWith(["latency", { host: "a", zone: "b" }, 7], ["errors", {}, -1]);
  expect(await scrape(one, other)).toEqual([
    line('metric="latency"', 12.5),
    line('metric="latency",host="a",zone="b"', 7),
    line('metric="errors"', -1),
  ]);
});

test("a series without a threshold is not there, nor is one that has gone", async () => {
  const registry = new Registry();
  const partition = partitionWith(["latency", {}, 1]);
  partition.samples([[seriesKey("checkout", "other"), 0, 1]]);
  exportThresholds(registry, [partition.state], 0);
  expect(await registry.metrics()).not.toContain("other");
  exportThresholds(registry, [], 0);
  expect(await registry.metrics()).not.toContain("latency");
});

test("of very many the first are exported, and how many are not is told", () => {
  const many = Array.from({ length: 20_003 }, (_, i): [string, Record<string, string>, number] => [
    `m${i}`,
    {},
    i,
  ]);
  expect(exportThresholds(new Registry(), [partitionWith(...many).state], 0)).toBe(3);
});

test("names that Prometheus does not know, or keeps for itself", async () => {
  const labels = {
    "http.method": "GET",
    "0th": "x",
    system: "s",
    metric: "m",
    service: "v",
    __name__: "n",
    größe: "l",
  };
  expect(await scrape(partitionWith(["latency", labels, 1]))).toEqual([
    line(
      'metric="latency",label_0th="x",label___name__="n",gr__e="l",http_method="GET",label_metric="m",label_service="v",label_system="s"',
      1,
    ),
  ]);
});

test("names of one series that become the same both stay", async () => {
  expect(await scrape(partitionWith(["latency", { "a-b": "1", "a.b": "2", a_b: "3" }, 1]))).toEqual(
    [line('metric="latency",a_b="1",label_a_b="2",label_label_a_b="3"', 1)],
  );
});

test("series that become the same both stay", async () => {
  const series = partitionWith(
    ["latency", { "a-b": "1" }, 1],
    ["latency", { "a.b": "1" }, 2],
    ["latency", {}, 3],
    ["latency", { empty: "" }, 4],
  );
  const key = (labels: Labels) =>
    seriesKey("checkout", "latency", labels).replaceAll('"', String.raw`\"`);
  expect(await scrape(series)).toEqual([
    line('metric="latency",a_b="1"', 1),
    line(`metric="latency",a_b="1",series="${key({ "a.b": "1" })}"`, 2),
    line('metric="latency"', 3),
    line(`metric="latency",series="${key({ empty: "" })}"`, 4),
  ]);
});

test("values with quotes, line ends and backslashes are escaped", async () => {
  expect(await scrape(partitionWith(["latency", { path: 'a"b\\c\nd' }, 1]))).toEqual([
    line(String.raw`metric="latency",path="a\"b\\c\nd"`, 1),
  ]);
});
