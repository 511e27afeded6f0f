import { join } from "node:path";
import type { Observer } from "./observer.ts";
import { waitFor } from "./wait-for.ts";

/** The system of {@link runSession}, its metric, and one about which nobody says anything. */
export const SESSION = { system: "cart", metric: "latency", queue: "queue_size" } as const;

/** Samples after which a recommendation is no longer provisional. */
export const FIRST = 100;

/**
 * Configuration of the services that {@link runSession} is published to: thresholds are handed out when somebody decides on
 * them, so that each test knows which message it sees.
 */
export const SESSION_CONFIG = join(import.meta.dirname, "session.yaml");

const wave = (i: number) => 50 + 5 * Math.sin(i) + ((i * 7919) % 100) / 100;

/** What is published of that one: a burst, and later a small dip that only a sensitive detector tells. */
export const queueValues: readonly number[] = Array.from({ length: 1_400 }, (_, i) =>
  i >= 1_200 && i < 1_204 ? 38 : wave(i) + (i >= 1_000 && i < 1_008 ? 10 : 0),
);

/**
 * An afternoon of a system in a few seconds: a threshold is learned, moved by a signal and pinned by an operator; a series has a
 * burst that is labelled a false alarm; reports make the system critical; a resource is busy, decisions miss.
 *
 * @returns Once everything has had its effect: the event time of the first samples, which come one a second. The last are of about now.
 */
export async function runSession(observer: Observer): Promise<{ startedAt: number }> {
  const { system, metric, queue } = SESSION;
  const on = (family: string, tail = "") => observer.on(`mapek.${family}.${system}${tail}`);
  const signal = (loop: string, body: object) =>
    observer.request(`mapek.signals.${system}.${loop}`, body);
  const isApplied = ({ action_id: id }: { action_id: string }) =>
    waitFor(`the word on ${id}`, () =>
      on("actions", ".metrics_learning").some(
        ({ action_id, status }) => action_id === id && status === "applied",
      ),
    );
  const bySource = (source: string) =>
    on("thresholds", `.${metric}`).find((threshold) => threshold.source === source);
  const start = Date.now() - 2_000_000;
  const publish = (name: string, i: number, value: number) =>
    observer.publish(`mapek.metrics.${system}.${name}`, { value, timestamp: start + i * 1_000 });

  /** What a series has when its first threshold comes is what it has in a replay, which knows no delay. */
  const publishAll = async (name: string, values: readonly number[]) => {
    for (const [i, value] of values.slice(0, FIRST).entries()) publish(name, i, value);
    await isApplied(
      await waitFor(`the first threshold of ${name}`, () => on("thresholds", `.${name}`)[0]),
    );
    for (const [i, value] of values.slice(FIRST).entries()) publish(name, FIRST + i, value);
  };

  const waves = Array.from({ length: 300 }, (_, i) => wave(i));
  await publishAll(metric, waves);
  await signal("metrics_learning", {
    id: "propose",
    parameter: metric,
    threshold_value: 90,
    confidence: 0.95,
  });
  await isApplied(await waitFor("the moved threshold", () => bySource("signal")));
  await observer.request(`mapek.control.learner.${system}`, {
    command: "pin",
    metric,
    threshold: 70,
    reason: "agreed with the team",
  });
  await waitFor("the pinned threshold", () => bySource("operator"));

  await publishAll(queue, queueValues);
  const isBurst = (i: number) => i >= 400 && i < 405;
  await publishAll(
    "errors",
    Array.from({ length: 1_000 }, (_, i) => (isBurst(i) ? 500 : wave(i))),
  );
  const opened = await waitFor("the burst", () => on("anomalies", ".errors")[0]);
  await signal("anomaly_feedback", {
    id: "label",
    false_positive: 1,
    anomaly_id: opened.anomaly_id,
  });
  await waitFor("its action", () =>
    on("actions", ".anomaly_feedback").some(({ status }) => status === "applied"),
  );

  for (let k = 0; k < 12; k++)
    await observer.request(`mapek.performance.${system}`, {
      cpu_usage: k < 6 ? 50 : 99,
      memory_usage: 40,
      cycle_latency: 1,
      decision_quality: 0.9,
    });
  for (let k = 0; k < 6; k++)
    await observer.request(`mapek.performance.${system}`, { cpu_usage: 99, memory_usage: 40 });
  await waitFor("critical", () => on("transitions").some(({ to }) => to === "critical"));
  await signal("decision_quality", {
    id: "missed",
    decision_id: "d1",
    predicted_outcome: 10,
    actual_outcome: 1,
  });
  await waitFor("the learning rate", () =>
    on("actions", ".decision_quality").some(({ status }) => status !== "judged"),
  );
  await signal("resource_optimization", { id: "busy", resource_type: "cpu", utilization: 0.93 });
  await waitFor("the parallelism", () =>
    on("actions", ".resource_optimization").some(({ status }) => status !== "judged"),
  );
  return { startedAt: start };
}
