import type { SeriesSettings } from "@mapek/core/contract";
import { STRATEGIES } from "@mapek/core/statistics";
import { type Command, InvalidArgumentError, Option } from "commander";
import { countArgument, numberArgument } from "./arguments.ts";

/** Settings of learning from a file. */
export interface AnalysisOptions {
  readonly strategy?: SeriesSettings["strategy"];
  readonly sensitivity?: number;
  readonly alarmBudget?: number;
  readonly window?: number;
  readonly minDataPoints?: number;
}

const MAX_WINDOW = 1_000_000;

/** Adds the options of commands that learn from a file. */
export const withAnalysisOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--strategy <name>",
        "how the threshold is found (default: by shape and backtest)",
      ).choices([...STRATEGIES, "auto"]),
    )
    .option(
      "--alarm-budget <x>",
      "false anomalies that a series may have in 14 days, 0.01–100 (default: 0.5)",
      budgetArgument,
    )
    .option("--sensitivity <x>", "0.1–10: multiplies that budget (default: 1)", sensitivityArgument)
    .option(
      "--window <n>",
      "samples that are learned from, the newest (default: 10000)",
      windowArgument,
    )
    .option(
      "--min-data-points <n>",
      "samples below which a recommendation is provisional (default: 100)",
      countArgument,
    );

function budgetArgument(text: string): number {
  const value = numberArgument(text);
  if (value < 0.01 || value > 100)
    throw new InvalidArgumentError("expected a number from 0.01 to 100.");
  return value;
}

function sensitivityArgument(text: string): number {
  const value = numberArgument(text);
  if (value < 0.1 || value > 10)
    throw new InvalidArgumentError("expected a number from 0.1 to 10.");
  return value;
}

function windowArgument(text: string): number {
  const value = countArgument(text);
  if (value > MAX_WINDOW) throw new InvalidArgumentError(`expected at most ${MAX_WINDOW}.`);
  return value;
}

export function analysisSettings({
  strategy,
  sensitivity,
  alarmBudget,
  window,
  minDataPoints,
}: AnalysisOptions): Partial<SeriesSettings> {
  return {
    ...(strategy !== undefined && { strategy }),
    ...(sensitivity !== undefined && { sensitivity }),
    ...(alarmBudget !== undefined && { alarm_budget: alarmBudget }),
    ...(window !== undefined && { window_capacity: window }),
    ...(minDataPoints !== undefined && { min_data_points: minDataPoints }),
  };
}
