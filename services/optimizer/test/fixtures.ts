import {
  type Confirmation,
  type OptimizerControl,
  type OptimizerInput,
  type OptimizerSettings,
  type Outcome,
  optimizerInput,
  optimizerSettings,
  type Parameters,
  parameters,
  type SystemState,
  type Transition,
  transition,
} from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { optimizerActor } from "../src/actor.ts";
import type { Measurements } from "../src/performance-window.ts";
import type { OptimizerState } from "../src/state.ts";

type Partial_<T> = { [K in keyof T]?: T[K] | undefined };
type Command = Extract<OptimizerInput, { kind: "command" }>["command"];

const SYSTEM = "checkout";
export const START_MS = 1_760_000_000_000;

export const CALM = {
  cpu_usage: 30,
  memory_usage: 40,
  cycle_latency: 0.5,
  decision_quality: 0.95,
} as const;
export const BUSY = { ...CALM, cpu_usage: 65 } as const;
export const OVERLOADED = { ...CALM, cpu_usage: 95 } as const;

/** No dwell, hold, or flap budget in the way of the entry rules. */
export const UNHELD = {
  min_dwell_seconds: 0,
  recovery_hold_seconds: 0,
  flap_budget: 1_000,
} as const;

export const settingsOf = (changes: Partial_<OptimizerSettings> = {}): OptimizerSettings =>
  optimizerSettings.parse(changes);

/** One actor, its clock, and all that it has said. */
export class Subject {
  state: OptimizerState;
  timeMs = START_MS;
  readonly outputs: Output[] = [];
  private actions = 0;

  constructor(changes: Partial_<OptimizerSettings> = {}) {
    this.state = optimizerActor.create(SYSTEM);
    this.settings(changes);
  }

  send(input: OptimizerInput): Output[] {
    const checked = optimizerInput.check(input);
    if (!checked.ok) throw checked.error;
    const outputs = optimizerActor.receive(this.state, checked.value);
    this.outputs.push(...outputs);
    return outputs;
  }
  settings(changes: Partial_<OptimizerSettings>): Output[] {
    const settings = settingsOf(changes);
    return this.send({ version: 1, time: this.timeMs, kind: "settings", settings });
  }
  /** One report `seconds` after the last input. */
  report(performance: Measurements, seconds = 1): Output[] {
    this.timeMs += seconds * 1_000;
    const input = { ...this.about(), kind: "performance" as const, performance };
    return this.send(input);
  }
  /** Ten equal reports: the means are their values. */
  fill(performance: Measurements, seconds = 1): Output[] {
    return Array.from({ length: 10 }, () => this.report(performance, seconds)).flat();
  }
  tick(seconds: number): Output[] {
    this.timeMs += seconds * 1_000;
    return this.send({ version: 1, time: this.timeMs, kind: "tick" });
  }
  control(control: OptimizerControl): Output[] {
    return this.send({ ...this.about(), kind: "control", control });
  }
  force(state: SystemState | null): Output[] {
    return this.control({ command: "force_state", state });
  }
  command(command: Command, actionId = `a-${++this.actions}`): Output[] {
    return this.send({ ...this.about(), kind: "command", action_id: actionId, command });
  }
  /** Saves and loads the state, as a restart does. */
  restart(): void {
    this.state = optimizerActor.load(optimizerActor.save(this.state));
  }
  get parameters(): Parameters {
    const [last] = parametersIn(this.outputs).slice(-1);
    if (last === undefined) throw new Error("no parameters were published");
    return last;
  }
  private about() {
    return { version: 1 as const, time: this.timeMs, system: SYSTEM };
  }
}

export const parametersIn = (outputs: readonly Output[]): Parameters[] =>
  outputs.flatMap((output) =>
    output.to === "log" && output.family === "parameters"
      ? [parameters.schema.parse(output.message)]
      : [],
  );

export const transitionsIn = (outputs: readonly Output[]): Transition[] =>
  outputs.flatMap((output) =>
    output.to === "log" && output.family === "transitions"
      ? [transition.schema.parse(output.message)]
      : [],
  );

const toFeedback = (outputs: readonly Output[]) =>
  outputs.flatMap((output) => (output.to === "feedback" ? [output.input] : []));

export const confirmationsIn = (outputs: readonly Output[]): Confirmation[] =>
  toFeedback(outputs).flatMap((input) => (input.kind === "confirmation" ? [input] : []));

export const outcomesIn = (outputs: readonly Output[]): Outcome[] =>
  toFeedback(outputs).flatMap((input) => (input.kind === "outcome" ? [input] : []));

/** A subject that the measures have brought into `state`, with the row untouched by adaptation. */
export function subjectIn(state: SystemState, changes: Partial_<OptimizerSettings> = {}): Subject {
  const subject = new Subject({ ...UNHELD, ...changes });
  switch (state) {
    case "healthy":
      subject.report(CALM);
      break;
    case "optimizing":
      subject.report(BUSY);
      break;
    case "degraded":
      subject.report({ ...BUSY, decision_quality: 0.5 });
      break;
    case "critical":
      subject.report(OVERLOADED);
      break;
    case "recovering":
      subject.report(OVERLOADED);
      subject.command({ name: "re_evaluate", cpu_usage: 30 });
      break;
  }
  return subject;
}
