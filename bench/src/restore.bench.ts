import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { encodeSampleBatch, partitionOf, position, seriesKey } from "@mapek/core/contract";
import { startServer } from "@mapek/nats-server";
import {
  type Config,
  type Connection,
  connect,
  ensureStreams,
  loadConfig,
  PartitionHost,
  STREAMS,
  streamDeclarations,
  subjectsOf,
} from "@mapek/runtime";
import { createLogger } from "../../packages/runtime/src/log.ts";
import { createMetrics, type Metrics } from "../../packages/runtime/src/metrics.ts";
import { learnerLogic } from "../../services/learner/src/actor.ts";
import { hand, type Report } from "./support/report.ts";
import { normalValues, type Result, type Spread, spreadOf } from "./support/result.ts";

/** How long does a learner take to know again what it knew, from checkpoints and from the stream alone? */

const PARTITIONS = 16;
const RESTORES = 3;
const BATCH = 2_000;
const START_MS = 1_760_000_000_000;
const UNDER_WAY = 64;
const DEADLINE_MS = 300_000;
const NEVER_MS = 86_400_000;
const TARGET_SECONDS = 10;

const SHAPES = [
  { series: 1_000, samples: 10_000 },
  { series: 10_000, samples: 1_000 },
] as const;
type Shape = (typeof SHAPES)[number];

/** So many that no series repeats itself: it would be compressed as no real one is. */
const NOISE = 1 << 20;
const noise = normalValues(NOISE, 17);
const noiseAt = (series: number, second: number): number =>
  noise[(Math.imul(series, 40_503) + second) & (NOISE - 1)] as number;

/** Keys of each partition. */
function keysByPartition(series: number): string[][] {
  const keys: string[][] = Array.from({ length: PARTITIONS }, () => []);
  for (let i = 0; i < series; i++) {
    const key = seriesKey(`system-${i % 50}`, `metric-${i}`);
    keys[partitionOf(key, PARTITIONS)]?.push(key);
  }
  return keys;
}

/** Stored batches as the monitor makes them: each series has a sample a second. */
function* batchesOf(keys: readonly string[], samples: number) {
  const count = keys.length * samples;
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    yield encodeSampleBatch({
      history: false,
      series: [...keys],
      index: Uint16Array.from({ length }, (_, i) => (from + i) % keys.length),
      times: Float64Array.from(
        { length },
        (_, i) => START_MS + Math.floor((from + i) / keys.length) * 1_000,
      ),
      values: Float64Array.from(
        { length },
        (_, i) =>
          100 + 10 * noiseAt((from + i) % keys.length, Math.floor((from + i) / keys.length)),
      ),
    });
  }
}

async function store(
  { js }: Connection,
  config: Config,
  { series, samples }: Shape,
): Promise<void> {
  const subjects = subjectsOf(config);
  const waiting = new Set<Promise<unknown>>();
  for (const [partition, keys] of keysByPartition(series).entries())
    for (const data of batchesOf(keys, samples)) {
      const sent = js.publish(subjects.samples(partition), data);
      waiting.add(sent);
      void sent.finally(() => waiting.delete(sent));
      if (waiting.size >= UNDER_WAY) await Promise.race(waiting);
    }
  await Promise.all(waiting);
}

/** A learner in this process, restored, and how long that took. */
async function startLearner(config: Config, checkpointIntervalMs: number) {
  const connection = await connect(config.nats, "learner");
  const metrics: Metrics = createMetrics("learner");
  const host = new PartitionHost({
    connection,
    subjects: subjectsOf(config),
    logic: learnerLogic,
    partitions: PARTITIONS,
    settings: config.self_learning,
    owner: "bench",
    memberTtlMs: 60_000,
    checkpointIntervalMs,
    metrics,
    log: createLogger("learner", "warn"),
    onFolded: () => {},
  });
  const began = performance.now();
  host.start();
  await until("the learner is ready", () => host.ready);
  const seconds = (performance.now() - began) / 1_000;
  return {
    host,
    metrics,
    seconds,
    points: () => host.gauges().points ?? 0,
    async end() {
      await host.drain();
      await connection.nc.close();
    },
  };
}

async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(10);
  }
}

const sumOf = (
  found: { values: readonly { value: number; metricName?: string }[] },
  name?: string,
) =>
  found.values
    .filter(({ metricName }) => name === undefined || metricName === name)
    .reduce((sum, { value }) => sum + value, 0);

interface Measured {
  readonly replaySeconds: number;
  readonly restoreSeconds: Spread;
  readonly writeSeconds: number;
  readonly stallMs: number;
  readonly idleStallMs: number;
  readonly checkpointBytes: number;
  readonly streamBytes: number;
}

