import { forgetOldest } from "@mapek/core/forget-oldest";
import type { SettingValue } from "@mapek/core/messages";

/** What was answered to a command, kept so that a repeated one changes nothing and gets the same answer. */
export interface Answer {
  readonly applied: boolean;
  readonly from: SettingValue;
  readonly to: SettingValue;
  readonly reason: string;
  readonly timeMs: number;
}

/** Most commands that are remembered. */
const ANSWER_LIMIT = 1_000;

/** Remembers an answer and forgets the oldest beyond 1,000. */
export function remember(answers: Map<string, Answer>, actionId: string, answer: Answer): void {
  answers.set(actionId, answer);
  forgetOldest(answers, ANSWER_LIMIT);
}
