import type { ExplainQuery, MapekClient } from "@mapek/client";
import {
  type BudgetSpent,
  describeBudget,
  EXPLAINED,
  type Explained,
  type Explanation,
  type ExplanationLink,
  type Labels,
  LOOPS,
  type Loop,
  SIDES,
  type ThresholdSide,
} from "@mapek/core/contract";
import { Argument, Command, Option } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { usageError } from "../errors.ts";
import { labelArgument, timeArgument } from "../input/arguments.ts";
import {
  JSON_OPTION,
  printJson,
  printLine,
  showNumber,
  showSeries,
  showTime,
  table,
} from "../output/output.ts";

interface Options extends NatsOptions {
  readonly label?: Labels;
  readonly side?: ThresholdSide;
  readonly id?: string;
  readonly loop?: Loop;
  readonly at?: number;
  readonly json?: boolean;
}

export const explainCommand = (): Command =>
  new Command("explain")
    .addArgument(new Argument("<kind>", "what").choices(EXPLAINED))
    .argument("<system>", "whose")
    .argument("[metric]", "of a threshold or an anomaly; of an action where only some are meant")
    .option("--label <name=value>", "a label of the series; may be repeated", labelArgument)
    .addOption(new Option("--side <side>", "of a threshold (default: upper)").choices(SIDES))
    .option("--id <id>", "of an action or an anomaly (default: the newest)")
    .addOption(new Option("--loop <loop>", "of an action").choices(LOOPS))
    .option("--at <time>", "what was in force then: ISO 8601, or epoch s or ms", timeArgument)
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(explain);

async function explain(
  kind: Explained,
  system: string,
  metric: string | undefined,
  { label, side, id, loop, at, json, ...nats }: Options,
): Promise<void> {
  if (kind === "threshold" && metric === undefined)
    throw usageError("which metric's threshold: mapek explain threshold <system> <metric>");
  if (kind === "anomaly" && metric === undefined && id === undefined)
    throw usageError("which metric's anomaly: mapek explain anomaly <system> <metric>");
  const query: ExplainQuery = {
    kind,
    system,
    metric,
    labels: label,
    side,
    ...(kind === "anomaly" ? { anomaly_id: id } : { action_id: id }),
    loop,
    at,
  };
  const [found, budget] = await withClient(nats, async (client) => {
    const explanation = await client.explain(query);
    return [explanation, await budgetOf(client, explanation)] as const;
  });
  if (json) printJson({ ...found, ...budget });
  else {
    printLine(explanationText(found, process.stdout.columns));
    if (budget !== undefined)
      printLine(`\nOf all anomalies of this series now: ${describeBudget(budget)}.`);
  }
}

/** Share of the alarm budget that the series of an anomaly has spent now; undefined where the series is not learned any more. */
async function budgetOf(
  client: MapekClient,
  { kind, system, metric, labels = {} }: Explanation,
): Promise<BudgetSpent | undefined> {
  if (kind !== "anomaly" || metric === undefined) return undefined;
  const [series] = await client.series(system, { metric, labels });
  // Learners of earlier releases do not report the budget.
  if (series?.alarm_budget_spent === undefined) return undefined;
  const { alarm_budget_spent, alarm_budget_broken } = series;
  return { alarm_budget_spent, alarm_budget_broken };
}

/** Number of first lines, title and rule, that are never cut. */
const HEAD_LINES = 4;

/**
 * An explanation as text: the rule first, then inputs, candidates, causes and later changes.
 *
 * @param columns Width of the terminal, at which longer rows are cut. @default no limit
 */
function explanationText(found: Explanation, columns = Number.POSITIVE_INFINITY): string {
  const { rule, inputs, candidates, causes, since, decision } = found;
  const shown = (value: number | string | boolean | null): string =>
    typeof value === "number" ? showNumber(value) : value === null ? "-" : String(value);
  return [
    `${titleOf(found)} at ${showTime(found.at)}`,
    "",
    `  ${rule}`,
    ...(decision === null
      ? []
      : [`  Since ${showTime(decision.timestamp)}, number ${decision.seq} of the log.`]),
    ...section(
      "Inputs",
      inputs.map(({ name, value, unit = "" }) => [name, `${shown(value)} ${unit}`.trim()]),
    ),
    ...section(
      "Candidates",
      candidates.map(({ name, value, chosen, detail = "" }) => [
        chosen ? "*" : " ",
        name,
        shown(value),
        detail,
      ]),
    ),
    ...section("What led here", causes.map(rowOf)),
    ...section("Since then", since.map(rowOf)),
  ]
    .map((line, i) =>
      i < HEAD_LINES || line.length <= columns ? line : `${line.slice(0, columns - 1)}…`,
    )
    .join("\n");
}

function titleOf({ kind, system, metric, labels = {}, side, action_id }: Explanation): string {
  if (kind === "threshold")
    return `${side ?? "upper"} threshold of ${system} ${showSeries(metric ?? "", labels)}`;
  if (kind === "anomaly") return `anomaly of ${system} ${showSeries(metric ?? "", labels)}`;
  if (kind === "action")
    return action_id === undefined ? `action of ${system}` : `action ${action_id}`;
  return `${kind} of ${system}`;
}

const rowOf = ({ timestamp, seq, family, text }: ExplanationLink): string[] => [
  showTime(timestamp),
  seq === 0 ? "" : `#${seq}`,
  family,
  text,
];

function section(title: string, rows: readonly string[][]): string[] {
  if (rows.length === 0) return [];
  return [
    "",
    title,
    ...table(rows)
      .split("\n")
      .map((line) => `  ${line}`),
  ];
}
