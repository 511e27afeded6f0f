import type { ExplainQuery } from "@mapek/client";
import {
  EXPLAINED,
  type Explained,
  type Explanation,
  type ExplanationLink,
  type Labels,
  LOOPS,
  type Loop,
  SIDES,
  type ThresholdSide,
} from "@mapek/core/messages";
import { Argument, Command, Option } from "commander";
import { labelArgument, timeArgument } from "../arguments.ts";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { usageError } from "../errors.ts";
import {
  JSON_OPTION,
  printJson,
  printLine,
  showNumber,
  showSeries,
  showTime,
  table,
} from "../output.ts";

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
    .argument("[metric]", "of a threshold; of an action where only some are meant")
    .option("--label <name=value>", "a label of the series; may be repeated", labelArgument)
    .addOption(new Option("--side <side>", "of a threshold (default: upper)").choices(SIDES))
    .option("--id <action_id>", "of an action (default: the newest)")
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
  const query: ExplainQuery = {
    kind,
    system,
    metric,
    labels: label,
    side,
    action_id: id,
    loop,
    at,
  };
  const found = await withClient(nats, (client) => client.explain(query));
  if (json) printJson(found);
  else printLine(explanationText(found, process.stdout.columns));
}

/** Title and rule are never cut. */
const HEAD_LINES = 4;

/**
 * An explanation for people: the rule first, then what it rests on.
 *
 * @param columns Of the terminal: longer rows are cut there; undefined = they are not.
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
