import {
  action,
  anomaly,
  change,
  type Decoded,
  feedback,
  metricToken,
  type OutputMessages,
  parameters,
  recommendation,
  type Subjects,
  threshold,
  transition,
} from "@mapek/core/messages";
import type { NatsConnection } from "@nats-io/transport-node";
import { ContainedHandler, type Handler, type Subscription } from "./subscription.ts";

/** Which messages of a family are wanted; what is not named is not narrowed. */
export interface OutputFilter {
  readonly system?: string | undefined;
  /** The metric's true name. */
  readonly metric?: string | undefined;
}

/** The families of outputs that a client can subscribe to, and how many tokens follow each on its subject. */
const OUTPUTS = {
  recommendations: { family: recommendation, tokens: 2 },
  thresholds: { family: threshold, tokens: 2 },
  anomalies: { family: anomaly, tokens: 2 },
  changes: { family: change, tokens: 2 },
  parameters: { family: parameters, tokens: 1 },
  transitions: { family: transition, tokens: 1 },
  feedback: { family: feedback, tokens: 2 },
  actions: { family: action, tokens: 2 },
} as const;
export type OutputName = keyof typeof OUTPUTS;
export const OUTPUT_NAMES = Object.keys(OUTPUTS) as readonly OutputName[];
export type OutputOf<Name extends OutputName> = OutputMessages[Name];

/**
 * Subscribes to a family of outputs, as the server republishes them after they are committed.
 * A message that is not of its family's form is counted, reported and not handed on.
 */
export function subscribeToOutputs<Name extends OutputName>(
  connection: { nc: NatsConnection; subjects: Subjects; onError: (error: Error) => void },
  name: Name,
  filter: OutputFilter & { loop?: string | undefined },
  handler: Handler<OutputOf<Name>>,
): Subscription {
  const { nc, subjects, onError } = connection;
  const { family, tokens } = OUTPUTS[name];
  const second = filter.metric === undefined ? (filter.loop ?? "*") : metricToken(filter.metric);
  const subject = subjects.output(name, filter.system ?? "*", ...(tokens === 2 ? [second] : []));
  const contained = new ContainedHandler(subject, handler, onError);
  const subscription = nc.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) {
        onError(error);
        return;
      }
      const decoded = family.decode(
        message.data,
        message.headers?.get("Content-Type") || undefined,
      ) as Decoded<OutputOf<Name>>;
      if (!decoded.ok) contained.refuse(decoded.error);
      else if (isOfMetric(decoded.value, filter.metric)) contained.handle(decoded.value);
    },
  });
  return {
    stats: contained.stats,
    stop: async () => {
      if (!subscription.isClosed() && !nc.isClosed()) await subscription.drain();
    },
  };
}

/** Tokens of several metrics may be the same: the true name stands in the message. */
const isOfMetric = (message: object, metric: string | undefined): boolean =>
  metric === undefined || !("metric" in message) || message.metric === metric;
