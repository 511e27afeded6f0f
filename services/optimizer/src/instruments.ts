import type { OptimizerInput } from "@mapek/core/messages";
import type { ActorServiceOptions, KeyedState, ServiceContext } from "@mapek/runtime";
import { Counter, Gauge, Histogram } from "prom-client";
import type { OptimizerState } from "./state.ts";

type Instruments = NonNullable<
  ActorServiceOptions<KeyedState<OptimizerState>, OptimizerInput>["instruments"]
>;

/** The optimizer's own metrics. */
export const optimizerInstruments: Instruments = ({ metrics }: ServiceContext) => {
  const registers = [metrics.registry];
  const transitions = new Counter({
    name: "mapek_state_transitions_total",
    help: "Changes of a system's state",
    labelNames: ["system", "from", "to"],
    registers,
  });
  const latency = new Histogram({
    name: "mapek_optimization_latency_ms",
    help: "Milliseconds from when a report or command was stored until it was evaluated",
    buckets: [0.5, 1, 2, 5, 10, 20, 50, 100, 500, 2_000],
    registers,
  });
  const systems = new Gauge({ name: "mapek_systems", help: "Systems optimized here", registers });
  return {
    onFolded: (input, outputs, ageMs) => {
      if (input.kind === "performance" || input.kind === "command")
        latency.observe(Math.max(0, ageMs));
      for (const output of outputs) {
        if (output.to !== "log" || output.family !== "transitions") continue;
        const { system, from, to } = output.message as { system: string; from: string; to: string };
        transitions.inc({ system, from, to });
      }
    },
    onScrape: (_states, gauges) => systems.set(gauges.systems ?? 0),
  };
};