async function measure(shape: Shape): Promise<Measured> {
  await using server = await startServer();
  const config = loadConfig({
    flags: { "nats.url": server.url, "streams.partitions": PARTITIONS },
  });
  const sender = await connect(config.nats, "bench");
  await ensureStreams(sender.jsm, streamDeclarations(config));
  await store(sender, config, shape);
  const points = shape.series * shape.samples;
  const expectPoints = (found: number) => {
    if (found !== points) throw new Error(`${found} of ${points} samples`);
  };
  const first = await startLearner(config, NEVER_MS);
  await until("all is folded", () => first.points() === points);
  await first.end();

  const replayed = await startLearner(config, NEVER_MS);
  expectPoints(replayed.points());
  const idleStallMs = await longestDelay(() => delay(3_000));
  await replayed.end();

  const writing = await startLearner(config, 1);
  const written = async () =>
    sumOf(await writing.metrics.checkpointSeconds.get(), "mapek_checkpoint_seconds_count");
  const stallMs = await longestDelay(() =>
    until("all are written", async () => (await written()) >= PARTITIONS),
  );
  const writeSeconds =
    sumOf(await writing.metrics.checkpointSeconds.get(), "mapek_checkpoint_seconds_sum") /
    ((await written()) / PARTITIONS);
  const checkpointBytes = sumOf(await writing.metrics.checkpointBytes.get());
  // A learner that ends before would be one that crashed: its partitions are replayed.
  await until("positions name them", () => allNamed(sender, config));
  await writing.end();

  const restoreSeconds: number[] = [];
  for (let i = 0; i < RESTORES; i++) {
    const restored = await startLearner(config, NEVER_MS);
    expectPoints(restored.points());
    if (sumOf(await restored.metrics.checkpointRefused.get()) > 0) throw new Error("refused");
    restoreSeconds.push(restored.seconds);
    await restored.end();
  }
  const { bytes } = (await sender.jsm.streams.info(STREAMS.samples)).state;
  await sender.nc.close();
  return {
    replaySeconds: replayed.seconds,
    restoreSeconds: spreadOf(restoreSeconds),
    writeSeconds,
    stallMs,
    idleStallMs,
    checkpointBytes,
    streamBytes: bytes,
  };
}

/** Whether the position of each partition names a checkpoint. */
async function allNamed({ jsm }: Connection, config: Config): Promise<boolean> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const last_by_subj = subjectsOf(config).position("learner", partition);
    const stored = await jsm.streams.getMessage(STREAMS.knowledge, { last_by_subj });
    const decoded = stored === null ? undefined : position.decode(stored.data);
    if (!decoded?.ok || decoded.value.checkpoints.length === 0) return false;
  }
  return true;
}

/** Longest time for which nothing else got its turn, milliseconds. */
async function longestDelay(work: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await work();
  delays.disable();
  return delays.max / 1e6;
}

const once = (value: number) => ({ median: value, min: value, max: value });

function resultsOf({ series, samples }: Shape, measured: Measured): Result[] {
  const shape = `${series.toLocaleString("en-US")} series × ${samples.toLocaleString("en-US")} samples, ${PARTITIONS} partitions`;
  return [
    {
      question: "How long until a learner that starts is ready?",
      figure: `restore, ${shape}`,
      unit: "s",
      ...measured.restoreSeconds,
      better: "lower",
      target: TARGET_SECONDS,
      baseline: { name: "replay of the stream", median: measured.replaySeconds },
    },
    {
      question: "How large are the checkpoints?",
      figure: `checkpoints, ${shape}`,
      unit: "MB",
      ...once(measured.checkpointBytes / 1e6),
      better: "lower",
      baseline: { name: "the stream", median: measured.streamBytes / 1e6 },
    },
    {
      question: "How long does it take to write all of them, beside everything else?",
      figure: `writing, ${shape}`,
      unit: "s",
      ...once(measured.writeSeconds),
      better: "lower",
    },
    {
      question: "For how long does nothing else get its turn while they are written?",
      figure: `longest stall while writing, ${shape}`,
      unit: "ms",
      ...once(measured.stallMs),
      better: "lower",
      baseline: {
        name: "longest stall of the same process while nothing is written",
        median: measured.idleStallMs,
      },
    },
  ];
}

async function report(): Promise<Report> {
  const results: Result[] = [];
  for (const shape of SHAPES) results.push(...resultsOf(shape, await measure(shape)));
  return {
    title: "Restore",
    results,
    notes: [
      "Three restores, else one measurement each; server and learner share the machine's two cores.",
      "Restore and replay are measured from the start of the partition host until all partitions have their state and settings.",
    ],
  };
}

await hand(report());
