import type { FeedbackInput } from "@mapek/core/messages";
import type { ActorServiceOptions, KeyedState, ServiceContext } from "@mapek/runtime";
import { Counter, Gauge } from "prom-client";
import { query } from "./query.ts";
import type { FeedbackState } from "./state.ts";

type Instruments = NonNullable<
  ActorServiceOptions<KeyedState<FeedbackState>, FeedbackInput>["instruments"]
>;

/** Series whose precision and recall one instance exports a system. */
const MAX_LABELLED = 1_000;

/** The feedback service's own metrics. */
export const feedbackInstruments: Instruments = ({ metrics }: ServiceContext) => {
  const registers = [metrics.registry];
  const signals = new Counter({
    name: "mapek_feedback_signals_total",
    help: "Signals accepted",
    labelNames: ["system", "loop"],
    registers,
  });
  const limited = new Counter({
    name: "mapek_feedback_signals_without_effect_total",
    help: "Signals stored without effect, since their source had said or moved too much",
    labelNames: ["system", "code"],
    registers,
  });
  const actions = new Counter({
    name: "mapek_feedback_actions_total",
    help: "Actions, by what became of them",
    labelNames: ["system", "loop", "status"],
    registers,
  });
  const accuracy = new Gauge({
    name: "mapek_decision_quality_accuracy",
    help: "Mean accuracy of recent decisions, 0–1",
    labelNames: ["system"],
    registers,
  });
  const effectiveness = new Gauge({
    name: "mapek_loop_effectiveness",
    help: "Share of a loop's judged actions that helped",
    labelNames: ["system", "loop"],
    registers,
  });
  const precision = new Gauge({
    name: "mapek_label_precision",
    help: "Share of labelled alarms that were right; series empty: the whole system",
    labelNames: ["system", "series"],
    registers,
  });
  const recall = new Gauge({
    name: "mapek_label_recall",
    help: "Share of labelled anomalies that raised an alarm; series empty: the whole system",
    labelNames: ["system", "series"],
    registers,
  });
  const harm = new Gauge({
    name: "mapek_loop_harm",
    help: "Share of a loop's judged actions that hurt",
    labelNames: ["system", "loop"],
    registers,
  });
  return {
    onFolded: (_input, outputs) => {
      for (const output of outputs) {
        if (output.to !== "log") continue;
        const { system, loop, status, without_effect } = output.message as {
          system: string;
          loop: string;
          status: string;
          without_effect?: { code: string };
        };
        if (output.family === "feedback") signals.inc({ system, loop });
        if (without_effect !== undefined) limited.inc({ system, code: without_effect.code });
        if (output.family === "actions") actions.inc({ system, loop, status });
      }
    },
    onScrape: (states) => {
      precision.reset();
      recall.reset();
      for (const { actors } of states)
        for (const [system, state] of actors)
          for (const item of query(state, "effectiveness", { limit: MAX_LABELLED })) {
            if (item.effectiveness !== null)
              effectiveness.set({ system, loop: item.loop }, item.effectiveness);
            if (item.harm !== null) harm.set({ system, loop: item.loop }, item.harm);
            if (typeof item.mean_accuracy === "number")
              accuracy.set({ system }, item.mean_accuracy);
            if (item.series === undefined) continue;
            for (const one of [{ ...item, series: "" }, ...item.series]) {
              const labels = { system, series: one.series };
              if (typeof one.precision === "number") precision.set(labels, one.precision);
              if (typeof one.recall === "number") recall.set(labels, one.recall);
            }
          }
    },
  };
};
