import type { ChangePhase, OutcomeOfChange } from "@mapek/core/contract";
import { type IntervalCost, initialIntervalCost } from "./interval-cost.ts";
import { type Gradient, initialGradient } from "./latency-gradient.ts";
import { initialLever, type Lever, move } from "./lever.ts";
import type { Trial } from "./trial.ts";

/** How far parallelism and monitoring interval are moved from their state's row, and what was learned for moving them. */
export interface Adaptation {
  readonly parallelism: Lever;
  readonly interval: Lever;
  readonly gradient: Gradient;
  readonly looks: IntervalCost;
  /** The step and the change of state under judgement. Only one step is open at a time: the effects of two could not be told apart. */
  step: Trial | null;
  transition: Trial | null;
}

/** A move of a parameter, as the `parameters` message reports it. */
export interface Moved {
  readonly reason: string;
  readonly phase: ChangePhase;
  /** Judgement of the earlier change that led to this move. */
  readonly outcome?: OutcomeOfChange;
}

/** Lever values on the row: the lever of parallelism is added to the row's value, that of the interval multiplies it. */
const ROW = { parallelism: 0, interval: 1 } as const;

export const initialAdaptation = (): Adaptation => ({
  parallelism: initialLever(ROW.parallelism),
  interval: initialLever(ROW.interval),
  gradient: initialGradient(),
  looks: initialIntervalCost(),
  step: null,
  transition: null,
});

/** Puts both levers back on the row and gives up open trials; the learned baselines belong to the system and stay. */
export function resetAdaptation(adaptation: Adaptation): void {
  move(adaptation.parallelism, ROW.parallelism);
  move(adaptation.interval, ROW.interval);
  giveUpTrials(adaptation);
}

/** Drops the open trials: after another change of the system their effect can no longer be told apart. */
export function giveUpTrials(adaptation: Adaptation): void {
  adaptation.step = null;
  adaptation.transition = null;
}
