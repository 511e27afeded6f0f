import { loseLearners } from "../../test/cluster/learner-loss.ts";
import { type Gaps, loseEachNode } from "../../test/cluster/node-loss.ts";
import { startProcessCluster } from "../../test/cluster/process-cluster.ts";
import { hand, type Report } from "./support/report.ts";
import { type Result, spreadOf } from "./support/result.ts";

/** For how long does something stand still when a process is lost? Tests see that it goes on, and measure nothing. */

const REPEATS = 3;
const MOST_NODE_GAP_MS = 10_000;
const MOST_MOVE_MS = 5_000;

async function nodes(): Promise<Result[]> {
  await using cluster = await startProcessCluster();
  const { losses } = await loseEachNode(cluster);
  const kinds: Record<keyof Gaps, string> = {
    feedback: "feedback",
    learner: "recommendations and anomalies",
    thresholds: "thresholds",
    applied: "applied actions",
  };
  return Object.entries(kinds).map(([kind, name]) => ({
    question: `For how long do no ${name} come when one of three servers is killed under load, the leaders first?`,
    figure: `${name} stop when a server is lost`,
    unit: "ms",
    ...spreadOf(losses.map((loss) => loss[kind as keyof Gaps])),
    better: "lower",
    target: MOST_NODE_GAP_MS,
  }));
}

async function learners(): Promise<Result[]> {
  const runs = [];
  for (let round = 0; round < REPEATS; round++) runs.push(await loseLearners());
  const asked = { unit: "ms", better: "lower", target: MOST_MOVE_MS } as const;
  return [
    {
      question: "How long until the partitions of a killed learner, one of three, run elsewhere?",
      figure: "partitions of a killed learner run elsewhere",
      ...spreadOf(runs.map(({ afterKillMs }) => afterKillMs)),
      ...asked,
    },
    {
      question: "And those of one that is stopped, one of two?",
      figure: "partitions of a stopped learner run elsewhere",
      ...spreadOf(runs.map(({ afterStopMs }) => afterStopMs)),
      ...asked,
    },
  ];
}

async function report(): Promise<Report> {
  return {
    title: "Faults",
    results: [...(await nodes()), ...(await learners())],
    notes: [
      "A member is taken for dead after 2.5 s; a server elects a leader anew within 4 to 9 s.",
    ],
  };
}

await hand(report());
