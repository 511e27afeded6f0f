import type { SignalBodies } from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import type { OpenAction } from "../actions/action-book.ts";
import { begin } from "../actions/actions.ts";
import { observe } from "../judgement/judgement.ts";
import { isResting } from "../judgement/stream.ts";
import type { ResourceState, Turn } from "../state.ts";
import type { LoopRules, Signal } from "./loop-rules.ts";

const HIGH_UTILIZATION = 0.8;
const LOW_UTILIZATION = 0.6;
/** Inside the band. */
const GOAL = 0.01;

/** How far utilization lies outside the band 0.6–0.8. */
const distanceFromBand = (utilization: number): number =>
  Math.max(LOW_UTILIZATION - utilization, utilization - HIGH_UTILIZATION, 0);

/**
 * A utilization above 0.8 lowers the parallelism by one at once; one that stays below 0.6 for
 * `low_utilization_seconds` raises it by one. A step is judged by the next `judgement_signals` signals of the
 * resource: it helped if utilization moved the right way by more than noise, and not beyond the band.
 * No second step is made before the judgement, nor for as many signals again after a step that did not help, so
 * that a burst of signals makes no burst of steps. Damping demands more evidence: 1 / damping high signals in a
 * row, or low utilization for 1 / damping times as long.
 */
function receive(
  turn: Turn,
  { id: signalId, body, acts }: Signal<"resource_optimization">,
): undefined {
  const { state } = turn;
  const { resource_type: resource, utilization } = body;
  const objective = distanceFromBand(utilization);
  observe(turn, "resource_optimization", {
    stream: resource,
    goal: GOAL,
    measure: utilization,
    objective,
  });
  const known = state.resources.get(resource) ?? { lowSinceMs: null, highCount: 0 };
  note(known, utilization, state.timeMs);
  state.resources.set(resource, known);
  const { book, damping, streams } = state.loops.resource_optimization;
  if (!acts || book.isOpen(resource) || isResting(streams, resource)) return;
  const lowForMs = known.lowSinceMs === null ? -1 : state.timeMs - known.lowSinceMs;
  if (known.highCount >= Math.round(1 / damping)) {
    known.highCount = 0;
    step(turn, signalId, body, -1, `above ${HIGH_UTILIZATION}`);
  } else if (lowForMs >= (state.settings.low_utilization_seconds * 1_000) / damping) {
    known.lowSinceMs = state.timeMs;
    const seconds = figure(lowForMs / 1_000);
    step(turn, signalId, body, 1, `below ${LOW_UTILIZATION} for ${seconds} s`);
  }
}

function note(known: ResourceState, utilization: number, nowMs: number): void {
  known.highCount = utilization > HIGH_UTILIZATION ? known.highCount + 1 : 0;
  if (utilization < LOW_UTILIZATION) known.lowSinceMs ??= nowMs;
  else known.lowSinceMs = null;
}

function step(
  turn: Turn,
  signalId: string,
  body: SignalBodies["resource_optimization"],
  delta: 1 | -1,
  why: string,
): void {
  const { resource_type: resource, utilization } = body;
  begin(turn, "resource_optimization", {
    signalId,
    subject: resource,
    direction: delta,
    stream: resource,
    sign: delta < 0 ? 1 : -1,
    target: { service: "optimizer", setting: "execution_parallelism", series: null },
    command: { name: "adjust_parallelism", delta },
    reason: `utilization ${figure(utilization)} of ${resource} is ${why}: one ${delta < 0 ? "less" : "more"}`,
    objective: "utilization_distance",
    before: distanceFromBand(utilization),
    basis: utilization,
  });
}

/** Predicts utilization in proportion to the parallelism that the step left. */
function onApplied(_turn: Turn, action: OpenAction): void {
  const { from, to, basis, phase } = action;
  if (phase !== "judging") return;
  if (typeof from !== "number" || typeof to !== "number" || basis === null || from <= 0) return;
  action.predicted = distanceFromBand(Math.min(1, (basis * to) / from));
}

export const resourceOptimization: LoopRules<"resource_optimization"> = {
  goal: GOAL,
  receive,
  onApplied,
};
