import {
  type LabelVerdict,
  type LearnerInput,
  MessageError,
  type SettingValue,
  seriesKey,
  type ThresholdSide,
} from "@mapek/core/contract";
import { forgetOldest } from "@mapek/core/forget-oldest";
import { exclude, factorAt, type SeriesEvent, steadyFactor } from "@mapek/core/learning";
import { clamp, type LabelOutcome } from "@mapek/core/statistics";
import type { Output } from "@mapek/runtime";
import { outputsOf, refusedSeries } from "./outputs.ts";
import type { Series } from "./series/series.ts";
import { seriesOf, seriesOfSystem } from "./series/series-table.ts";
import { isDone, type LearnerState, ownRules, rulesOf, settingsOf } from "./state.ts";

type CommandInput = Extract<LearnerInput, { kind: "command" }>;

/** Number of action ids that are remembered, so that a repeated command is done once. */
const REMEMBERED_COMMANDS = 10_000;

/**
 * Carries out a command of the feedback service. A command about one series is confirmed, whether applied or
 * refused; a command about a whole system reaches every partition and is not confirmed.
 */
export function receiveCommand(state: LearnerState, input: CommandInput): Output[] {
  const { command, system } = input;
  if (state.done.has(input.action_id)) return [];
  state.done.add(input.action_id);
  forgetOldest(state.done, REMEMBERED_COMMANDS);
  if (command.name === "scale_sensitivity" && command.metric === null) {
    scaleSystem(state, input, command.factor);
    for (const { learner } of seriesOfSystem(state, system))
      learner.applySensitivity(rulesOf(state, system).sensitivityFactor);
    return [];
  }
  const key = seriesKey(system, command.metric as string, command.labels);
  if (isDone(state, key)) return [];
  const series = state.series.get(key);
  if (series === undefined) return [confirmation(input, false, null, null, "no such series")];
  if (command.name === "scale_sensitivity") return [scaleSensitivity(series, input, command)];
  return state.totals.around(series, () => setThreshold(series, input, command));
}

/**
 * Scales the sensitivity of a series. A label that names an anomaly also teaches its kind: a false alarm makes that
 * kind need more evidence, a missed one less. Where the kind was learned, the sensitivity moves by the weaker
 * `known_kind_factor`; where not, the confirmation says why.
 */
function scaleSensitivity(
  { learner }: Series,
  input: CommandInput,
  command: Extract<CommandInput["command"], { name: "scale_sensitivity" }>,
): Output {
  const { anomaly_opened_at: openedAt, verdict, weight = 1, known_kind_factor } = command;
  const outcome =
    openedAt === undefined || verdict === undefined
      ? "unknown"
      : learner.judge.label(openedAt, verdict, weight, input.time);
  const factor = outcome === "learned" ? (known_kind_factor ?? command.factor) : command.factor;
  const from = learner.judge.settings.sensitivity;
  const to = learner.scaleSensitivity(factor, input.time);
  const lesson = LESSONS[outcome](verdict);
  return confirmation(input, true, from, to, `sensitivity × ${factor}${lesson}`);
}

/** What a label taught, as a part of the confirmation's reason. */
const LESSONS: { readonly [O in LabelOutcome]: (verdict: LabelVerdict | undefined) => string } = {
  learned: (verdict) =>
    verdict === "false_negative"
      ? ", and its kind is told from now on"
      : `, and ${verdict} for its kind`,
  learned_in_part: () => "; of its kind only what is rarer than the missed one is told from now on",
  silenced: () => "; labels of false alarms still silence its kind",
  nothing_unusual: () =>
    "; no kind learned: around that time nothing was unusual that was not told",
  unknown: () => "",
};

function setThreshold(
  series: Series,
  input: CommandInput,
  command: Extract<CommandInput["command"], { name: "set_threshold" }>,
): Output[] {
  const { learner } = series;
  const { side = "upper" } = command;
  const inForce = learner.threshold(side);
  const from = learner.thresholdNow(side);
  if (inForce?.pinned) return [confirmation(input, false, from, from, "the threshold is pinned")];
  if (command.only_first && from !== null)
    return [confirmation(input, false, from, from, "a threshold is in force already")];
  if (learner.frozen) return [confirmation(input, false, from, from, "the series is frozen")];
  const { threshold, strategy, confidence, reasoning, source, moved_from, at, rate } = command;
  const next = {
    threshold,
    strategy,
    confidence,
    reasoning,
    source,
    pinned: false,
    action_id: input.action_id,
    // Time of the newest sample, not of the clock: the threshold moves with the time of the samples, which may be behind.
    timestamp: learner.window.newestTime ?? input.time,
    movedFrom: moved_from,
    at,
    rate,
  };
  const event = learner.setThreshold(side, next);
  const to = learner.thresholdNow(side) ?? threshold;
  return [...outputsOf(series, event), confirmation(input, true, from, to, reasoning)];
}

