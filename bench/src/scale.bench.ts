import { setTimeout as delay } from "node:timers/promises";
import { encodeJson, partitionOf, seriesKey } from "@mapek/core/contract";
import { BATCH, BATCH_SERIES, ColumnBatches } from "./support/column-batches.ts";
import { House } from "./support/house.ts";
import { inParallel } from "./support/in-parallel.ts";
import { hand, type Report } from "./support/report.ts";
import { type Result, spreadOf } from "./support/result.ts";

/** What do more instances of the learner bring, and what does it cost to move partitions? */

const PARTITIONS = 16;
const INSTANCES = [1, 2, 4];
const REPEATS = 3;
const SAMPLES = 1_500_000;
const WARM_UP = 600_000;
const UNDER_WAY = 64;
const KIND = { width: 50, stepMs: 10 };
const SUBJECT = "mapek.metrics.batch._";

type Publish = (samples: number) => Promise<void>;

/** Publishes acknowledged batches, one after another through the whole run. */
function publisher(house: House): Publish {
  const batches = new ColumnBatches(KIND);
  return (samples) =>
    inParallel(samples / BATCH, UNDER_WAY, async () => {
      const answer = await house.connection.nc.request(SUBJECT, batches.next(), {
        timeout: 30_000,
      });
      if (answer.json<{ accepted: number }>().accepted !== BATCH) throw new Error(answer.string());
    });
}

async function throughput(): Promise<Result[]> {
  await using house = await House.start("scale");
  const publish = publisher(house);
  let total = 0;
  const pass = async (samples: number): Promise<number> => {
    const began = performance.now();
    await publish(samples);
    total += samples;
    await house.learned(total);
    return (samples / (performance.now() - began)) * 1_000;
  };
  await pass(WARM_UP);
  const results: Result[] = [];
  let alone: number | undefined;
  for (const instances of INSTANCES) {
    while (house.learners.length < instances) await house.addLearner();
    await house.balanced(PARTITIONS);
    await house.quiet();
    const measured: number[] = [];
    for (let i = 0; i < REPEATS; i++) measured.push(await pass(SAMPLES));
    const spread = spreadOf(measured);
    results.push({
      question: `How many samples per second do ${instances} learners carry, on cores that all processes share?`,
      figure: `samples in batches, ${instances} ${instances === 1 ? "learner" : "learners"}`,
      unit: "samples/s",
      ...spread,
      better: "higher",
      ...(alone !== undefined && { baseline: { name: "one learner", median: alone } }),
    });
    alone ??= spread.median;
  }
  return results;
}

/** A metric in each partition, so that each can be asked. */
const PROBES: readonly string[] = Array.from({ length: PARTITIONS }, (_, partition) => {
  for (let i = 0; ; i++)
    if (partitionOf(seriesKey("probe", `m${i}`), PARTITIONS) === partition) return `m${i}`;
});

/** Asks every partition again and again: the longest time for which one of them gave no answer. */
class Availability {
  #longestMs = 0;
  #stopped = false;
  readonly #asking: Promise<unknown>;

  constructor(house: House) {
    this.#asking = Promise.all(PROBES.map((metric) => this.#ask(house, metric)));
  }

  /** Since the last call. */
  longestMs(): number {
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  async #ask({ connection }: House, metric: string): Promise<void> {
    let answeredAt = performance.now();
    while (!this.#stopped) {
      const body = encodeJson({ metric, labels: {} });
      const answer = await connection.nc
        .request("mapek.requests.learner.series.probe", body, { timeout: 250 })
        .then((message) => message.json<{ items?: unknown[] }>().items?.length ?? 0)
        .catch(() => 0);
      const now = performance.now();
      if (answer === 1) {
        this.#longestMs = Math.max(this.#longestMs, now - answeredAt);
        answeredAt = now;
      }
      await delay(10);
    }
  }
}

/** 100,000 samples a second while an instance joins and leaves, the state of five million samples behind it. */
async function rebalancing(): Promise<Result[]> {
  await using house = await House.start("rebalance");
  const { nc } = house.connection;
  for (const metric of PROBES) await nc.request(`mapek.metrics.probe.${metric}`, "1");
  const publish = publisher(house);
  await publish(5_000_000);
  await house.learned(5_000_000 + PARTITIONS);
  let flowing = true;
  const flow = (async () => {
    while (flowing) await Promise.all([publish(10_000), delay(100)]);
  })();
  const availability = new Availability(house);
  const pauses: Record<"steady" | "join" | "leave", number[]> = { steady: [], join: [], leave: [] };
  const joinMs: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    availability.longestMs();
    await delay(3_000);
    pauses.steady.push(availability.longestMs());
    const began = performance.now();
    await house.addLearner();
    await house.balanced(PARTITIONS);
    joinMs.push(performance.now() - began);
    pauses.join.push(availability.longestMs());
    await house.removeLearner();
    await house.balanced(PARTITIONS);
    pauses.leave.push(availability.longestMs());
  }
  await availability.stop();
  flowing = false;
  await flow;
  const steady = spreadOf(pauses.steady).median;
  const pause = (what: "join" | "leave"): Result => ({
    question: `For how long does a partition give no answer at most while a second learner ${what}s, at 100,000 samples/s and with the state of 5 million samples?`,
    figure: `pause of a partition, a learner ${what}s`,
    unit: "ms",
    ...spreadOf(pauses[what]),
    better: "lower",
    target: 2_000,
    baseline: { name: "longest time between two answers while nothing moves", median: steady },
  });
  return [
    pause("join"),
    pause("leave"),
    {
      question: "How long after its start does a second learner run half of the partitions?",
      figure: "second learner has its share",
      unit: "ms",
      ...spreadOf(joinMs),
      better: "lower",
    },
  ];
}

async function run(): Promise<Report> {
  return {
    title: "Scale",
    results: [...(await throughput()), ...(await rebalancing())],
    notes: [
      `Batches of ${BATCH} samples over ${BATCH_SERIES} series. Publisher, server, monitor and all learners share the machine's cores: more instances cannot be faster here than the cores allow; what is shown is what dividing costs.`,
    ],
  };
}

await hand(run());
