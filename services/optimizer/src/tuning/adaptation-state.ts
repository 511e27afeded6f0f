import type { ChangePhase, OutcomeOfChange } from "@mapek/core/messages";
import { type IntervalCost, initialIntervalCost } from "./interval-cost.ts";
import { type Gradient, initialGradient } from "./latency-gradient.ts";
import { initialLever, type Lever, move } from "./lever.ts";
import type { Trial } from "./trial.ts";

/** How measured performance has moved the parameters from their state's row, and what it learned of them. */
export interface Adaptation {
  readonly parallelism: Lever;
  readonly interval: Lever;
  readonly gradient: Gradient;
  readonly looks: IntervalCost;
  /** The step, and the change of state, of which the effect is awaited. One step at a time, so that its effect is its own. */
  step: Trial | null;
  transition: Trial | null;
}

/** What moved parameters, for the message that tells of it. */
export interface Moved {
  readonly reason: string;
  readonly phase: ChangePhase;
  /** Of the change whose judgement led to this one. */
  readonly outcome?: OutcomeOfChange;
}

/** Parallelism is added to its row, the interval multiplied with it. */
const ROW = { parallelism: 0, interval: 1 } as const;

export const initialAdaptation = (): Adaptation => ({
  parallelism: initialLever(ROW.parallelism),
  interval: initialLever(ROW.interval),
  gradient: initialGradient(),
  looks: initialIntervalCost(),
  step: null,
  transition: null,
});

/** Back to the row, as on entering a state; what was learned stays, it belongs to the system. */
export function resetAdaptation(adaptation: Adaptation): void {
  move(adaptation.parallelism, ROW.parallelism);
  move(adaptation.interval, ROW.interval);
  giveUpTrials(adaptation);
}

/** What is awaited can no longer be told from what something else did. */
export function giveUpTrials(adaptation: Adaptation): void {
  adaptation.step = null;
  adaptation.transition = null;
}
