import { setTimeout as delay } from "node:timers/promises";
import type { MapekClient } from "@mapek/client";
import type { SeriesExport } from "@mapek/core/contract";

const DAY_MS = 86_400_000;
const STEP_MS = 30_000;
/** Between two reports of performance. */
const REPORT_MS = 100;

/** A seeded source of numbers from 0 to 1: mulberry32. */
function source(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How a made-up series goes. */
interface Course {
  readonly system: string;
  readonly metric: string;
  readonly labels?: Record<string, string>;
  readonly base: number;
  /** Height of the day's wave. */
  readonly wave: number;
  readonly noise: number;
  /** What it does beside that, by hours before now. */
  readonly extra?: (hoursAgo: number) => number;
}

const between = (hoursAgo: number, from: number, to: number): boolean =>
  hoursAgo <= from && hoursAgo > to;

const COURSES: readonly Course[] = [
  { system: "checkout", metric: "latency_ms", base: 118, wave: 9, noise: 8 },
  { system: "checkout", metric: "requests_per_second", base: 840, wave: 410, noise: 26 },
  {
    ...{
      system: "checkout",
      metric: "queue_depth",
      labels: { host: "web-1" },
      base: 14,
      wave: 6,
      noise: 1.6,
    },
    extra: (ago) => (between(ago, 9.4, 9) ? 70 : 0),
  },
  {
    system: "checkout",
    metric: "queue_depth",
    labels: { host: "web-2" },
    base: 15,
    wave: 6,
    noise: 1.6,
  },
  {
    system: "checkout",
    metric: "cpu_usage",
    labels: { host: "web-1" },
    base: 41,
    wave: 14,
    noise: 2.1,
  },
  {
    system: "checkout",
    metric: "cpu_usage",
    labels: { host: "web-2" },
    base: 39,
    wave: 14,
    noise: 2.2,
  },
  {
    ...{ system: "search", metric: "latency_ms", base: 46, wave: 12, noise: 3 },
    extra: (ago) => (between(ago, 5.2, 5.05) ? 95 : 0),
  },
  { system: "search", metric: "index_lag_seconds", base: 2.1, wave: 0.7, noise: 0.2 },
  {
    ...{ system: "search", metric: "memory_usage", base: 58, wave: 3, noise: 0.8 },
    extra: (ago) => (ago < 7 ? 9 : 0),
  },
  { system: "payments", metric: "latency_ms", base: 310, wave: 40, noise: 17 },
  { system: "payments", metric: "declined_per_minute", base: 12, wave: 5, noise: 1.5 },
  { system: "warehouse", metric: "picks_per_minute", base: 220, wave: 120, noise: 9 },
  { system: "warehouse", metric: "scanner_battery_percent", base: 76, wave: 9, noise: 1 },
];

/** So many reports of one kind. */
interface Spell {
  readonly count: number;
  readonly cpu: number;
  readonly memory: number;
  readonly latency: number;
  readonly quality: number;
}

const calm = { cpu: 38, memory: 52, latency: 0.6, quality: 0.93 };
const SPELLS: Readonly<Record<string, readonly Spell[]>> = {
  checkout: [
    { count: 30, ...calm },
    { count: 25, cpu: 91, memory: 74, latency: 5.8, quality: 0.55 },
    { count: 25, cpu: 66, memory: 69, latency: 2.4, quality: 0.7 },
    { count: 60, ...calm },
    { count: 40, cpu: 67, memory: 61, latency: 1.4, quality: 0.88 },
    { count: 50, ...calm },
    { count: 30, cpu: 72, memory: 66, latency: 2.6, quality: 0.71 },
  ],
  search: [
    { count: 120, ...calm },
    { count: 40, cpu: 64, memory: 72, latency: 1.1, quality: 0.9 },
    { count: 100, ...calm },
  ],
  payments: [{ count: 260, cpu: 47, memory: 58, latency: 0.9, quality: 0.9 }],
};

/** Makes up a day of several systems: samples with a season and incidents. */
export async function seedSamples(client: MapekClient, now: number): Promise<void> {
  const bySystem = new Map<string, SeriesExport[]>();
  COURSES.forEach((course, i) => {
    const all = bySystem.get(course.system) ?? [];
    bySystem.set(course.system, [...all, samplesOf(course, i + 1, now)]);
  });
  for (const [system, series] of bySystem) await client.importMetrics(system, series);
}

/** Reports how the systems do, a good and a bad day of them within half a minute. */
export async function seedReports(client: MapekClient): Promise<void> {
  await Promise.all(
    Object.entries(SPELLS).map(([system, spells]) => reports(client, system, spells)),
  );
}

function samplesOf(
  { metric, labels = {}, base, wave, noise, extra }: Course,
  seedOf: number,
  now: number,
): SeriesExport {
  const random = source(seedOf);
  const timestamps: number[] = [];
  const values: number[] = [];
  for (let time = now - DAY_MS + STEP_MS; time <= now - STEP_MS; time += STEP_MS) {
    const scatter = random() + random() + random() - 1.5;
    timestamps.push(time);
    values.push(
      base +
        wave * dayWave(time) +
        1.4 * noise * scatter +
        (extra?.((now - time) / 3_600_000) ?? 0) * (0.8 + 0.4 * random()),
    );
  }
  return { version: 1, metric, labels, timestamps, values };
}

const dayWave = (time: number): number => Math.sin((2 * Math.PI * time) / DAY_MS - 2);

/** Publishes one more sample of each series. @param trouble What the latency of `checkout` has too much. */
export function publishLive(client: MapekClient, now: number, trouble: number): void {
  for (const { system, metric, labels, base, wave, noise, extra } of COURSES) {
    const isTroubled = system === "checkout" && metric === "latency_ms";
    const usual =
      base +
      wave * dayWave(now) +
      1.4 * noise * (Math.random() + Math.random() + Math.random() - 1.5);
    const value = usual + (extra?.(0) ?? 0) + (isTroubled ? trouble : 0);
    client.publish(system, metric, { value, timestamp: now, ...(labels && { labels }) });
  }
}

async function reports(
  client: MapekClient,
  system: string,
  spells: readonly Spell[],
): Promise<void> {
  const random = source(system.length);
  for (const { count, cpu, memory, latency, quality } of spells)
    for (let i = 0; i < count; i++) {
      await client.performance(system, {
        cpu_usage: cpu + 4 * random() - 2,
        memory_usage: memory + 2 * random() - 1,
        cycle_latency: latency * (0.95 + 0.1 * random()),
        decisions_per_minute: 40 + Math.round(8 * random()),
        decision_quality: Math.min(1, quality + 0.02 * random()),
      });
      await delay(REPORT_MS);
    }
}
