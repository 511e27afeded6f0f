import { clamp, figure } from "@mapek/core/statistics";
import { FIELD } from "../performance-window.ts";
import type { OptimizerState } from "../state.ts";
import type { Moved } from "./adaptation-state.ts";
import { bestStretch, expectedLoss, isTroubled } from "./interval-cost.ts";
import { mayFall, mayRise, move } from "./lever.ts";
import { beginStep } from "./trials.ts";

/** Largest share of the monitoring interval that a cycle may take; beyond this share the interval grows. */
const MOST_OF_INTERVAL = 0.5;

/** The multiple of the row's interval that the objective asks for (see interval-cost.ts), inside the bounds. */
export function stretchWanted(state: OptimizerState, cost: number): number {
  const { bounds } = state;
  const best = Math.max(bestStretch(state.adaptation.looks, cost), stretchNeeded(state));
  return clamp(best, bounds.minStretch, bounds.maxStretch);
}

/** Multiple of the row's interval at which a cycle takes half of the interval; 0 where no latency is reported. */
function stretchNeeded({ window, row }: OptimizerState): number {
  const latency = window.means[FIELD.cycle_latency] as number;
  return Number.isNaN(latency) ? 0 : latency / (row.monitoring_interval * MOST_OF_INTERVAL);
}

/**
 * Moves the monitoring interval by one step where one is due. Trouble shortens the interval by at most
 * `decrease_step` at once, and the step is undone if the second report finds no trouble. Cheaper cycles alone
 * shorten it only after `increase_hold_reports`. A raise is at most `adaptation_step`, a canary first.
 */
export function nextIntervalStep(
  state: OptimizerState,
  wanted: number,
  cost: number,
  isTrying: boolean,
): Moved | undefined {
  const { adaptation, settings } = state;
  const lever = adaptation.interval;
  const stretch = lever.value;
  const hasTrouble = isTroubled(adaptation.looks);
  if (
    mayFall(lever, settings) &&
    (hasTrouble || lever.fallsFor >= settings.increase_hold_reports)
  ) {
    const to = Math.max(wanted, stretch - settings.decrease_step);
    const open = adaptation.step;
    const before =
      open?.kind === "cut" && open.setting === "monitoring_interval" ? open.undo : null;
    if (isTrying) begin(state, "cut", to, hasTrouble ? (before ?? stretch) : null, null, cost);
    return moved(state, to, "full", cost);
  }
  if (adaptation.step !== null || !mayRise(lever, settings)) return undefined;
  const whole = Math.min(wanted, stretch + settings.adaptation_step);
  const isForced = stretchNeeded(state) > stretch;
  const to = isTrying ? stretch + (whole - stretch) * settings.canary_share : whole;
  const rest = to < whole ? whole : null;
  if (isTrying) begin(state, "raise", to, isForced ? null : stretch, rest, cost);
  return moved(state, to, rest === null ? "full" : "canary", cost);
}

function begin(
  state: OptimizerState,
  kind: "raise" | "cut",
  to: number,
  undo: number | null,
  rest: number | null,
  cost: number,
): void {
  const { looks } = state.adaptation;
  const seconds = state.row.monitoring_interval;
  beginStep(state, {
    setting: "monitoring_interval",
    objective: "look_loss",
    kind,
    from: seconds * state.adaptation.interval.value,
    to: seconds * to,
    undo,
    rest,
    before: looks.losses,
    predicted: expectedLoss(looks, cost, to),
  });
}

function moved(state: OptimizerState, to: number, phase: "full" | "canary", cost: number): Moved {
  const lever = state.adaptation.interval;
  const { window, row } = state;
  const from = row.monitoring_interval * lever.value;
  const latency = window.means[FIELD.cycle_latency] as number;
  const why =
    to > lever.value && stretchNeeded(state) > lever.value
      ? `mean cycle_latency ${figure(latency)} s is ${figure((latency / from) * 100)} % of the interval`
      : describeLooks(state, cost);
  move(lever, to);
  const next = row.monitoring_interval * to;
  return { reason: `${why}: monitoring_interval ${figure(from)} → ${figure(next)} s`, phase };
}

function describeLooks({ adaptation: { looks } }: OptimizerState, cost: number): string {
  const { trouble, usualTrouble, usualCost } = looks;
  const found = `looks lately find ${figure(trouble)} pressure beyond normal, in the long run ${figure(usualTrouble)}`;
  return Number.isNaN(cost)
    ? found
    : `${found}, and take ${figure(cost)} CPU s, usually ${figure(usualCost)}`;
}
