import type { FeedbackInput } from "@mapek/core/contract";
import {
  type ActorServiceOptions,
  instrument,
  type KeyedState,
  type ServiceContext,
} from "@mapek/runtime";
import { query } from "./query.ts";
import type { FeedbackState } from "./state.ts";

type Instruments = NonNullable<
  ActorServiceOptions<KeyedState<FeedbackState>, FeedbackInput>["instruments"]
>;

/** Number of series per system whose precision and recall are exported. */
const MAX_LABELLED = 1_000;

/** The feedback service's own metrics. */
export const feedbackInstruments: Instruments = ({ metrics }: ServiceContext) => {
  const { registry } = metrics;
  const signals = instrument(registry, "mapek_feedback_signals_total");
  const limited = instrument(registry, "mapek_feedback_signals_without_effect_total");
  const actions = instrument(registry, "mapek_feedback_actions_total");
  const accuracy = instrument(registry, "mapek_decision_quality_accuracy");
  const effectiveness = instrument(registry, "mapek_loop_effectiveness");
  const precision = instrument(registry, "mapek_label_precision");
  const recall = instrument(registry, "mapek_label_recall");
  const harm = instrument(registry, "mapek_loop_harm");
  return {
    onFolded: (_input, outputs) => {
      for (const output of outputs) {
        if (output.to !== "log") continue;
        if (output.family === "feedback") {
          const { system, loop, without_effect } = output.message;
          signals.inc({ system, loop });
          if (without_effect !== undefined) limited.inc({ system, code: without_effect.code });
        }
        if (output.family === "actions") {
          const { system, loop, status } = output.message;
          actions.inc({ system, loop, status });
        }
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
