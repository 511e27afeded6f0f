// The promised number of false incidents, and what has been spent of it.
import { seriesKey } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { budgetsSpent } from "../src/series/alarm-budget.ts";
import { Partition, type Row, scale } from "./fixtures.ts";

const STEP = 600;
const DAY = 86_400;
const KEY = seriesKey("shop", "queue");

/** Days of usual samples with a burst every so many days. */
function series(key: string, days: number, everyDays: number): Row[] {
  return Array.from({ length: (days * DAY) / STEP }, (_, i): Row => {
    const inBurst = i > 3 * 144 && (i * STEP) % (everyDays * DAY) < 3 * STEP;
    return [key, i * STEP, inBurst ? 5_000 : 1 + ((i * 7) % 9)];
  });
}
const stateOf = (partition: Partition, system: string) => partition.ask("series", system)[0];

test("a series that cries every day has broken its budget after fourteen days, not before", () => {
  const partition = new Partition();
  const rows = series(KEY, 20, 1);
  partition.samples(rows.slice(0, 13 * 144));
  const early = stateOf(partition, "shop");
  expect(early?.alarm_budget_spent).toBeGreaterThan(3);
  expect(early?.alarm_budget_broken).toBe(false);
  partition.samples(rows.slice(13 * 144));
  expect(stateOf(partition, "shop")).toMatchObject({ alarm_budget_broken: true });
  partition.restart();
  expect(stateOf(partition, "shop")).toMatchObject({ alarm_budget_broken: true });
});

test("one that is called right does not count; a larger budget is spent more slowly", () => {
  const partition = new Partition();
  const [opened] = partition
    .samples(series(KEY, 5, 4))
    .flatMap((output) =>
      output.to === "log" && output.family === "anomalies" ? [output.message] : [],
    );
  const spent = stateOf(partition, "shop")?.alarm_budget_spent as number;
  expect(spent).toBeGreaterThan(1);
  partition.settings({ alarm_budget: 2 });
  expect(stateOf(partition, "shop")?.alarm_budget_spent).toBeCloseTo(spent / 4, 9);
  partition.command(
    "right",
    {
      ...scale(1.1, "queue"),
      anomaly_opened_at: opened?.opened_at,
      verdict: "true_positive",
      weight: 1,
    } as never,
    "shop",
  );
  expect(stateOf(partition, "shop")?.alarm_budget_spent).toBe(0);
});

test("a system's is the mean over its series, of all partitions here", () => {
  const [one, other] = [new Partition(), new Partition()];
  one.samples(series(KEY, 5, 4));
  one.samples(series(seriesKey("shop", "calm"), 1, 99));
  other.samples(series(seriesKey("shop", "calm2"), 1, 99));
  other.samples(series(seriesKey("cart", "calm"), 1, 99));
  const spent =
    stateOf(one, "shop") && one.ask("series", "shop").find((it) => it.metric === "queue");
  const means = budgetsSpent([one.state, other.state]);
  expect([...means.keys()].sort()).toEqual(["cart", "shop"]);
  expect(means.get("cart")).toBe(0);
  expect(means.get("shop")).toBeCloseTo((spent?.alarm_budget_spent as number) / 3, 9);
});
