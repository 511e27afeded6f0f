import { anomaly } from "./anomaly.ts";
import { change } from "./change.ts";
import { feedbackControl, learnerControl, optimizerControl } from "./control.ts";
import { durability } from "./durability.ts";
import { explanation, outputEvent } from "./explanation.ts";
import { action, feedback } from "./feedback.ts";
import { feedbackInput, learnerInput, optimizerInput } from "./input.ts";
import { member } from "./member.ts";
import { parameters, transition } from "./parameters.ts";
import { performance } from "./performance.ts";
import { position } from "./position.ts";
import { recommendation } from "./recommendation.ts";
import { rejected } from "./rejected.ts";
import { request, response, seriesExport } from "./request.ts";
import { inputReply, sample } from "./sample.ts";
import { signals } from "./signal.ts";
import { threshold } from "./threshold.ts";

/** Every family of messages, in the order of the data's way through the house. */
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
