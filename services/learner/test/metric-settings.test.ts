import { seriesKey } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { Partition, steady } from "./fixtures.ts";

const LATENCY = seriesKey("checkout", "latency");
const ERRORS = seriesKey("checkout", "errors");

const parametersOf = (partition: Partition, metric: string) =>
  partition.ask("learning", "checkout", { metric })[0]?.parameters;

test("a series goes by the settings of its metric, those that are there and those to come, after a restart too", () => {
  const partition = new Partition();
  partition.samples(steady(LATENCY, 20));
  const metrics = [{ match: "checkout/*", min_data_points: 50 }];
  partition.settings({ metrics: [...metrics, { match: "*/errors", sensitivity: 3 }] });
  partition.samples(steady(ERRORS, 20));
  expect(parametersOf(partition, "latency")).toMatchObject({ min_data_points: 50, sensitivity: 1 });
  expect(parametersOf(partition, "errors")).toMatchObject({ min_data_points: 50, sensitivity: 3 });
  expect(partition.ask("series", "checkout", { metric: "errors" })).toMatchObject([
    { sensitivity: 3 },
  ]);
  partition.restart();
  expect(parametersOf(partition, "errors")).toMatchObject({ min_data_points: 50, sensitivity: 3 });
  partition.settings({ metrics });
  expect(parametersOf(partition, "errors")).toMatchObject({ sensitivity: 1 });
});

test("series without settings of their own share one object", () => {
  const partition = new Partition();
  partition.settings({ metrics: [{ match: "*/other", sensitivity: 3 }] });
  partition.samples([...steady(LATENCY, 3), ...steady(ERRORS, 3)]);
  const [one, other] = [...partition.state.series.values()];
  expect(one?.learner.settings).toBe(other?.learner.settings);
});
