import type { NatsConnection } from "@nats-io/transport-node";
import { STUCK_MS } from "./wait-for.ts";

const RETRY_MS = 100;
/** A lost message is sent again after so long: under a load that delays answers by more, also one that was not lost. */
const ATTEMPT_MS = 3_000;

/** Publishes until it is acknowledged: the same bytes, again and again. Counts the attempts that were needed beyond the first. */
async function publishAcknowledged(
  nc: NatsConnection,
  subject: string,
  body: unknown,
): Promise<number> {
  const bytes = JSON.stringify(body);
  const deadline = performance.now() + STUCK_MS;
  for (let retries = 0; ; retries++) {
    try {
      const answer = (await nc.request(subject, bytes, { timeout: ATTEMPT_MS })).json<{
        accepted: number;
        rejected: { code: string }[];
      }>();
      if (answer.accepted > 0 && answer.rejected.length === 0) return retries;
      if (
        !answer.rejected.every(
          ({ code }) => code === "MAPEK_NOT_STORED" || code === "MAPEK_OVERLOADED",
        )
      )
        throw new TypeError(JSON.stringify(answer));
    } catch (error) {
      if (error instanceof TypeError || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

const SERIES = 100;
const SYSTEMS = 10;
const SAMPLES_PER_SERIES = 100;
const SAMPLES_PER_MESSAGE = 5;
const SIGNAL_SYSTEMS = 200;

/** Values that are the same in every run; some leave their range, so that there are anomalies. */
function sampleOf(series: number, i: number): number {
  const noise = ((i * 7919 + series * 104_729) % 1_000) / 100;
  return i % 97 === 80 ? 1_000 + noise : 50 + noise + series;
}

/**
 * 10,000 samples of 100 series and 1,000 signals of 200 systems, one a loop, everything with its own
 * time and acknowledged, in order within each series and system.
 */
export async function runFlow(
  nc: NatsConnection,
  startAt: number,
  onProgress: (share: number) => void,
): Promise<{ retries: number }> {
  let retries = 0;
  let done = 0;
  const total = SERIES * (SAMPLES_PER_SERIES / SAMPLES_PER_MESSAGE) + SIGNAL_SYSTEMS * 5;
  const send = async (subject: string, body: unknown) => {
    retries += await publishAcknowledged(nc, subject, body);
    onProgress(++done / total);
  };
  const series = Array.from({ length: SERIES }, async (_, s) => {
    for (let i = 0; i < SAMPLES_PER_SERIES; i += SAMPLES_PER_MESSAGE) {
      const rows = Array.from({ length: SAMPLES_PER_MESSAGE }, (__, k) => ({
        value: sampleOf(s, i + k),
        timestamp: startAt + (i + k) * 1_000,
      }));
      await send(`mapek.metrics.load${s % SYSTEMS}.m${s}`, rows);
    }
  });
  const signals = Array.from({ length: SIGNAL_SYSTEMS }, async (_, s) => {
    const system = `sig${s}`;
    const head = (loop: string) => ({ id: `${system}-${loop}`, timestamp: startAt + s });
    await send(`mapek.signals.${system}.decision_quality`, {
      ...head("dq"),
      decision_id: "d",
      predicted_outcome: 10,
      actual_outcome: 1,
    });
    await send(`mapek.signals.${system}.resource_optimization`, {
      ...head("ro"),
      resource_type: "cpu",
      utilization: 0.9,
    });
    await send(`mapek.signals.${system}.anomaly_feedback`, {
      ...head("af"),
      false_positive: 1,
      metric: "m",
    });
    await send(`mapek.signals.${system}.metrics_learning`, {
      ...head("ml"),
      parameter: "m",
      threshold_value: 100 + s,
      confidence: 0.9,
    });
    await send(`mapek.signals.${system}.performance_adaptation`, {
      ...head("pa"),
      cpu_usage: 90,
      latency_ms: 300,
    });
  });
  await Promise.all([...series, ...signals]);
  return { retries };
}

/** The series that the signals are about, made before any fault. */
export async function prepareSeries(nc: NatsConnection, startAt: number): Promise<void> {
  const systems = Array.from({ length: SIGNAL_SYSTEMS }, (_, s) => `sig${s}`);
  await Promise.all(
    systems.map((system) =>
      publishAcknowledged(nc, `mapek.metrics.${system}.m`, { value: 50, timestamp: startAt }),
    ),
  );
}
