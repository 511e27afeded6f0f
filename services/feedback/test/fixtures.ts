import {
  type Action,
  action,
  type Feedback,
  type FeedbackControl,
  type FeedbackInput,
  type FeedbackSettings,
  feedback,
  feedbackInput,
  feedbackSettings,
  type LearnerCommand,
  type Loop,
  learnerInput,
  type OptimizerCommand,
  optimizerInput,
  type Recommendation,
  type SettingValue,
  type SignalInputs,
  signals,
} from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { feedbackActor } from "../src/actor.ts";
import type { FeedbackState } from "../src/state.ts";

type Changes = { [K in keyof FeedbackSettings]?: FeedbackSettings[K] | undefined };

const SYSTEM = "checkout";
const START_MS = 1_760_000_000_000;

/** A command as it was sent: to whom, by which key and under which id. */
export interface Sent {
  to: "learner" | "optimizer";
  key: string | null;
  id: string;
  command: LearnerCommand | OptimizerCommand;
}

/** One actor, its clock, and all that it has said. */
export class Subject {
  state: FeedbackState;
  timeMs = START_MS;
  readonly outputs: Output[] = [];
  private signals = 0;

  constructor(changes: Changes = {}) {
    this.state = feedbackActor.create(SYSTEM);
    this.settings(changes);
  }

  send(input: FeedbackInput): Output[] {
    const checked = feedbackInput.check(input);
    if (!checked.ok) throw checked.error;
    const outputs = feedbackActor.receive(this.state, checked.value);
    this.outputs.push(...outputs);
    return outputs;
  }
  settings(changes: Changes): Output[] {
    const settings = feedbackSettings.parse(changes);
    return this.send({ version: 1, time: this.timeMs, kind: "settings", settings });
  }
  /** One signal `seconds` after the last input, validated as the front door does. */
  signal<L extends Loop>(
    loop: L,
    body: SignalInputs[L],
    {
      seconds = 1,
      id = `s-${++this.signals}`,
      source = "test",
      proven = false,
    }: { seconds?: number; id?: string; source?: string; proven?: boolean } = {},
  ): Output[] {
    this.timeMs += seconds * 1_000;
    const checked = signals[loop].check(body);
    if (!checked.ok) throw checked.error;
    const signal = checked.value as unknown as Record<string, unknown>;
    return this.send({ ...this.about(), kind: "signal", loop, id, source, proven, signal });
  }
  /** @param rate How fast the one in force follows what is learned. */
  recommend(changes: Partial<Recommendation>, inForce: number | null, rate?: number): Output[] {
    this.timeMs += 1_000;
    const recommendation: Recommendation = {
      version: 1,
      system: SYSTEM,
      metric: "latency_ms",
      labels: {},
      recommended_value: 200,
      confidence: 0.9,
      strategy: "percentile",
      reasoning: "P95 of 100 samples",
      candidates: { percentile: 200, sigma: 210, iqr: 220, adaptive: 205 },
      supporting_data: {},
      provisional: false,
      timestamp: this.timeMs,
      ...changes,
    };
    const kind = "recommendation";
    const following = rate === undefined ? {} : { in_force_rate: rate };
    return this.send({ ...this.about(), kind, recommendation, in_force: inForce, ...following });
  }
  /** The optimizer says which learning rate holds. */
  learningRate(learning_rate: number): Output[] {
    return this.send({
      ...this.about(),
      kind: "parameters",
      parameters: {
        version: 1,
        system: SYSTEM,
        monitoring_interval: 60,
        analysis_depth: 100,
        planning_lookahead: 300,
        execution_parallelism: 4,
        knowledge_retention: 604_800,
        learning_rate,
        state: "healthy",
        mode: "apply",
        changed: [],
        reason: "test",
        timestamp: this.timeMs,
      },
    });
  }
  confirm(id: string, from: SettingValue, to: SettingValue): Output[] {
    return this.answer(id, true, from, to);
  }
  refuse(id: string, value: SettingValue): Output[] {
    return this.answer(id, false, value, value);
  }
  outcome(
    id: string,
    before: number,
    after: number,
    measured: { expected?: number; noise_variance?: number; samples?: number } = {},
  ): Output[] {
    this.timeMs += 1_000;
    const kind = "outcome";
    return this.send({
      ...this.about(),
      kind,
      action_id: id,
      objective: "any",
      before,
      after,
      ...measured,
    });
  }
  control(control: FeedbackControl): Output[] {
    return this.send({ ...this.about(), kind: "control", control });
  }
  tick(seconds: number): Output[] {
    this.timeMs += seconds * 1_000;
    return this.send({ version: 1, time: this.timeMs, kind: "tick" });
  }
  restart(): void {
    this.state = feedbackActor.load(feedbackActor.save(this.state));
  }
  /** What the `effectiveness` verb says of a loop. */
  loop(loop: Loop): Record<string, unknown> {
    const [item] = feedbackActor.query(this.state, "effectiveness", { loop });
    return item as Record<string, unknown>;
  }
  private answer(id: string, applied: boolean, from: SettingValue, to: SettingValue): Output[] {
    this.timeMs += 1;
    const reason = applied ? "done" : "pinned by an operator";
    const kind = "confirmation";
    return this.send({ ...this.about(), kind, action_id: id, applied, from, to, reason });
  }
  private about() {
    return { version: 1 as const, time: this.timeMs, system: SYSTEM };
  }
}

export const signalsIn = (outputs: readonly Output[]): Feedback[] =>
  outputs.flatMap((output) =>
    output.to === "log" && output.family === "feedback"
      ? [feedback.schema.parse(output.message)]
      : [],
  );

export const actionsIn = (outputs: readonly Output[]): Action[] =>
  outputs.flatMap((output) =>
    output.to === "log" && output.family === "actions" ? [action.schema.parse(output.message)] : [],
  );

export const commandsIn = (outputs: readonly Output[]): Sent[] =>
  outputs.flatMap((output): Sent[] => {
    if (output.to !== "learner" && output.to !== "optimizer") return [];
    const checked =
      output.to === "learner"
        ? learnerInput.check(output.input)
        : optimizerInput.check(output.input);
    if (!checked.ok) throw checked.error;
    if (output.input.kind !== "command") return [];
    const { action_id: id, command } = output.input;
    return [{ to: output.to, key: output.key, id, command }];
  });

/** The one command of these outputs. */
export function onlyCommand(outputs: readonly Output[]): Sent {
  const [command, ...more] = commandsIn(outputs);
  if (command === undefined || more.length > 0)
    throw new Error(`expected one command, got ${more.length + (command ? 1 : 0)}`);
  return command;
}
