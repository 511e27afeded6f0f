import { inputReply } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { openHouse, startMonitor, until } from "./house.ts";

const PUBLISHERS = 20;

test("every acknowledged sample is stored, though the server dies in the middle", async () => {
  await using house = await openHouse();
  await using monitor = await startMonitor(house.server.url);
  const acknowledged: number[] = [];
  let next = 0;
  let stopped = false;

  async function publish(): Promise<void> {
    while (!stopped) {
      const value = next++;
      try {
        const message = await house.nc.request(
          `mapek.metrics.fault.m${value % 30}`,
          String(value),
          { timeout: 4_000 },
        );
        const reply = inputReply.decode(message.data);
        if (reply.ok && reply.value.accepted === 1) acknowledged.push(value);
      } catch {
        // Not acknowledged: nothing is promised.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  const publishers = Array.from({ length: PUBLISHERS }, publish);
  await until("publishing is under way", () => acknowledged.length > 500);
  house.server.kill("SIGKILL");
  await house.server.exited;
  const before = acknowledged.length;
  await house.server.restart();
  await until("publishing goes on", () => acknowledged.length > before + 500);
  stopped = true;
  await Promise.all(publishers);

  const stored = new Set((await house.stored("fault/")).map(({ value }) => value));
  expect(acknowledged.filter((value) => !stored.has(value))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(1_000);
  expect(await monitor.metric("mapek_samples_lost_total")).toBe(0);
});
