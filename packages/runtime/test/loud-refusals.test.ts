import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { LoudRefusals } from "../src/doors/loud-refusals.ts";
import type { Logger } from "../src/log.ts";

const NAME = "mapek_series_refused_total";

test("refusals are counted by system up to a number of systems, and logged at once but not each", async () => {
  const registry = new Registry();
  const lines: unknown[][] = [];
  const log = { warn: (...line: unknown[]) => lines.push(line) } as unknown as Logger;
  const refusals = new LoudRefusals({ name: NAME, registry, log });
  const error = { code: "MAPEK_SERIES_LIMIT", detail: "too many" } as const;
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 150; i++) refusals.add(`s${i}`, error, 2);
  const values = (await registry.getSingleMetric(NAME)?.get())?.values ?? [];
  expect(values).toHaveLength(101);
  expect(values.find(({ labels }) => labels.system === "s7")?.value).toBe(4);
  expect(values.find(({ labels }) => labels.system === "…")?.value).toBe(200);
  expect(lines).toEqual([[{ system: "s0", code: "MAPEK_SERIES_LIMIT", refusals: 2 }, "too many"]]);
});
