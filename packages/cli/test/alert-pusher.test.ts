// When Alertmanagers are told: at once, whatever else goes on.
import type { MapekClient } from "@mapek/client";
import type { Anomaly } from "@mapek/core/contract";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Alert } from "../src/alerts/alert.ts";
import { AlertPusher } from "../src/alerts/alert-pusher.ts";
import type { Alertmanager } from "../src/alerts/alertmanager.ts";

const OPENED = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

const anomaly = (phase: Anomaly["phase"], metric = "cpu"): Anomaly => ({
  ...{ version: 1, system: "checkout", metric, labels: {}, anomaly_id: "", phase },
  ...{ direction: "above", opened_at: OPENED, closed_at: phase === "closed" ? OPENED + 1 : null },
  ...{ peak_at: OPENED, peak_value: 1, peak_score: 1, expected_low: null, expected_high: null },
  ...{ threshold: null, timestamp: OPENED },
});

/** A pusher whose client says what the test says, and whose Alertmanager answers when the test says so. */
async function started() {
  let hear: (message: Anomaly) => void = () => {};
  const client = {
    onAnomaly: (_filter: object, handler: typeof hear) => {
      hear = handler;
    },
    connection: { flush: async () => {}, status: async function* () {} },
    request: async () => [],
  } as unknown as MapekClient;
  const pushes: { open: number; ended: readonly Alert[]; answer: () => void }[] = [];
  const manager = {
    name: "one",
    push: (open: readonly Alert[], ended: readonly Alert[]) =>
      new Promise<void>((answer) => pushes.push({ open: open.length, ended, answer })),
  } as unknown as Alertmanager;
  const pusher = new AlertPusher({
    ...{ client, managers: [manager], system: undefined, labels: {}, resendMs: HOUR_MS },
    onError: () => {},
    onPushed: () => {},
  });
  await pusher.start();
  await vi.advanceTimersByTimeAsync(0);
  return { pushes, hear: (message: Anomaly) => hear(message) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("an end that comes just before a push is answered does not wait for the next turn", async () => {
  const { pushes, hear } = await started();
  hear(anomaly("opened"));
  await vi.advanceTimersByTimeAsync(200);
  hear(anomaly("closed"));
  await vi.advanceTimersByTimeAsync(100);
  for (const { answer } of pushes) answer();
  await vi.advanceTimersByTimeAsync(150);
  expect(pushes.at(-1)).toMatchObject({ open: 0, ended: [{ labels: { metric: "cpu" } }] });
});

test("an end is told while other news comes without a pause", async () => {
  const { pushes, hear } = await started();
  hear(anomaly("opened"));
  await vi.advanceTimersByTimeAsync(200);
  for (const { answer } of pushes) answer();
  hear(anomaly("closed"));
  for (let i = 0; i < 20; i++) {
    hear(anomaly("opened", `other${i}`));
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(pushes.some(({ ended }) => ended.length === 1)).toBe(true);
});

test("open ones are told again after the time to resend, though one push never ends", async () => {
  const { pushes, hear } = await started();
  hear(anomaly("opened"));
  await vi.advanceTimersByTimeAsync(200);
  expect(pushes).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(pushes).toHaveLength(3);
  expect(pushes.at(-1)?.open).toBe(1);
});
