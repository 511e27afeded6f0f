import {
  type Action,
  encodeJson,
  encodeMsgpack,
  partitionOf,
  position as positionMessage,
} from "@mapek/core/contract";
import { type NatsServer, startServer } from "@mapek/nats-server";
import {
  type Config,
  type Connection,
  connect,
  ensureStreams,
  FrontDoor,
  loadConfig,
  type Publication,
  publishAtomically,
  streamDeclarations,
  subjectsOf,
} from "@mapek/runtime";
import { DeadLetters } from "../../packages/runtime/src/doors/dead-letters.ts";
import { createMetrics } from "../../packages/runtime/src/metrics.ts";
import { admitSignals } from "../../services/feedback/src/front-door.ts";
import { hand, type Report } from "./support/report.ts";
import { mulberry32, type Result, type Spread, spreadOf } from "./support/result.ts";

/** What does storing cost, on a real server with the declared streams on disk? */

const COMMIT_SIZES = [1, 2, 10, 100, 500, 1_000];
const SYSTEMS = 200;
const SIGNALS = 5_000;
const REQUESTS_UNDER_WAY = 256;

interface House {
  readonly server: NatsServer;
  readonly config: Config;
  readonly door: Connection;
  readonly sender: Connection;
}

/** An output as the feedback service commits it. */
function output(i: number): Publication {
  const message: Action = {
    version: 1,
    system: "bench",
    loop: "performance_adaptation",
    action_id: `bench.performance_adaptation.${i}`,
    signal_id: `signal-${i}`,
    status: "applied",
    target: { service: "optimizer", setting: "state", series: null },
    from: "healthy",
    to: "healthy",
    reason: "signal says cpu_usage 42 %; re-evaluated: the state stays healthy",
    objective: { name: "pressure", before: 0.5, after: null, predicted: null },
    helped: null,
    effectiveness: 0.5,
    damping: 1,
    timestamp: 1_760_000_000_000 + i,
  };
  return {
    subject: "mapek-kb.log.actions.bench.performance_adaptation",
    data: encodeJson(message),
  };
}

/** Milliseconds of each of `times` runs of `work`, after a few that are not counted. */
async function millisecondsOf(times: number, work: () => Promise<unknown>): Promise<Spread> {
  const measured: number[] = [];
  for (let i = -3; i < times; i++) {
    const began = performance.now();
    await work();
    if (i >= 0) measured.push(performance.now() - began);
  }
  return spreadOf(measured);
}

async function committing({ config, door }: House, size: number): Promise<Result> {
  const times = size > 100 ? 15 : 40;
  const outputs = Array.from({ length: size - 1 }, (_, i) => output(i));
  // A partition that nobody runs: its position record is the compare-and-set of the commit.
  const subject = subjectsOf(config).position("feedback", 1_000 + size);
  const record = { version: 1, input_seq: 1, first_seq: 1, outputs_done: 0 } as const;
  let token = 0;
  const ours = await millisecondsOf(times, async () => {
    const data = positionMessage.encode({ ...record, owner: "bench", epoch: 1, time: Date.now() });
    const position = { subject, data, expectedLastSubjectSequence: token, rollup: true };
    token = (await publishAtomically(door.nc, [...outputs, position])) + size - 1;
  });
  const plain = Array.from({ length: size }, (_, i) => output(i));
  const naive = await millisecondsOf(times, () =>
    Promise.all(plain.map(({ subject: to, data }) => door.js.publish(to, data))),
  );
  return {
    question: `How long does a commit of ${size} take, the fenced position record included?`,
    figure: `commit of ${size}`,
    unit: "ms",
    ...ours,
    better: "lower",
    baseline: { name: "published one by one, all under way, not atomic", median: naive.median },
  };
}

/** Calls `send` for 0 to `count` − 1, so many at a time. */
async function inParallel(
  count: number,
  send: (i: number) => Promise<unknown>,
  parallel = REQUESTS_UNDER_WAY,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (next < count) await send(next++);
    }),
  );
}

async function admitting({ config, door, sender }: House): Promise<Result> {
  const subjects = subjectsOf(config);
  const { partitions } = config.streams;
  const deadLetters = new DeadLetters(door.nc, subjects, "feedback", createMetrics("feedback"));
  const front = new FrontDoor({
    ...door,
    subjects,
    service: "feedback",
    partitions,
    deadLetters,
    listen: [subjects.signals("*", "*")],
    admit: admitSignals(config),
  });
  await door.nc.flush();
  const random = mulberry32(31);
  let sent = 0;
  const signal = () => ({ id: `s-${sent++}`, source: "bench", cpu_usage: 100 * random() });
  const ours = await millisecondsOf(7, () =>
    inParallel(SIGNALS, async (i) => {
      const subject = subjects.signals(`system-${i % SYSTEMS}`, "performance_adaptation");
      const answer = await sender.nc.request(subject, encodeJson(signal()), { timeout: 10_000 });
      const { accepted } = answer.json<{ accepted: number }>();
      if (accepted !== 1) throw new Error(answer.string());
    }),
  );
  await front.drain();
  const naive = await millisecondsOf(7, () =>
    inParallel(SIGNALS, (i) => {
      const system = `system-${i % SYSTEMS}`;
      const to = subjects.input("feedback", partitionOf(system, partitions));
      return sender.js.publish(to, encodeMsgpack({ system, signal: signal() }));
    }),
  );
  const rate = (ms: number) => (SIGNALS / ms) * 1_000;
  return {
    question: "How many signals per second does a front door check, store and answer?",
    figure: "front door",
    unit: "signals/s",
    median: rate(ours.median),
    min: rate(ours.max),
    max: rate(ours.min),
    better: "higher",
    baseline: { name: "published to the stream directly, unchecked", median: rate(naive.median) },
  };
}

async function run(): Promise<Report> {
  await using server = await startServer();
  const config = loadConfig({ flags: { "nats.url": server.url } });
  const door = await connect(config.nats, "bench-door");
  const sender = await connect(config.nats, "bench-sender");
  await ensureStreams(door.jsm, streamDeclarations(config));
  const house = { server, config, door, sender };
  const results: Result[] = [];
  for (const size of COMMIT_SIZES) results.push(await committing(house, size));
  results.push(await admitting(house));
  await Promise.all([door.nc.close(), sender.nc.close()]);
  return {
    title: "Runtime",
    results,
    notes: [
      "The server keeps its streams in files and syncs them every two minutes, its default.",
      `The front door and those who send to it (${REQUESTS_UNDER_WAY} requests under way) share one process.`,
    ],
  };
}

await hand(run());
