import type { OptimizerInput, Performance } from "@mapek/core/contract";
import { optimizerActor } from "../../services/optimizer/src/actor.ts";
import { hand, type Report } from "./support/report.ts";
import { mulberry32, nanosecondsOf, perSecond } from "./support/result.ts";

/** How fast does one core fold a performance report and judge it, when nothing changes? */

const EVALUATIONS = 100_000;
const SEED = 20_260_101;
const START_MS = 1_760_000_000_000;

/** Reports of a healthy system, a second apart; every fourth lacks the decision quality. */
function healthyReports(): OptimizerInput[] {
  const random = mulberry32(SEED);
  return Array.from({ length: 4_096 }, (_, i) => {
    const report = {
      cpu_usage: 20 + 20 * random(),
      memory_usage: 40 + 10 * random(),
      cycle_latency: 0.05 + 0.02 * random(),
      decisions_per_minute: 60,
      decision_quality: i % 4 === 0 ? undefined : 0.9 + 0.1 * random(),
      anomaly_detection_accuracy: 0.9,
      false_positive_rate: 0.02,
    };
    return {
      version: 1,
      time: START_MS + i * 1_000,
      kind: "performance",
      system: "bench",
      performance: report,
    };
  });
}

function evaluateWithActor(inputs: readonly OptimizerInput[]): number {
  const state = optimizerActor.create("bench");
  let outputs = 0;
  for (let i = 0; i < EVALUATIONS; i++)
    outputs += optimizerActor.receive(state, inputs[i & 4_095] as OptimizerInput).length;
  return outputs;
}

/** What one writes first: a list of the last ten reports, and means by filter and reduce. */
function evaluateNaively(inputs: readonly OptimizerInput[]): number {
  const recent: Performance[] = [];
  let changes = 0;
  let state = "healthy";
  const mean = (field: "cpu_usage" | "memory_usage" | "cycle_latency" | "decision_quality") => {
    const values = recent.map((report) => report[field]).filter((value) => value !== undefined);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  for (let i = 0; i < EVALUATIONS; i++) {
    const input = inputs[i & 4_095];
    if (input?.kind !== "performance") continue;
    recent.push(input.performance);
    if (recent.length > 10) recent.shift();
    const means = {
      cpu: mean("cpu_usage"),
      memory: mean("memory_usage"),
      latency: mean("cycle_latency"),
      quality: mean("decision_quality"),
    };
    let next = "healthy";
    if (means.cpu > 80 || means.memory > 85 || means.latency > 5) next = "critical";
    else if (means.cpu > 60 || means.memory > 70 || means.latency > 2)
      next = means.quality > 0.8 ? "optimizing" : "degraded";
    if (next !== state) changes++;
    state = next;
  }
  return changes;
}

async function run(): Promise<Report> {
  const inputs = healthyReports();
  const naive = nanosecondsOf(() => evaluateNaively(inputs));
  const ours = nanosecondsOf(() => evaluateWithActor(inputs));
  return {
    title: "Optimizer reducer",
    results: [
      {
        question: "How many performance reports does one core fold and judge?",
        figure: "optimizer evaluations",
        unit: "evaluations/s",
        ...perSecond(ours, EVALUATIONS),
        better: "higher",
        target: 2_000_000,
        baseline: {
          name: "list of ten reports, filter and reduce",
          median: perSecond(naive, EVALUATIONS).median,
        },
        predecessor: "224,000",
      },
    ],
    notes: [],
  };
}

await hand(run());
