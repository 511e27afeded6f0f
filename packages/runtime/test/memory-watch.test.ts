import { totalmem } from "node:os";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createLogger } from "../src/log.ts";
import { MemoryWatch, memoryLimitBytes } from "../src/memory-watch.ts";

const MEBIBYTE = 1_048_576;

test("the limit is what is configured, or three quarters of what there is", () => {
  expect(memoryLimitBytes(100)).toBe(100 * MEBIBYTE);
  expect(memoryLimitBytes(0)).toBeLessThanOrEqual(0.75 * totalmem());
  expect(memoryLimitBytes(0)).toBeGreaterThan(0);
});

test("memory gets short, says so once, and is there again when it was given back", async () => {
  const log = createLogger("test", "silent");
  const limitBytes = process.memoryUsage.rss() + 300 * MEBIBYTE;
  const registry = new Registry();
  const watch = new MemoryWatch({ limitBytes, registry, log });
  let told = 0;
  watch.onShort(() => told++);
  expect(watch.short).toBe(false);
  const held: Buffer[] = [];
  // Filled, so that the pages are there.
  while (process.memoryUsage.rss() < 0.95 * limitBytes) held.push(Buffer.alloc(MEBIBYTE, 1));
  await waitFor("memory is short", () => watch.short);
  expect(told).toBeGreaterThan(0);
  expect(watch.details()).toMatchObject({ limit_bytes: limitBytes, short: true });
  const [gauge] = await Promise.all([registry.getSingleMetric("mapek_memory_bytes")?.get()]);
  expect(gauge?.values[0]?.value).toBeGreaterThan(0.85 * limitBytes);
  held.length = 0;
  await waitFor("there is memory again", () => !watch.short);
});
