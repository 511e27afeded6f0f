import {
  type Decoded,
  type FeedbackControl,
  feedbackControl,
  type LearnerControl,
  learnerControl,
  type OptimizerControl,
  optimizerControl,
  type Subjects,
} from "@mapek/core/contract";
import { checkSystem, type Sender, type Stored, sendOne } from "./senders.ts";

/** Sends operators' commands. Each method resolves once the command is stored. */
export class Control {
  readonly #sender: Sender;
  readonly #subjects: Subjects;

  constructor(sender: Sender, subjects: Subjects) {
    this.#sender = sender;
    this.#subjects = subjects;
  }

  /** Pins a threshold, freezes a series, excludes a span of time, sets the sensitivity. */
  learner(system: string, command: LearnerControl): Promise<Stored> {
    return this.#send("learner", learnerControl, system, command);
  }
  /** Forces a state, sets the mode. */
  optimizer(system: string, command: OptimizerControl): Promise<Stored> {
    return this.#send("optimizer", optimizerControl, system, command);
  }
  /** Switches a loop on or off. */
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
