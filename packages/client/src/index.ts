export { type Curve, type Scheduled, thresholdAt } from "@mapek/core/curve";
export {
  type Action,
  type Anomaly,
  type Change,
  type Explanation,
  type Feedback,
  type InputReply,
  type Labels,
  type Loop,
  MESSAGE_ERRORS,
  MessageError,
  type MessageErrorCode,
  type OutputEvent,
  type Parameters,
  type ParameterValues,
  type Performance,
  type Recommendation,
  type Sample,
  type SeriesExport,
  type SignalInputs,
  Subjects,
  type Threshold,
  type Transition,
} from "@mapek/core/messages";
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
export { type GroupedAnomaly, openGroups } from "./open-groups.ts";
export { OUTPUT_NAMES, type OutputFilter, type OutputName, type OutputOf } from "./outputs.ts";
export { type Decision, isRedraw } from "./redraw.ts";
export type { PublisherStats, PublishOptions, SampleInput } from "./sample-publisher.ts";
export type {
  EventsQuery,
  ExplainQuery,
  OpenAnomaly,
  RequestOptions,
  SeriesState,
} from "./service-requests.ts";
export type { Signals } from "./signals.ts";
export type { Subscription, SubscriptionStats } from "./subscription.ts";
export type { Timers } from "./timers.ts";
