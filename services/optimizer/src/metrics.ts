import type { OptimizerInput } from "@mapek/core/contract";
import {
  type ActorServiceOptions,
  instrument,
  type KeyedState,
  type ServiceContext,
} from "@mapek/runtime";
import type { OptimizerState } from "./state.ts";

type Instruments = NonNullable<
  ActorServiceOptions<KeyedState<OptimizerState>, OptimizerInput>["instruments"]
>;

/** The optimizer's own metrics. */
export const optimizerInstruments: Instruments = ({ metrics }: ServiceContext) => {
  const { registry } = metrics;
  const transitions = instrument(registry, "mapek_state_transitions_total");
  const latency = instrument(registry, "mapek_optimization_latency_ms");
  const systems = instrument(registry, "mapek_systems");
  return {
    onFolded: (input, outputs, ageMs) => {
      if (input.kind === "performance" || input.kind === "command")
        latency.observe(Math.max(0, ageMs));
      for (const output of outputs) {
        if (output.to !== "log" || output.family !== "transitions") continue;
        const { system, from, to } = output.message;
        transitions.inc({ system, from, to });
      }
    },
    onScrape: (_states, gauges) => systems.set(gauges.systems ?? 0),
  };
};
