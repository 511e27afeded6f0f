export { connect, MapekClient } from "./client.ts";
export type { ConnectOptions } from "./connection-options.ts";
export { CLIENT_ERRORS, ClientError, type ClientErrorCode } from "./errors.ts";
export type { LoopKnowledge, LoopParameters, MonitoredMetrics, Observation } from "./knowledge.ts";
export {
  type ExecutionOutcome,
  MapeLoop,
  type MapeLoopOptions,
  type MapeLoopStats,
  type MapeStep,
} from "./mape-loop.ts";
export { OUTPUT_NAMES, type OutputFilter, type OutputName, type OutputOf } from "./outputs.ts";
export type { PublisherStats, PublishOptions, SampleInput } from "./sample-publisher.ts";
export type { EventsQuery, ExplainQuery, RequestOptions, SeriesState } from "./service-requests.ts";
export type { Signals } from "./signals.ts";
export type { Subscription, SubscriptionStats } from "./subscription.ts";
export type { Timers } from "./timers.ts";
