import {
  type Feedback,
  type FeedbackInput,
  type FeedbackSettings,
  LOOPS,
  type Loop,
  type SignalBodies,
} from "@mapek/core/contract";
import { BaselineForecast } from "@mapek/core/statistics";
import type { Actor, Output } from "@mapek/runtime";
import { expire, nextExpiryAt, receiveConfirmation } from "./actions/actions.ts";
import { receiveOutcome } from "./judgement/judgement.ts";
import { anomalyFeedback } from "./loops/anomaly-feedback.ts";
import { decisionQuality } from "./loops/decision-quality.ts";
import type { LoopRules } from "./loops/loop-rules.ts";
import { metricsLearning, receiveRecommendation } from "./loops/metrics-learning.ts";
import { performanceAdaptation } from "./loops/performance-adaptation.ts";
import { resourceOptimization } from "./loops/resource-optimization.ts";
import { query } from "./query.ts";
import { loadState, saveState } from "./snapshot.ts";
import { isNewSignal } from "./sources/signal-memory.ts";
import { takeSignal } from "./sources/source-limits.ts";
import { createState, type FeedbackState, isEnabled, type Turn } from "./state.ts";

type SignalInput = Extract<FeedbackInput, { kind: "signal" }>;
type RecommendationInput = Extract<FeedbackInput, { kind: "recommendation" }>;

const LOOP_RULES: { readonly [L in Loop]: LoopRules<L> } = {
  metrics_learning: metricsLearning,
  performance_adaptation: performanceAdaptation,
  decision_quality: decisionQuality,
  anomaly_feedback: anomalyFeedback,
  resource_optimization: resourceOptimization,
};

/**
 * One managed system: stores the signals of its loops, turns them into actions on the learner
 * and the optimizer, and judges what came of each.
 */
export const feedbackActor: Actor<FeedbackState, FeedbackInput> = {
  create: createState,
  receive,
  dueAt: nextExpiryAt,
  query,
  save: saveState,
  load: loadState,
};

function receive(state: FeedbackState, input: FeedbackInput): Output[] {
  if (input.time > state.timeMs) state.timeMs = input.time;
  const turn: Turn = { state, outputs: [] };
  expire(turn);
  switch (input.kind) {
    case "tick":
      break;
    case "settings":
      receiveSettings(state, input.settings);
      break;
    case "signal":
      receiveSignal(turn, input);
      break;
    case "recommendation":
      receiveRecommended(turn, input);
      break;
    case "parameters":
      state.learningRate = input.parameters.learning_rate;
      break;
    case "control":
      state.operatorLoops[input.control.loop] = input.control.enabled;
      break;
    case "confirmation":
      receiveConfirmation(
        turn,
        input,
        (action) => LOOP_RULES[action.loop].onApplied?.(turn, action),
        (action) => LOOP_RULES[action.loop].onRefused?.(turn, action),
      );
      break;
    case "outcome":
      receiveOutcome(turn, input, LOOP_RULES);
      break;
    default:
      input satisfies never;
  }
  return turn.outputs;
}

/** Takes new settings. A changed value of a loop ends what an operator set for that loop. */
function receiveSettings(state: FeedbackState, settings: FeedbackSettings): void {
  for (const loop of LOOPS)
    if (settings.loops[loop] !== state.settings.loops[loop]) delete state.operatorLoops[loop];
  // Forecasts are of means over `judgement_signals` values: with a new number the learned ones no longer fit.
  if (settings.judgement_signals !== state.settings.judgement_signals)
    for (const loop of LOOPS) state.loops[loop].streams.baseline = new BaselineForecast();
  state.settings = settings;
}

function receiveSignal(turn: Turn, input: SignalInput): void {
  const { state } = turn;
  const { loop, id } = input;
  if (!isNewSignal(state.signalIds, `${loop}/${id}`)) {
    state.loops[loop].duplicates++;
    return;
  }
  const message = store(turn, loop, id, input.source, input.signal, input.time);
  const sender = { name: input.source, proven: input.proven === true };
  const { receive } = LOOP_RULES[loop] as LoopRules<Loop>;
  // The front door has validated the body by its loop's schema.
  const body = input.signal as SignalBodies[Loop];
  const acts = isEnabled(state, loop);
  const without = takeSignal(state, sender) ?? receive(turn, { id, source: sender, body, acts });
  if (without !== undefined) message.without_effect = without;
}

/** Stores a recommendation as a `metrics_learning` signal of the source `learner`, and acts on it. */
function receiveRecommended(turn: Turn, input: RecommendationInput): void {
  const { recommendation, in_force } = input;
  const id = `rec-${++turn.state.recommendations}`;
  const signal = {
    parameter: recommendation.metric,
    labels: recommendation.labels,
    threshold_value: recommendation.recommended_value,
    confidence: recommendation.confidence,
    strategy: recommendation.strategy,
    in_force,
  };
  store(turn, "metrics_learning", id, "learner", signal, input.time);
  receiveRecommendation(turn, id, input, isEnabled(turn.state, "metrics_learning"));
}

function store(
  turn: Turn,
  loop: Loop,
  id: string,
  source: string,
  signal: Feedback["signal"],
  timestamp: number,
): Feedback {
  const { state, outputs } = turn;
  state.loops[loop].signals++;
  const message: Feedback = {
    version: 1,
    system: state.system,
    loop,
    id,
    source,
    signal,
    timestamp,
  };
  outputs.push({ to: "log", family: "feedback", tokens: [state.system, loop], message });
  return message;
}
