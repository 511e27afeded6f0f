import { type FeedbackInput, LOOPS } from "@mapek/core/contract";
import { feedbackActor } from "../../services/feedback/src/actor.ts";
import { hand, type Report } from "./support/report.ts";
import { mulberry32, nanosecondsOf, perSecond } from "./support/result.ts";

/** How fast does one core fold a signal, act on it, and judge what came of it? */

type SignalInput = Extract<FeedbackInput, { kind: "signal" }>;

const SIGNALS = 50_000;
const SEED = 20_260_102;
const START_MS = 1_760_000_000_000;
const SYSTEM = "bench";

/** Signals of the five loops in turn, 1 ms apart, over 1,000 series and 10 resources. */
function mixedSignals(): SignalInput[] {
  const random = mulberry32(SEED);
  const bodies = [
    () => ({
      parameter: `metric_${Math.floor(random() * 1_000)}`,
      threshold_value: 100 * random(),
      confidence: random(),
    }),
    () => ({ cpu_usage: 100 * random(), latency_ms: 4_000 * random() }),
    () => ({
      decision_id: "d",
      predicted_outcome: 100 * random(),
      actual_outcome: 100 * random(),
    }),
    () => ({
      true_positive: 1,
      false_positive: random() < 0.3 ? 1 : 0,
      metric: `metric_${Math.floor(random() * 1_000)}`,
    }),
    () => ({ resource_type: `resource_${Math.floor(random() * 10)}`, utilization: random() }),
  ];
  return Array.from({ length: SIGNALS }, (_, i) => ({
    version: 1,
    time: START_MS + i,
    kind: "signal",
    system: SYSTEM,
    loop: LOOPS[i % 5] ?? "metrics_learning",
    id: `signal-${i}`,
    source: "bench",
    signal: bodies[i % 5]?.() ?? {},
  }));
}

/** Every command is confirmed at once, and those that their target judges get their outcome. */
function actWithActor(inputs: readonly SignalInput[]): number {
  const state = feedbackActor.create(SYSTEM);
  let outputs = 0;
  for (const input of inputs) {
    const said = feedbackActor.receive(state, input);
    outputs += said.length;
    for (const output of said) {
      if (output.to !== "learner" && output.to !== "optimizer") continue;
      if (output.input.kind !== "command" || output.key === null) continue;
      const { action_id } = output.input;
      const about = { version: 1, time: input.time, system: SYSTEM, action_id } as const;
      const confirmed = { applied: true, from: 4, to: 3, reason: "done" };
      outputs += feedbackActor.receive(state, {
        ...about,
        kind: "confirmation",
        ...confirmed,
      }).length;
      const outcome = { objective: "any", before: 1, after: 0.9 };
      if (output.input.command.name === "re_evaluate")
        outputs += feedbackActor.receive(state, { ...about, kind: "outcome", ...outcome }).length;
    }
  }
  return outputs;
}

/** What one writes first: lists of signals and actions, trimmed by slicing; nothing is judged. */
function actNaively(inputs: readonly SignalInput[]): number {
  let signals: SignalInput[] = [];
  let actions: object[] = [];
  for (const input of inputs) {
    if (signals.some((known) => known.id === input.id)) continue;
    signals = [...signals, input].slice(-1_000);
    actions = [...actions, { id: input.id, loop: input.loop, at: input.time }].slice(-1_000);
  }
  return signals.length + actions.length;
}

async function run(): Promise<Report> {
  const inputs = mixedSignals();
  const few = inputs.slice(0, 10_000);
  const naive = nanosecondsOf(() => actNaively(few));
  const ours = nanosecondsOf(() => actWithActor(inputs));
  return {
    title: "Feedback reducer",
    results: [
      {
        question:
          "How many feedback signals does one core fold, act on and judge, nothing being stored?",
        figure: "feedback signals in memory",
        unit: "signals/s",
        ...perSecond(ours, inputs.length),
        better: "higher",
        baseline: {
          name: "lists copied and searched, nothing judged",
          median: perSecond(naive, few.length).median,
        },
        predecessor: "2,400",
      },
    ],
    notes: [],
  };
}

await hand(run());
