import type { Labels, ParameterValues, Performance } from "@mapek/core/contract";
import type { Timers } from "../timers.ts";
import type { LoopKnowledge, MonitoredMetrics } from "./knowledge.ts";

/** Result of a plan. With both outcomes given, the loop reports the decision's quality. */
export interface ExecutionOutcome {
  readonly predicted_outcome?: number | undefined;
  readonly actual_outcome?: number | undefined;
}

export interface MapeLoopOptions<Problem, Plan> {
  readonly system: string;
  /** Labels of the series under which the monitored metrics are published. @default none */
  readonly labels?: Labels | undefined;
  /** Measures the system: a finite number for each metric. */
  monitor(): Promise<MonitoredMetrics>;
  /** Finds problems; without any, `plan` is not called. */
  analyze(metrics: MonitoredMetrics, knowledge: LoopKnowledge): Promise<readonly Problem[]>;
  plan(problems: readonly Problem[], knowledge: LoopKnowledge): Promise<readonly Plan[]>;
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is welcome.
  execute(plan: Plan, knowledge: LoopKnowledge): Promise<ExecutionOutcome | void>;
  /** Parameters until the optimizer publishes some. @default the default profile's healthy state */
  readonly initial?: Partial<ParameterValues> | undefined;
  /** CPU and memory use in %, for the performance reports. */
  resources?(): Pick<Performance, "cpu_usage" | "memory_usage">;
  /** @default the client's */
  readonly onError?: ((error: Error) => void) | undefined;
  /** @default the machine's clock */
  readonly timers?: Timers | undefined;
}

export type MapeStep = "monitor" | "analyze" | "plan" | "execute" | "report" | "knowledge";

export interface MapeLoopStats {
  readonly cycles: number;
  /** Plans that were executed, failed ones included. */
  readonly executed: number;
  /** Duration of the last cycle, seconds. */
  readonly lastCycleSeconds: number | undefined;
  /** Mean accuracy of the last 50 decisions with a predicted and an actual outcome, 0 to 1. */
  readonly decisionQuality: number | undefined;
  /** Number of errors, by the step that failed. */
  readonly errors: Readonly<Record<MapeStep, number>>;
}
