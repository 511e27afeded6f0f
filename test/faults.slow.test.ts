// kill -9 of each service while acknowledged samples and signals flow: nothing lost, nothing done twice.
import type { ActorService, Service } from "@mapek/core/contract";
import { STREAMS } from "@mapek/runtime";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, describe, expect, it } from "vitest";
import { prepareSeries, runFlow } from "./support/flow.ts";
import { LOGICS } from "./support/logics.ts";
import { startTestServer } from "./support/nats.ts";
import { asLines, replay, type Stored, storedBy } from "./support/replay.ts";
import { startServices } from "./support/service-process.ts";
import { ANSWER_MS, waitFor } from "./support/wait-for.ts";

const PARTITIONS = 4;
const SAMPLES = 10_200;
/** One a signal, and one more for each anomaly_feedback: that of the whole system. */
const ACTIONS = 1_200;
/** Ahead of the clock, so that no series has gone silent while a test is slow. */
const START_AT = Date.now() + 1_500_000;
/** Nothing may depend on the clock: dwell and judgement last longer than the test. */
const ENV = {
  MAPEK_PARTITIONS: String(PARTITIONS),
  MAPEK_CONFIG: new URL("./support/faults.yaml", import.meta.url).pathname,
};

type Outcome = Record<ActorService, string[]>;

/** Outputs without the times that come from settings and ticks, which carry the clock. */
const timeless = (messages: readonly Stored[]): string[] =>
  asLines(
    messages.map(({ subject, body }) => ({
      subject,
      body: body.replace(/"(timestamp|time)":[\d.]+/g, '"$1":0'),
    })),
  );

/** Runs the flow, with a service killed and restarted in its midst, and gives what was stored. */
async function run(victim: Service | undefined): Promise<{ outcome: Outcome; retries: number }> {
  await using server = await startTestServer();
  const nc = await connect({ servers: server.url });
  try {
    const services = await startServices({ ...ENV, NATS_URL: server.url });
    await prepareSeries(nc, START_AT);
    let restarted: Promise<unknown> | undefined;
    const { retries } = await runFlow(nc, START_AT, (share) => {
      if (share < 0.3 || victim === undefined) return;
      restarted ??= services[victim].end("SIGKILL").then(() => services[victim].start());
    });
    await restarted;
    await settle(nc);
    await services[Symbol.asyncDispose]();
    return { outcome: await verify(nc), retries };
  } finally {
    await nc.close();
  }
}

/** Waits until every signal has come back as a confirmed action and every sample is learned. */
async function settle(nc: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(nc);
  await waitFor("all actions and all samples", async () => {
    if ((await jsm.streams.info(STREAMS.actions)).state.messages < ACTIONS) return false;
    const answer = await nc.request("mapek.requests.learner.learning._", "{}", {
      timeout: ANSWER_MS,
    });
    const { items } = answer.json<{ items: { points: number }[] }>();
    return items.reduce((sum, { points }) => sum + points, 0) === SAMPLES;
  });
}

/** Replays the log from zero: its outputs are exactly those that are stored, each once. */
async function verify(nc: NatsConnection): Promise<Outcome> {
  const outcome: Partial<Outcome> = {};
  for (const service of ["learner", "optimizer", "feedback"] as const) {
    const stored = await storedBy(nc, service);
    const { outputs } = await replay(nc, LOGICS[service], PARTITIONS);
    expect(asLines(stored)).toEqual(asLines(outputs));
    outcome[service] = timeless(stored);
  }
  return outcome as Outcome;
}

describe("kill -9 while 10,000 samples and 1,000 signals flow", () => {
  const undisturbed = run(undefined);
  undisturbed.catch(() => {});
  afterAll(() => undisturbed.catch(() => {}));

  it("an undisturbed run stores what a replay from zero gives", async () => {
    const { outcome } = await undisturbed;
    expect(outcome.feedback.length).toBeGreaterThan(3_000);
    expect(outcome.learner.filter((line) => line.includes(".anomalies.")).length).toBeGreaterThan(
      50,
    );
  });

  it.each(["monitor", "learner", "optimizer", "feedback"] as const)(
    "of the %s leaves the same outputs as no fault at all",
    async (victim) => {
      const expected = (await undisturbed).outcome;
      const { outcome } = await run(victim);
      expect(outcome.learner).toEqual(expected.learner);
      expect(outcome.optimizer).toEqual(expected.optimizer);
      expect(outcome.feedback).toEqual(expected.feedback);
    },
  );
});
