import type { SystemState } from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import { FIELD, type PerformanceField, type PerformanceWindow } from "../performance-window.ts";
import type { OptimizerState } from "../state.ts";
import {
  CRITICAL_LINES,
  type Lines,
  OPTIMIZING_QUALITY,
  RECOVERED_QUALITY,
  WARNING_LINES,
} from "./state-machine.ts";

const UNITS = { cpu_usage: " %", memory_usage: " %", cycle_latency: " s" } as const;
type LineMeasure = keyof Lines;
const LINE_MEASURES = Object.keys(UNITS) as LineMeasure[];

/** Why a state follows from the means, as a sentence with the numbers that decided. Built before the state changes. */
export function whyEntered(state: OptimizerState, to: SystemState): string {
  const { window } = state;
  const quality = window.means[FIELD.decision_quality] as number;
  switch (to) {
    case "critical":
      return above(window, CRITICAL_LINES).join(" and ");
    case "optimizing":
      return [
        ...above(window, WARNING_LINES),
        `mean decision_quality ${figure(quality)} > ${OPTIMIZING_QUALITY}`,
      ].join(" and ");
    case "degraded": {
      const measures = above(window, WARNING_LINES);
      if (state.state === "critical") measures.push("no measure holds critical any more");
      else if (Number.isNaN(quality)) measures.push("no decision_quality is reported");
      else measures.push(`mean decision_quality ${figure(quality)} ≤ ${OPTIMIZING_QUALITY}`);
      return measures.join(" and ");
    }
    case "recovering":
      return below(state, state.state === "critical" ? CRITICAL_LINES : WARNING_LINES);
    case "healthy":
      if (state.state !== "recovering") return below(state, WARNING_LINES);
      if (Number.isNaN(quality))
        return `no decision_quality is reported and recovering lasted ${lasted(state)} s`;
      return `mean decision_quality ${figure(quality)} > ${RECOVERED_QUALITY} has held for ${heldFor(state)} s`;
  }
}

function above(window: PerformanceWindow, lines: Lines): string[] {
  return LINE_MEASURES.filter((measure) => mean(window, measure) > lines[measure]).map(
    (measure) =>
      `mean ${measured(window, measure)} > ${lines[measure]}${UNITS[measure]} over ${reports(window, measure)}`,
  );
}

function below(state: OptimizerState, lines: Lines): string {
  const { window } = state;
  const known = LINE_MEASURES.filter((measure) => !Number.isNaN(mean(window, measure)));
  const parts = known.map(
    (measure) =>
      `mean ${measured(window, measure)} over ${reports(window, measure)} (line ${lines[measure]}${UNITS[measure]})`,
  );
  const margin = `${figure(state.settings.hysteresis * 100)} %`;
  return parts.length === 0
    ? "no measure that could hold the state is reported"
    : `every measure is at least ${margin} below its line: ${parts.join(", ")}`;
}

const mean = (window: PerformanceWindow, field: PerformanceField): number =>
  window.means[FIELD[field]] as number;

const measured = (window: PerformanceWindow, measure: LineMeasure): string =>
  `${measure} ${figure(mean(window, measure))}${UNITS[measure]}`;

function reports(window: PerformanceWindow, measure: LineMeasure): string {
  const count = window.carriers(measure);
  return count === 1 ? "1 report" : `${count} reports`;
}

const lasted = (state: OptimizerState): string =>
  figure((state.timeMs - (state.enteredAtMs ?? state.timeMs)) / 1_000);

const heldFor = (state: OptimizerState): string =>
  figure((state.timeMs - (state.qualityHeldSinceMs ?? state.timeMs)) / 1_000);
