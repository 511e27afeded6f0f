import {
  type Decoded,
  type FeedbackControl,
  feedbackControl,
  type LearnerControl,
  learnerControl,
  type OptimizerControl,
  optimizerControl,
  type Subjects,
} from "@mapek/core/messages";
import { checkSystem, type Sender, type Stored, sendOne } from "./senders.ts";

/**
 * Operators' commands. Each resolves once the command is stored.
 *
 * @throws {MessageError} The code with which the command was refused, here or by the service.
 */
export class Control {
  readonly #sender: Sender;
  readonly #subjects: Subjects;

  constructor(sender: Sender, subjects: Subjects) {
    this.#sender = sender;
    this.#subjects = subjects;
  }

  /** Pin, freeze, exclude, sensitivity. */
  learner(system: string, command: LearnerControl): Promise<Stored> {
    return this.#send("learner", learnerControl, system, command);
  }
  /** Forced state, mode. */
  optimizer(system: string, command: OptimizerControl): Promise<Stored> {
    return this.#send("optimizer", optimizerControl, system, command);
  }
  /** Loops on and off. */
  feedback(system: string, command: FeedbackControl): Promise<Stored> {
    return this.#send("feedback", feedbackControl, system, command);
  }

  async #send(
    service: string,
    family: { check(body: unknown): Decoded<unknown> },
    system: string,
    command: object & { timestamp?: number | undefined },
  ): Promise<Stored> {
    checkSystem(system);
    const body = { ...command, timestamp: command.timestamp ?? this.#sender.now() };
    const checked = family.check(body);
    if (!checked.ok) throw checked.error;
    return sendOne(this.#sender, this.#subjects.control(service, system), body);
  }
}
