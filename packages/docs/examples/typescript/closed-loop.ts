// A control loop around a simulated checkout service: node packages/docs/examples/typescript/closed-loop.ts
// It looks at latency, acts when that is above the learned threshold, and says what came of it.
import { connect, MapeLoop } from "@mapek/client";

/** Stands for what you manage: latency rises with the load that one worker has. */
const checkout = { workers: 2, requests: 100 };
const latency = () =>
  (20 * checkout.requests) / checkout.workers / 50 +
  5 * Math.random() +
  (Math.random() < 0.02 ? 80 : 0);

const client = await connect();
client.onThreshold({ system: "checkout" }, ({ metric, threshold, strategy, confidence }) =>
  console.log(
    `threshold of ${metric}: ${threshold.toFixed(1)} (${strategy}, confidence ${confidence})`,
  ),
);
client.onAnomaly({ system: "checkout" }, ({ metric, phase, peak_value }) =>
  console.log(`anomaly of ${metric} ${phase}, peak ${peak_value.toFixed(1)}`),
);

const loop = new MapeLoop(client, {
  system: "checkout",
  monitor: async () => ({ latency_ms: latency() }),
  analyze: async ({ latency_ms = 0 }, { thresholds }) =>
    latency_ms > (thresholds.latency_ms?.threshold ?? Number.POSITIVE_INFINITY) ? [latency_ms] : [],
  plan: async (problems) => problems.map((was) => ({ add: 1, was })),
  execute: async ({ add, was }) => {
    checkout.workers += add;
    return { predicted_outcome: was / 2, actual_outcome: latency() };
  },
});
await loop.start();

process.once("SIGINT", async () => {
  await loop.stop();
  await client.close();
});
