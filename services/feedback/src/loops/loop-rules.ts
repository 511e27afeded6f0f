import type { Loop, SignalBodies } from "@mapek/core/contract";
import type { OpenAction } from "../actions/action-book.ts";
import type { Sender, WithoutEffect } from "../sources/source-limits.ts";
import type { Turn } from "../state.ts";

/** A signal that was stored and has not been acted on. */
export interface Signal<L extends Loop> {
  readonly id: string;
  readonly source: Sender;
  readonly body: SignalBodies[L];
  /** Whether its loop is enabled: where it is not, nothing is moved. */
  readonly acts: boolean;
}

/** What one loop does. */
export interface LoopRules<L extends Loop> {
  /** The objective's value, in its own unit, at and below which nothing is left to improve. */
  readonly goal: number;
  /** @returns Why the signal has no effect, where its source may move nothing more. */
  readonly receive: (turn: Turn, signal: Signal<L>) => WithoutEffect | undefined;
  /** Called with an action that was applied or rolled back, before that is published. */
  readonly onApplied?: (turn: Turn, action: OpenAction) => void;
  /** Called with one that was refused, before that is published. */
  readonly onRefused?: (turn: Turn, action: OpenAction) => void;
}
