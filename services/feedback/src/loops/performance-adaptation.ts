import type { OptimizerCommand } from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import { begin } from "../actions/actions.ts";
import type { Turn } from "../state.ts";
import type { LoopRules, Signal } from "./loop-rules.ts";

/**
 * Makes the optimizer evaluate the system's state at once with the measures of the signal. The action is judged by
 * the pressure that the optimizer measures before and after. A re-evaluation has no size, so damping does not apply.
 */
function receive(
  turn: Turn,
  { id: signalId, body, acts }: Signal<"performance_adaptation">,
): undefined {
  if (!acts) return;
  const { cpu_usage: cpu, memory_usage: memory, latency_ms: latencyMs } = body;
  const command: OptimizerCommand = { name: "re_evaluate" };
  const measures: string[] = [];
  if (cpu !== undefined) {
    command.cpu_usage = cpu;
    measures.push(`cpu_usage ${figure(cpu)} %`);
  }
  if (memory !== undefined) {
    command.memory_usage = memory;
    measures.push(`memory_usage ${figure(memory)} %`);
  }
  if (latencyMs !== undefined) {
    command.cycle_latency = latencyMs / 1_000;
    measures.push(`cycle_latency ${figure(latencyMs / 1_000)} s`);
  }
  begin(turn, "performance_adaptation", {
    signalId,
    subject: "",
    target: { service: "optimizer", setting: "state", series: null },
    command,
    reason: `signal says ${measures.join(", ")}`,
    objective: "pressure",
  });
}

export const performanceAdaptation: LoopRules<"performance_adaptation"> = {
  // Three quarters of the critical lines: for CPU, the line of degraded.
  goal: 0.75,
  receive,
};
