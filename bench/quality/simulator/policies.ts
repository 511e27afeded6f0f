import {
  DEFAULT_PROFILE,
  type OptimizerInput,
  type OptimizerSettings,
  optimizerSettings,
  type Parameters,
  type Performance,
} from "@mapek/core/contract";
import { optimizerActor } from "../../../services/optimizer/src/actor.ts";

/** What the loop runs with. */
type LoopParameters = Pick<
  Parameters,
  "monitoring_interval" | "analysis_depth" | "execution_parallelism" | "learning_rate"
>;

export interface Policy {
  parameters: LoopParameters;
  /** Messages so far that changed a parameter, the first not counted. */
  changes: number;
  /** Changes of state so far. */
  transitions: number;
  report(report: Performance, second: number): void;
  /** Called every second: what happens in silence. */
  tick(second: number): void;
}

export const POLICIES = ["fixed", "table", "ours"] as const;
export type PolicyName = (typeof POLICIES)[number];

export function makePolicy(name: PolicyName): Policy {
  switch (name) {
    case "fixed":
      return {
        parameters: DEFAULT_PROFILE.healthy,
        changes: 0,
        transitions: 0,
        report() {},
        tick() {},
      };
    case "table":
      return new Optimized(PLAIN_TABLE);
    case "ours":
      return new Optimized({});
  }
}

/** The actor with everything switched off that holds or moves anything: each mean decides at once, and the row is taken as it stands. */
const PLAIN_TABLE: Partial<OptimizerSettings> = {
  hysteresis: 0,
  min_dwell_seconds: 0,
  recovery_hold_seconds: 0,
  flap_budget: 1_000,
  adaptation_bound: 0,
};

const START_MS = 1_760_000_000_000;
const SYSTEM = "simulated";

/** The optimizer's own actor, fed with reports and ticks as the partition host feeds it. */
class Optimized implements Policy {
  parameters: LoopParameters = DEFAULT_PROFILE.healthy;
  changes = 0;
  transitions = 0;
  private readonly state = optimizerActor.create(SYSTEM);
  private dueMs: number | undefined;

  constructor(settings: Partial<OptimizerSettings>) {
    this.send({
      version: 1,
      time: START_MS,
      kind: "settings",
      settings: optimizerSettings.parse(settings),
    });
    this.changes = 0;
  }

  report(performance: Performance, second: number): void {
    const time = START_MS + second * 1_000;
    this.send({ version: 1, time, kind: "performance", system: SYSTEM, performance });
  }

  tick(second: number): void {
    const time = START_MS + second * 1_000;
    if (this.dueMs !== undefined && time >= this.dueMs)
      this.send({ version: 1, time, kind: "tick" });
  }

  private send(input: OptimizerInput): void {
    for (const output of optimizerActor.receive(this.state, input)) {
      if (output.to !== "log") continue;
      if (output.family === "transitions") this.transitions++;
      if (output.family !== "parameters") continue;
      const message = output.message as Parameters;
      this.parameters = message;
      if (message.changed.length > 0) this.changes++;
    }
    this.dueMs = optimizerActor.dueAt(this.state);
  }
}
