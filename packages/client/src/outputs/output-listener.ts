import type {
  Action,
  Anomaly,
  Change,
  Feedback,
  Loop,
  Parameters,
  Recommendation,
  Subjects,
  Threshold,
  Transition,
} from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import { checkSystem } from "../requests/senders.ts";
import {
  type OutputFilter,
  type OutputName,
  type OutputOf,
  subscribeToOutputs,
} from "./outputs.ts";
import type { Handler, Subscription } from "./subscription.ts";

/** Subscribes to the outputs of the services; one method for each family. */
export abstract class OutputListener {
  /** The connection itself, for uses that this client does not cover. */
  readonly connection: NatsConnection;
  readonly subjects: Subjects;

  constructor(connection: NatsConnection, subjects: Subjects) {
    this.connection = connection;
    this.subjects = subjects;
  }

  /** Passes an error to the client's `onError`. */
  abstract report(error: Error): void;

  onRecommendation(filter: OutputFilter, handler: Handler<Recommendation>): Subscription {
    return this.on("recommendations", filter, handler);
  }
  /**
   * Thresholds whenever a message is sent: by a person, by a loop or, 10 to 100 times a day, because the threshold
   * follows the time of day. Keep the newest message of each series and compare with `thresholdAt(message, timeMs)`:
   * `threshold` alone is the value at the time of sending.
   */
  onThreshold(filter: OutputFilter, handler: Handler<Threshold>): Subscription {
    return this.on("thresholds", filter, handler);
  }
  onAnomaly(filter: OutputFilter, handler: Handler<Anomaly>): Subscription {
    return this.on("anomalies", filter, handler);
  }
  /** Level shifts, drifts, and series that fall silent or come back. */
  onChange(filter: OutputFilter, handler: Handler<Change>): Subscription {
    return this.on("changes", filter, handler);
  }
  onParameters(filter: OutputFilter, handler: Handler<Parameters>): Subscription {
    return this.on("parameters", { system: filter.system }, handler);
  }
  onTransition(filter: OutputFilter, handler: Handler<Transition>): Subscription {
    return this.on("transitions", { system: filter.system }, handler);
  }
  /** Signals of a loop, or of all loops (`"*"`), once they are accepted. */
  onSignal(loop: Loop | "*", handler: Handler<Feedback>, filter: OutputFilter = {}): Subscription {
    return this.on("feedback", { system: filter.system, loop }, handler);
  }
  /** Actions of a loop, or of all loops (`"*"`): the change and, later, its outcome. */
  onAction(loop: Loop | "*", handler: Handler<Action>, filter: OutputFilter = {}): Subscription {
    return this.on("actions", { system: filter.system, loop }, handler);
  }

  /**
   * Subscribes to a family of outputs. A handler that throws or rejects is counted and reported to `onError`, and the
   * subscription continues.
   */
  on<Name extends OutputName>(
    name: Name,
    filter: OutputFilter & { readonly loop?: string | undefined },
    handler: Handler<OutputOf<Name>>,
  ): Subscription {
    if (filter.system !== undefined) checkSystem(filter.system);
    return subscribeToOutputs(
      { nc: this.connection, subjects: this.subjects, onError: (error) => this.report(error) },
      name,
      filter,
      handler,
    );
  }
}
