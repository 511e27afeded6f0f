import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { encodeJson, encodePublicBatch } from "@mapek/core/contract";
import { startServer } from "@mapek/nats-server";
import { type Connection, STREAMS } from "@mapek/runtime";
import { BATCH, BATCH_SERIES, type BatchKind, ColumnBatches } from "./support/column-batches.ts";
import { connectTo, House, usedBetween } from "./support/house.ts";
import { inParallel } from "./support/in-parallel.ts";
import { hand, type Report } from "./support/report.ts";
import { mulberry32, normalValues, type Result, type Spread, spreadOf } from "./support/result.ts";

/** What does the whole house carry: publisher, server, monitor, learner, feedback and optimizer? */

interface Part {
  readonly results: readonly Result[];
  readonly notes: readonly string[];
}

const REPEATS = 3;
const encoder = new TextEncoder();

async function repeated(times: number, work: () => Promise<number>): Promise<Spread> {
  const measured: number[] = [];
  for (let i = 0; i < times; i++) measured.push(await work());
  return spreadOf(measured);
}

/** Publishes `count` messages, no more than `limit` beyond what `arrived` says has arrived. */
async function publishBounded(
  count: number,
  limit: number,
  arrived: () => number,
  publish: (i: number) => void,
): Promise<void> {
  const chunk = Math.min(500, limit);
  for (let i = 0; i < count; ) {
    while (i + chunk - arrived() > limit) await delay(1);
    for (const end = Math.min(count, i + chunk); i < end; i++) publish(i);
    await nextTurn();
  }
}

/** A bare server with one subscriber in a process of its own: the most that there is to reach. */
class RawPair implements AsyncDisposable {
  readonly connection: Connection;
  arrived = 0;
  readonly #end: () => Promise<unknown>;

  private constructor(connection: Connection, end: () => Promise<unknown>) {
    this.connection = connection;
    this.#end = end;
  }

  static async start(): Promise<RawPair> {
    const server = await startServer();
    const child = fork(new URL("./support/raw-subscriber.ts", import.meta.url), [server.url]);
    await once(child, "message");
    const connection = await connectTo(server);
    const pair = new RawPair(connection, async () => {
      const exit = once(child, "exit");
      child.disconnect();
      await Promise.all([exit, connection.nc.close()]);
      await server.stop();
    });
    child.on("message", (count) => {
      pair.arrived = count as number;
    });
    return pair;
  }

