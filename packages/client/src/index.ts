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
} from "@mapek/core/contract";
export { type Curve, type Scheduled, thresholdAt } from "@mapek/core/curve";
export { MapekClient } from "./client.ts";
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connection-options.ts";
export { CLIENT_ERRORS, ClientError, type ClientErrorCode } from "./errors.ts";
export type {
  LoopKnowledge,
  LoopParameters,
  MonitoredMetrics,
  Observation,
} from "./loop/knowledge.ts";
export { MapeLoop } from "./loop/mape-loop.ts";
export type {
  ExecutionOutcome,
  MapeLoopOptions,
  MapeLoopStats,
  MapeStep,
} from "./loop/mape-loop-options.ts";
export {
  OUTPUT_NAMES,
  type OutputFilter,
  type OutputName,
  type OutputOf,
} from "./outputs/outputs.ts";
export { type Decision, isRedraw } from "./outputs/redraw.ts";
export type { Subscription, SubscriptionStats } from "./outputs/subscription.ts";
export { type GroupedAnomaly, openGroups } from "./requests/open-groups.ts";
export type {
  EventsQuery,
  ExplainQuery,
  OpenAnomaly,
  RequestOptions,
  SeriesState,
} from "./requests/service-requests.ts";
export type { Signals } from "./requests/signals.ts";
export type { PublisherStats, PublishOptions, SampleInput } from "./samples/sample-publisher.ts";
export type { Timers } from "./timers.ts";
