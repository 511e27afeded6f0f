import type { SettingValue } from "@mapek/core/contract";
import { forgetOldest } from "@mapek/core/forget-oldest";

/** The answer to a command, kept by action id: a repeated command changes nothing and gets the same answer. */
export interface Answer {
  readonly applied: boolean;
  readonly from: SettingValue;
  readonly to: SettingValue;
  readonly reason: string;
  readonly timeMs: number;
}

/** Number of answers that are kept for a system. */
const ANSWER_LIMIT = 1_000;

/** Remembers an answer and forgets the oldest beyond 1,000. */
export function remember(answers: Map<string, Answer>, actionId: string, answer: Answer): void {
  answers.set(actionId, answer);
  forgetOldest(answers, ANSWER_LIMIT);
}
