import {
  anomaly,
  change,
  encodeSampleBatch,
  feedbackInput,
  type LearnerCommand,
  type LearnerControl,
  type LearnerInput,
  type LearnerSettings,
  learnerInput,
  learnerSettings,
  recommendation,
  rejected,
  type SampleBatch,
  threshold,
} from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { expect } from "vitest";
import { loadState, saveState } from "../../../test/support/state-bytes.ts";
import { type LearnerMessage, learnerLogic } from "../src/actor.ts";
import type { LearnerState } from "../src/state.ts";

const START = 1_760_000_000_000;
export const at = (second: number): number => START + second * 1_000;

/** A sample: series key, second, value. */
export type Row = readonly [key: string, second: number, value: number];

export function batchOf(rows: readonly Row[], history = false): SampleBatch {
  const series = [...new Set(rows.map(([key]) => key))];
  return {
    history,
    series,
    index: Uint16Array.from(rows, ([key]) => series.indexOf(key)),
    times: Float64Array.from(rows, ([, second]) => at(second)),
    values: Float64Array.from(rows, ([, , value]) => value),
  };
}

/** Values 1…9 in turns, one a second. */
export const steady = (key: string, count: number, from = 0): Row[] =>
  Array.from({ length: count }, (_, i) => [key, from + i, 1 + ((i * 7) % 9)]);

/** A steady series with values a hundred times as large at its end. */
export const burst = (key: string, calm: number, wild: number, from = 0): Row[] => [
  ...steady(key, calm, from),
  ...steady(key, wild, from + calm).map(
    ([name, second, value]): Row => [name, second, 500 + value],
  ),
];

/** A learner partition as the partition host runs it: messages go through their stored form. */
export class Partition {
  state: LearnerState = learnerLogic.create(0);
  /** Everything that was folded, in order. */
  readonly folded: LearnerMessage[] = [];

  samples(rows: readonly Row[], history = false): Output[] {
    return this.fold("mapek-kb.samples.0", encodeSampleBatch(batchOf(rows, history)));
  }

  control(control: LearnerControl, system = "checkout", second = 0): Output[] {
    return this.input({ version: 1, kind: "control", time: at(second), system, control });
  }

  command(actionId: string, command: LearnerCommand, system = "checkout", second = 0): Output[] {
    return this.input({
      version: 1,
      kind: "command",
      time: at(second),
      system,
      action_id: actionId,
      command,
    });
  }

  settings(changes: Partial<LearnerSettings>): Output[] {
    const settings = { ...learnerSettings.parse({}), ...changes };
    return this.input({ version: 1, kind: "settings", time: START, settings });
  }

  tick(second: number): Output[] {
    return this.input({ version: 1, kind: "tick", time: at(second) });
  }

  admission(newSeries: boolean, second = 0): Output[] {
    return this.input({
      version: 1,
      kind: "admission",
      time: at(second),
      new_series: newSeries,
    });
  }

  ask(verb: string, system?: string, request: object = {}): Record<string, unknown>[] {
    return learnerLogic.query(this.state, verb, system, request) as Record<string, unknown>[];
  }

  /** Forgets everything but the stored bytes. */
  restart(): void {
    this.state = loadState(learnerLogic, saveState(learnerLogic, this.state));
  }

  input(input: LearnerInput): Output[] {
    return this.fold("mapek-kb.in.learner.0", learnerInput.encodeMsgpack(input));
  }

  fold(subject: string, bytes: Uint8Array): Output[] {
    const decoded = learnerLogic.decode(subject, bytes);
    if (!decoded.ok) throw decoded.error;
    this.folded.push(decoded.value);
    const outputs = learnerLogic.receive(this.state, decoded.value as LearnerMessage);
    for (const output of outputs) expectValid(output);
    return outputs;
  }
}

interface Family {
  encode(message: object): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  recommendations: recommendation,
  thresholds: threshold,
  anomalies: anomaly,
  changes: change,
  rejected,
};

/** Every output is what its message family says, after the way over the wire. */
function expectValid(output: Output): void {
  if (output.to === "log") {
    const family = FAMILIES[output.family];
    if (family === undefined) throw new Error(`the learner writes no ${output.family}`);
    expect(family.decode(family.encode(output.message))).toEqual({
      ok: true,
      value: output.message,
    });
  } else if (output.to === "latest")
    expect(output.message === null || threshold.check(output.message).ok).toBe(true);
  else if (output.to === "feedback")
    expect(feedbackInput.decode(feedbackInput.encodeMsgpack(output.input))).toEqual({
      ok: true,
      value: output.input,
    });
  else throw new Error(`the learner writes nothing to ${output.to}`);
}

/** Messages of one public family among outputs. */
export function logged<T = Record<string, unknown>>(
  outputs: readonly Output[],
  family: string,
): T[] {
  return outputs.flatMap((output) =>
    output.to === "log" && output.family === family ? [output.message as T] : [],
  );
}

/** Inputs of the feedback service among outputs. */
export const toFeedback = (outputs: readonly Output[]) =>
  outputs.flatMap((output) => (output.to === "feedback" ? [output.input] : []));

export const setThreshold = (
  threshold: number,
  metric = "latency",
  labels: Record<string, string> = {},
): LearnerCommand => ({
  name: "set_threshold",
  metric,
  labels,
  threshold,
  strategy: "percentile",
  confidence: 0.8,
  reasoning: "a test",
  source: "recommendation",
});

export const scale = (factor: number, metric: string | null = "latency"): LearnerCommand => ({
  name: "scale_sensitivity",
  metric,
  labels: {},
  factor,
});
