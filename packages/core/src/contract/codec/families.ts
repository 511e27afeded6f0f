import { feedbackControl, learnerControl, optimizerControl } from "../inputs/control.ts";
import { feedbackInput, learnerInput, optimizerInput } from "../inputs/input.ts";
import { performance } from "../inputs/performance.ts";
import { request, response, seriesExport } from "../inputs/request.ts";
import { inputReply, sample } from "../inputs/sample.ts";
import { signals } from "../inputs/signal.ts";
import { anomaly } from "../outputs/anomaly.ts";
import { change } from "../outputs/change.ts";
import { explanation, outputEvent } from "../outputs/explanation.ts";
import { action, feedback } from "../outputs/feedback.ts";
import { parameters, transition } from "../outputs/parameters.ts";
import { recommendation } from "../outputs/recommendation.ts";
import { rejected } from "../outputs/rejected.ts";
import { threshold } from "../outputs/threshold.ts";
import { durability } from "../records/durability.ts";
import { member } from "../records/member.ts";
import { position } from "../records/position.ts";

/** Every family of messages, in the order in which data passes through the house. */
export const MESSAGE_FAMILIES = [
  sample,
  inputReply,
  performance,
  ...Object.values(signals),
  learnerControl,
  optimizerControl,
  feedbackControl,
  recommendation,
  threshold,
  anomaly,
  change,
  parameters,
  transition,
  feedback,
  action,
  rejected,
  request,
  response,
  seriesExport,
  outputEvent,
  explanation,
  durability,
  learnerInput,
  optimizerInput,
  feedbackInput,
  position,
  member,
] as const;
