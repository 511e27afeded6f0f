import { randomUUID } from "node:crypto";
import { type Loop, type SignalInputs, type Subjects, signals } from "@mapek/core/contract";
import { checkSystem, type Sender, type Stored, sendOne } from "./senders.ts";

/** Who sends signals. */
export interface SignalSource {
  readonly name: string;
  /** Public key of the client's NKey: a token of the subject, which the server permits to this key only. */
  readonly publicKey: string | undefined;
}

/** Sends signals to the five feedback loops. */
export class Signals {
  readonly #sender: Sender;
  readonly #subjects: Subjects;
  readonly #source: SignalSource;

  /** @param source The sender of a signal that names none. */
  constructor(sender: Sender, subjects: Subjects, source: SignalSource) {
    this.#sender = sender;
    this.#subjects = subjects;
    this.#source = source;
  }

  /**
   * Sends a signal of any loop and resolves once it is stored. The client adds `id`, `timestamp`
   * and `source` where the body has none.
   *
   * @throws {MessageError} The code with which the body was refused, here or by the service.
   * @throws {ClientError} MAPEK_CLIENT_NO_SERVICE, MAPEK_CLIENT_TIMEOUT, MAPEK_CLIENT_CLOSED.
   */
  async send<L extends Loop>(loop: L, system: string, body: SignalInputs[L]): Promise<Stored> {
    checkSystem(system);
    const given = body as SignalInputs[L] & {
      id?: string | undefined;
      source?: string | undefined;
      timestamp?: number | undefined;
    };
    const id = given.id ?? randomUUID();
    const complete = {
      ...given,
      id,
      timestamp: given.timestamp ?? this.#sender.now(),
      source: given.source ?? this.#source.name,
    };
    const checked = signals[loop].check(complete);
    if (!checked.ok) throw checked.error;
    const subject = this.#subjects.signals(system, loop, this.#source.publicKey);
    return sendOne(this.#sender, subject, complete, id);
  }

  /** Proposes a threshold for a metric (`parameter`). See {@link Signals.send}. */
  metricsLearning(system: string, body: SignalInputs["metrics_learning"]): Promise<Stored> {
    return this.send("metrics_learning", system, body);
  }
  /** Reports the system's load: `cpu_usage` and `memory_usage` in %, `latency_ms`. See {@link Signals.send}. */
  performanceAdaptation(
    system: string,
    body: SignalInputs["performance_adaptation"],
  ): Promise<Stored> {
    return this.send("performance_adaptation", system, body);
  }
  /** Reports the predicted and the actual outcome of a decision. See {@link Signals.send}. */
  decisionQuality(system: string, body: SignalInputs["decision_quality"]): Promise<Stored> {
    return this.send("decision_quality", system, body);
  }
  /** Labels an anomaly as right, as a false alarm, or as missed. See {@link Signals.send}. */
  anomalyFeedback(system: string, body: SignalInputs["anomaly_feedback"]): Promise<Stored> {
    return this.send("anomaly_feedback", system, body);
  }
  /** Reports the utilization of a resource, 0 to 1. See {@link Signals.send}. */
  resourceOptimization(
    system: string,
    body: SignalInputs["resource_optimization"],
  ): Promise<Stored> {
    return this.send("resource_optimization", system, body);
  }
}