  /** Messages per second from the first publish until the subscriber has them all. */
  async rate(
    count: number,
    limit: number,
    publish: (connection: Connection, i: number) => void,
  ): Promise<number> {
    const before = this.arrived;
    const began = performance.now();
    const arrived = () => this.arrived - before;
    await publishBounded(count, limit, arrived, (i) => publish(this.connection, i));
    while (arrived() < count) await delay(1);
    return (count / (performance.now() - began)) * 1_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

// Single samples.

const SINGLE_SERIES = 1_000;
const SINGLE_MESSAGES = 500_000;
const MOST_OUTSTANDING = 100_000;
/** Often enough that the publisher need not wait for news, seldom enough not to disturb the monitor. */
const POLL_MS = 150;

async function singleSamples(): Promise<Part> {
  const subjects = Array.from({ length: SINGLE_SERIES }, (_, i) => `mapek.metrics.single.m${i}`);
  const payloads = Array.from(normalValues(4_096, 41), (value) =>
    encoder.encode((50 + 5 * value).toFixed(2)),
  );
  const publish = ({ nc }: Connection, i: number) =>
    nc.publish(subjects[i % SINGLE_SERIES] as string, payloads[i & 4_095] as Uint8Array);

  await using raw = await RawPair.start();
  await raw.rate(SINGLE_MESSAGES, MOST_OUTSTANDING, publish);
  const bare = await repeated(REPEATS, () => raw.rate(SINGLE_MESSAGES, MOST_OUTSTANDING, publish));

  await using house = await House.start("single");
  let total = 0;
  let stored = 0;
  const poll = setInterval(async () => {
    stored = Math.max(stored, await house.metric("monitor", "mapek_samples_total"));
  }, POLL_MS);
  const pass = async (count: number): Promise<number> => {
    const before = total;
    const began = performance.now();
    await publishBounded(
      count,
      MOST_OUTSTANDING,
      () => stored - before,
      (i) => publish(house.connection, i),
    );
    total += count;
    await house.learned(total);
    return (count / (performance.now() - began)) * 1_000;
  };
  await pass(200 * SINGLE_SERIES);
  await house.quiet();
  const cpu = house.cpuSeconds();
  const began = performance.now();
  const ours = await repeated(REPEATS, () => pass(SINGLE_MESSAGES));
  const seconds = (performance.now() - began) / 1_000;
  const used = usedBetween(cpu, house.cpuSeconds(), seconds);
  clearInterval(poll);
  return {
    results: [
      {
        question: `How many samples as text, one a message, over ${SINGLE_SERIES} series, are published, stored and learned per second?`,
        figure: "single-sample messages",
        unit: "samples/s",
        ...ours,
        better: "higher",
        target: 200_000,
        baseline: { name: "raw publish → subscribe", median: bare.median },
      },
    ],
    notes: [`${REPEATS * SINGLE_MESSAGES} single samples: ${used}.`],
  };
}

// Columnar batches.

const UNDER_WAY = 64;
const PASS_SAMPLES = 2_000_000;
const WARM_UP_SAMPLES = 120 * BATCH_SERIES;

interface Kind extends BatchKind {
  readonly target?: number;
}

async function batches(kind: Kind): Promise<Part> {
  const { width, stepMs, target } = kind;
  const subject = "mapek.metrics.batch._";
  await using raw = await RawPair.start();
  const made = new ColumnBatches(kind);
  const rawPass = async () =>
    BATCH *
    (await raw.rate(PASS_SAMPLES / BATCH, 1_000, ({ nc }) => nc.publish(subject, made.next())));
  await rawPass();
  const bare = await repeated(REPEATS, rawPass);

  await using house = await House.start(`batch-${width}-${stepMs}`);
  const { nc } = house.connection;
  const sent = new ColumnBatches(kind);
  let total = 0;
  const pass = async (samples: number): Promise<number> => {
    const began = performance.now();
    await inParallel(samples / BATCH, UNDER_WAY, async () => {
      const answer = await nc.request(subject, sent.next(), { timeout: 30_000 });
      if (answer.json<{ accepted: number }>().accepted !== BATCH) throw new Error(answer.string());
    });
    total += samples;
    await house.learned(total);
    return (samples / (performance.now() - began)) * 1_000;
  };
  await pass(WARM_UP_SAMPLES);
  await house.quiet();
  const cpu = house.cpuSeconds();
  const began = performance.now();
  const ours = await repeated(REPEATS, () => pass(PASS_SAMPLES));
  const seconds = (performance.now() - began) / 1_000;
  const used = usedBetween(cpu, house.cpuSeconds(), seconds);
  return {
    results: [
      {
        question: `How many samples in acknowledged columnar batches of ${BATCH}, ${width} series in each, of ${BATCH_SERIES} series, each with a sample every ${stepMs} ms of event time, are published, stored and learned per second?`,
        figure: `samples in batches, ${width} series, ${stepMs} ms`,
        unit: "samples/s",
        ...ours,
        better: "higher",
        ...(target !== undefined && { target }),
        baseline: { name: "raw publish → subscribe of the same batches", median: bare.median },
      },
    ],
    notes: [
      `${REPEATS * PASS_SAMPLES} samples in batches of ${width} series, ${stepMs} ms apart: ${used}.`,
    ],
  };
}

// Many slow series.

const MANY_SYSTEMS = 20;
const SERIES_A_SYSTEM = 10_000;
const MANY = MANY_SYSTEMS * SERIES_A_SYSTEM;
/** Samples that each series has before the measurement. */
const HISTORY = 20;
const MEASURED_SECONDS = 20;

/** Acknowledged batches with the sample of one second of every series, all within about that second. */
async function secondOf({ nc }: Connection, at: number, paced: boolean): Promise<void> {
  const perSystem = SERIES_A_SYSTEM / BATCH;
  const values = normalValues(4_096, 46);
  const index = Uint16Array.from({ length: BATCH }, (_, i) => i);
  const times = new Float64Array(BATCH).fill(at);
  const began = performance.now();
  const count = MANY / BATCH;
  await inParallel(count, UNDER_WAY, async (i) => {
    const early = (i * 1_000) / count - (performance.now() - began);
    if (paced && early > 1) await delay(early);
    const first = (i % perSystem) * BATCH;
    const series = Array.from({ length: BATCH }, (_, k) => `metric_${first + k}`);
    const offset = at / 1_000 + i * 31;
    const of = (k: number) => 50 + 5 * (values[(offset + k) & 4_095] as number);
    const batch = encodePublicBatch({ series, index, times, values: times.map((_, k) => of(k)) });
    const subject = `mapek.metrics.slow-${Math.floor(i / perSystem)}._`;
    const answer = await nc.request(subject, batch, { timeout: 30_000 });
    if (answer.json<{ accepted: number }>().accepted !== BATCH) throw new Error(answer.string());
  });
}

async function manySlowSeries(): Promise<Part> {
  await using house = await House.start("many");
  const { connection } = house;
  const start = Math.floor(Date.now() / 1_000) * 1_000 - 600_000;
  for (let row = 0; row < HISTORY; row++) await secondOf(connection, start + row * 1_000, false);
  await house.learned(HISTORY * MANY);
  await house.quiet();
  const cpu = house.cpuSeconds();
  const shares: number[] = [];
  const began = performance.now();
  let before = cpu;
  for (let row = 0; row < MEASURED_SECONDS; row++) {
    const from = performance.now();
    await secondOf(connection, start + (HISTORY + row) * 1_000, true);
    await delay(Math.max(0, 1_000 - (performance.now() - from)));
    const seconds = (performance.now() - from) / 1_000;
    const after = house.cpuSeconds();
    const used = Object.keys(after).reduce(
      (sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0),
      0,
    );
    shares.push((100 * used) / (seconds * availableParallelism()));
    before = after;
  }
  const behind = performance.now();
  await house.learned((HISTORY + MEASURED_SECONDS) * MANY);
  const seconds = (performance.now() - began) / 1_000;
  const late = (performance.now() - behind) / 1_000;
  const used = usedBetween(cpu, house.cpuSeconds(), seconds);
  const resident = await house.metric("learner", "mapek_process_resident_memory_bytes");
  return {
    results: [
      {
        question: `How much of the machine's ${availableParallelism()} cores do all processes together use while ${MANY} series get a sample a second, each judged?`,
        figure: `CPU for ${MANY} series at a sample a second`,
        unit: "%",
        ...spreadOf(shares),
        better: "lower",
        target: 80,
      },
    ],
    notes: [
      `${MEASURED_SECONDS} seconds of ${MANY} samples took ${seconds.toFixed(1)} s, of which the learner needed ${late.toFixed(1)} s after the last: ${used}; the learner then occupied ${(resident / 1e9).toFixed(2)} GB.`,
    ],
  };
}

// Signals.

const SIGNALS = 20_000;
const SYSTEMS = 200;
const SIGNALS_UNDER_WAY = 2_000;
const APPLIED = Buffer.from('"status":"applied"');

/** Counts actions that are stored and republished. */
function countApplied({ nc }: Connection): { readonly count: number } {
  const applied = { count: 0 };
  nc.subscribe("mapek.actions.>", {
    callback: (_error, { data }) => {
      if (Buffer.from(data.buffer, data.byteOffset, data.length).includes(APPLIED)) applied.count++;
    },
  });
  return applied;
}

async function signalsActedOn(): Promise<Part> {
  await using house = await House.start("signals");
  const { nc, js, jsm } = house.connection;
  const random = mulberry32(43);
  let sent = 0;
  const signal = () => {
    const [cpu_usage, latency_ms] = [10 + 80 * random(), 4_000 * random()];
    return encodeJson({ id: `s-${sent++}`, source: "bench", cpu_usage, latency_ms });
  };
  const applied = countApplied(house.connection);
  const stored = async () => (await jsm.streams.info(STREAMS.actions)).state.last_seq;
  const pass = async (count: number): Promise<number> => {
    const [wanted, heldBefore] = [applied.count + count, await stored()];
    const began = performance.now();
    await inParallel(count, SIGNALS_UNDER_WAY, async (i) => {
      const subject = `mapek.signals.system-${i % SYSTEMS}.performance_adaptation`;
      const answer = await nc.request(subject, signal(), { timeout: 30_000 });
      if (answer.json<{ accepted: number }>().accepted !== 1) throw new Error(answer.string());
    });
    while (applied.count < wanted) await delay(2);
    while ((await stored()) < heldBefore + count) await delay(2);
    return (count / (performance.now() - began)) * 1_000;
  };
  await pass(SIGNALS / 4);
  await house.quiet();
  const commits = async () => ({
    feedback: await house.metric("feedback", "mapek_commit_seconds_count"),
    optimizer: await house.metric("optimizer", "mapek_commit_seconds_count"),
  });
  const commitsBefore = await commits();
  const cpu = house.cpuSeconds();
  const began = performance.now();
  const ours = await repeated(REPEATS, () => pass(SIGNALS));
  const seconds = (performance.now() - began) / 1_000;
  const used = usedBetween(cpu, house.cpuSeconds(), seconds);
  const { feedback, optimizer } = await commits();
  await house.quiet();
  const bare = await repeated(REPEATS, async () => {
    const start = performance.now();
    await inParallel(SIGNALS, SIGNALS_UNDER_WAY, () =>
      js.publish("mapek-kb.log.bench.signals", signal()),
    );
    return (SIGNALS / (performance.now() - start)) * 1_000;
  });
  return {
    results: [
      {
        question: `How many performance_adaptation signals of ${SYSTEMS} systems are stored, acted on, confirmed by the optimizer and stored as actions per second?`,
        figure: "signals stored and acted on",
        unit: "signals/s",
        ...ours,
        better: "higher",
        target: 5_000,
        baseline: { name: "the same messages stored in a stream, no more", median: bare.median },
        predecessor: "2,400, not stored",
      },
    ],
    notes: [
      `${REPEATS * SIGNALS} signals: ${used}; ${feedback - commitsBefore.feedback} commits of the feedback service, ${optimizer - commitsBefore.optimizer} of the optimizer.`,
    ],
  };
}

// Latency.

const PROBES = 300;
const PRIMING = 300;
const ACKNOWLEDGED = 1_000;
/** Other samples a second: next to nothing, and half of what single samples are asked to reach. */
const LOADS = [
  { name: "", perSecond: 1_000 },
  { name: ", half load", perSecond: 100_000, target: 50 },
] as const;
type Load = (typeof LOADS)[number];

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;

/** Samples of other series from a process of its own, one a message, until the block ends. */
async function background(url: string, perSecond: number): Promise<AsyncDisposable> {
  const script = new URL("./support/load-publisher.ts", import.meta.url);
  const child = fork(script, [url, String(perSecond)]);
  await once(child, "message");
  return {
    async [Symbol.asyncDispose]() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}

/** Fills the probes' series with ordinary samples, up to 100 s ago. @returns the time of the next sample. */
async function prime({ nc }: Connection, probes: number): Promise<number> {
  const values = normalValues(4_096, 45);
  const start = Date.now() - (PRIMING + 100) * 1_000;
  await inParallel(probes, UNDER_WAY, (series) => {
    const rows = Array.from({ length: PRIMING }, (_, i) => ({
      timestamp: start + i * 1_000,
      value: 50 + (values[(series * 31 + i) & 4_095] as number),
    }));
    return nc.request(`mapek.metrics.probe.m${series}`, encodeJson(rows), { timeout: 30_000 });
  });
  return start + PRIMING * 1_000;
}

/** Milliseconds from an outlier's publish to the message that says its anomaly was opened. */
async function anomalyLatency({ nc }: Connection, series: number, at: number): Promise<number> {
  const anomalies = nc.subscribe(`mapek.anomalies.probe.m${series}`, { max: 1 });
  const opened = (async () => {
    for await (const message of anomalies) if (message.json<{ phase: string }>().phase) return;
  })();
  const body = encodeJson({ value: 5_000, timestamp: at });
  const began = performance.now();
  nc.publish(`mapek.metrics.probe.m${series}`, body);
  const late = new AbortController();
  await Promise.race([opened, delay(10_000, undefined, { signal: late.signal }).then(throwLate)]);
  late.abort();
  return performance.now() - began;
}

function throwLate(): never {
  throw new Error("an outlier opened no anomaly within 10 s");
}

async function latency(load: Load): Promise<Part> {
  await using raw = await RawPair.start();
  const rawAnswer = await answerTimes(raw.connection);
  await using house = await House.start(`latency-${load.perSecond}`);
  const { connection } = house;
  const at = await prime(connection, (REPEATS + 1) * PROBES);
  await house.quiet();
  await using _ = await background(house.server.url, load.perSecond);
  await delay(3_000);
  const anomaly: number[][] = [];
  const answer: number[][] = [];
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const times: number[] = [];
    for (let i = 0; i < PROBES; i++) {
      times.push(await anomalyLatency(connection, repeat * PROBES + i, at));
      await delay(5);
    }
    const answers = await answerTimes(connection);
    if (repeat === 0) continue;
    anomaly.push(times);
    answer.push(answers);
  }
  const figure = (name: string, share: number, measured: readonly number[][]): Result => ({
    question: `How long from the publish of a sample to ${name === "anomaly" ? "the message of the anomaly that it opens" : "the answer that it is stored"}, at ${load.perSecond} other samples a second?`,
    figure: `publish → ${name}, p${share * 100}${load.name}`,
    unit: "ms",
    ...spreadOf(measured.map((times) => quantile(times, share))),
    better: "lower",
    ...("target" in load && name === "anomaly" && share === 0.99 && { target: load.target }),
    baseline: {
      name: "raw request → answer of another process",
      median: quantile(rawAnswer, share),
    },
  });
  return {
    results: [
      figure("anomaly", 0.5, anomaly),
      figure("anomaly", 0.99, anomaly),
      figure("acknowledgement", 0.5, answer),
      figure("acknowledgement", 0.99, answer),
    ],
    notes: [
      `Latency: ${PROBES} anomalies and ${ACKNOWLEDGED} acknowledgements a repeat, one after the other.`,
    ],
  };
}

/** Milliseconds of requests with one sample each, one after the other. */
async function answerTimes({ nc }: Connection): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < ACKNOWLEDGED; i++) {
    const body = encodeJson({ value: i % 7 });
    const began = performance.now();
    await nc.request("mapek.metrics.asked.latency", body, { timeout: 10_000 });
    times.push(performance.now() - began);
  }
  return times;
}

/** Parts by name: `MAPEK_BENCH_PART` picks one, for a profile. */
const PARTS: Readonly<Record<string, () => Promise<Part>>> = {
  single: singleSamples,
  // A million samples a second of 10,000 series are 10 ms apart.
  batch: () => batches({ width: 50, stepMs: 10, target: 1_500_000 }),
  slow: () => batches({ width: 50, stepMs: 1_000 }),
  many: manySlowSeries,
  wide: () => batches({ width: 500, stepMs: 10 }),
  signals: signalsActedOn,
  latency: () => latency(LOADS[0]),
  busy: () => latency(LOADS[1]),
};

async function run(): Promise<Report> {
  const only = process.env.MAPEK_BENCH_PART;
  const results: Result[] = [];
  const notes: string[] = [];
  for (const [name, measure] of Object.entries(PARTS)) {
    if (only && only !== name) continue;
    const part = await measure();
    results.push(...part.results);
    notes.push(...part.notes);
  }
  return { title: "End to end", results, notes };
}

await hand(run());