/** Multiplies the sensitivity factor of a whole system, within sensitivities of 0.1–10. The factor decays to its base. */
function scaleSystem(state: LearnerState, { system, time }: CommandInput, by: number): void {
  const { sensitivity, sensitivity_half_life_seconds } = settingsOf(state);
  const rules = ownRules(state, system);
  const now = factorAt(rules.sensitivityFactor, time, sensitivity_half_life_seconds * 1_000);
  const factor = bounded(sensitivity * now * by) / sensitivity;
  rules.sensitivityFactor = { base: rules.sensitivityFactor.base, factor, since: time };
}

const bounded = (sensitivity: number): number => clamp(sensitivity, 0.1, 10);

function confirmation(
  input: CommandInput,
  applied: boolean,
  from: SettingValue,
  to: SettingValue,
  reason: string,
): Output {
  const { action_id, system, time } = input;
  return {
    to: "feedback",
    key: system,
    input: { version: 1, kind: "confirmation", time, system, action_id, applied, from, to, reason },
  };
}

type ControlInput = Extract<LearnerInput, { kind: "control" }>;

/** Carries out an operator's command for one series, which is created where it is new, or for a whole system. */
export function receiveControl(
  state: LearnerState,
  { control, system, time }: ControlInput,
): Output[] {
  const targets = targetsOf(state, system, control);
  if (targets instanceof MessageError)
    return [refusedSeries(seriesKey(system, control.metric ?? "", control.labels), time, targets)];
  const whole = control.metric === undefined ? ownRules(state, system) : undefined;
  switch (control.command) {
    case "pin":
      return targets.flatMap((series) =>
        outputsOf(
          series,
          state.totals.around(series, () => pinned(series, control, time)),
        ),
      );
    case "unpin":
      return targets.flatMap((series) =>
        unpinned(series, control.side ?? "upper", time).flatMap((event) =>
          outputsOf(series, event),
        ),
      );
    case "freeze":
    case "unfreeze": {
      const frozen = control.command === "freeze";
      if (whole !== undefined) whole.frozen = frozen;
      for (const { learner } of targets) learner.frozen = frozen;
      return [];
    }
    case "exclude":
      if (whole !== undefined) whole.excluded = exclude(whole.excluded, control.from, control.to);
      for (const { learner } of targets) learner.exclude(control.from, control.to);
      return [];
    case "set_sensitivity":
      if (whole !== undefined)
        whole.sensitivityFactor = steadyFactor(
          bounded(control.sensitivity) / settingsOf(state).sensitivity,
        );
      for (const { learner } of targets) {
        learner.applySensitivity(rulesOf(state, system).sensitivityFactor);
        learner.setSensitivity(control.sensitivity, time);
      }
      return [];
  }
}

function targetsOf(
  state: LearnerState,
  system: string,
  { metric, labels }: ControlInput["control"],
): Series[] | MessageError {
  if (metric === undefined) return seriesOfSystem(state, system);
  const key = seriesKey(system, metric, labels);
  const series = seriesOf(state, key);
  if (series instanceof MessageError) return series;
  return isDone(state, key) ? [] : [series];
}

function pinned(
  series: Series,
  { side = "upper", threshold, reason }: Extract<ControlInput["control"], { command: "pin" }>,
  timestamp: number,
): SeriesEvent {
  const reasoning = reason ?? "pinned by an operator";
  return series.learner.setThreshold(side, {
    threshold,
    strategy: "manual",
    confidence: 1,
    reasoning,
    source: "operator",
    pinned: true,
    action_id: null,
    timestamp,
  });
}

function unpinned({ learner }: Series, side: ThresholdSide, timestamp: number): SeriesEvent[] {
  const current = learner.threshold(side);
  if (current === null || !current.pinned) return [];
  const { previous: _, ...rest } = current;
  return [
    learner.setThreshold(side, {
      ...rest,
      threshold: learner.thresholdNow(side) ?? rest.threshold,
      pinned: false,
      reasoning: "unpinned by an operator",
      timestamp,
    }),
  ];
}
