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
} from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import { ContainedHandler, type Handler, type Subscription } from "./subscription.ts";

/** Selects messages of a family; a field that is not set does not narrow the selection. */
export interface OutputFilter {
  readonly system?: string | undefined;
  /** Name of the metric, not its subject token. */
  readonly metric?: string | undefined;
}

/** The families of outputs that a client can subscribe to, and the number of tokens after each on its subject. */
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
 * Subscribes to a family of outputs, which the server republishes after they are committed. A message that is not of
 * its family's form is counted and reported; the handler does not get it.
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

/** Different metrics may have the same token, so the metric's name in the message decides. */
const isOfMetric = (message: object, metric: string | undefined): boolean =>
  metric === undefined || !("metric" in message) || message.metric === metric;
