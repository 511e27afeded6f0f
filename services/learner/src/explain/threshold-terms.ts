import {
  isOutput,
  type OutputOf,
  reasonWithoutAnswer,
  showNumber,
  type Threshold,
} from "@mapek/core/contract";
import { thresholdAt } from "@mapek/core/curve";
import type { Found, Trail } from "@mapek/runtime";

/** The recommendation that led to a threshold. */
const recommendationOf = ({ origin }: Trail): OutputOf<"recommendations"> | undefined =>
  origin !== undefined && isOutput("recommendations", origin) ? origin : undefined;

/** The rule that decided, with its numbers, and the threshold at the time `at` (ms). */
export const ruleOf = (threshold: Threshold, trail: Trail, at: number): string =>
  `${decidedBy(threshold, trail, thresholdAt(threshold, at))}${ofTheDay(threshold)}`;

/** Sentence about the daily curve of a threshold; empty where there is none. */
function ofTheDay({ schedule = [] }: Threshold): string {
  if (schedule.length === 0) return "";
  const values = schedule.map(([, value]) => value);
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  return ` It follows the series' day: ${showNumber(lowest)} to ${showNumber(highest)} in the hours that are expected.`;
}

function decidedBy(
  { source, reasoning, pinned, previous }: Threshold,
  { actions: [action], hasFollowed }: Trail,
  value: number,
): string {
  switch (source) {
    case "operator":
      return pinned
        ? `An operator pinned it at ${showNumber(value)}: ${reasoning}.`
        : `${reasoning}: it stays ${showNumber(value)} until a loop moves it.`;
    case "rollback":
      return `${reasoning}: ${showNumber(previous)} -> ${showNumber(value)}.`;
    default: {
      if (action === undefined) return `Set to ${showNumber(value)} by a ${source}: ${reasoning}.`;
      const why = reasonWithoutAnswer(action.message.reason, reasoning);
      return hasFollowed
        ? `${why}; it has followed what is learned since then, and is ${showNumber(value)}.`
        : `${why}, so it is ${showNumber(value)}.`;
    }
  }
}

type Inputs = Found["inputs"];

const UNITS: Readonly<Record<string, string>> = {
  time_to_threshold_ms: "ms",
  slope_per_hour: "per hour",
  data_points: "samples",
};

/** Inputs of the rule: the threshold in force before, the proposed one, and the data behind the recommendation. */
export function inputsOf(threshold: Threshold, trail: Trail): Inputs {
  const {
    signal,
    actions: [action],
  } = trail;
  const inputs: Inputs = [
    { name: "in_force_before", value: threshold.previous },
    { name: "confidence", value: threshold.confidence },
  ];
  if (signal !== undefined) {
    const { source, signal: said } = signal.message;
    inputs.push({ name: "source", value: source });
    if (typeof said.threshold_value === "number")
      inputs.push({ name: "proposed", value: said.threshold_value });
  }
  if (action !== undefined) inputs.push({ name: "damping", value: action.message.damping });
  const recommendation = recommendationOf(trail);
  if (recommendation === undefined) return inputs;
  const { recommended_value, strategy, supporting_data } = recommendation.message;
  inputs.push({ name: "recommended_value", value: recommended_value });
  inputs.push({ name: "strategy", value: strategy });
  for (const [name, value] of Object.entries(supporting_data))
    inputs.push({ name, value, ...(UNITS[name] !== undefined && { unit: UNITS[name] }) });
  return inputs;
}

/** Candidates: the strategies of a recommendation; without one the thresholds before and after, and the proposed one. */
export function candidatesOf(threshold: Threshold, trail: Trail): Found["candidates"] {
  const recommendation = recommendationOf(trail);
  if (recommendation !== undefined) {
    const { candidates, strategy, supporting_data } = recommendation.message;
    return Object.entries(candidates).map(([name, value]) => {
      const loss = supporting_data[`loss_${name}`];
      return {
        name,
        value,
        chosen: name === strategy,
        ...(typeof loss === "number" && { detail: `backtest loss ${showNumber(loss)}` }),
      };
    });
  }
  const proposed = trail.signal?.message.signal;
  const found: Found["candidates"] = [];
  if (threshold.previous !== null)
    found.push({ name: "in force before", value: threshold.previous, chosen: false });
  if (typeof proposed?.threshold_value === "number")
    found.push({
      name: "proposed",
      value: proposed.threshold_value,
      chosen: proposed.threshold_value === threshold.threshold,
    });
  if (!found.some(({ chosen }) => chosen))
    found.push({ name: threshold.source, value: threshold.threshold, chosen: true });
  return found;
}
