import type { Action, Feedback, Transition } from "@mapek/core/contract";
import { LOOPS, type Loop } from "@mapek/core/contract";
import { Argument, Command, Option } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { usageError } from "../errors.ts";
import { countArgument } from "../input/arguments.ts";
import { describeMessage } from "../output/describe-message.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";

const KINDS = ["signals", "actions", "transitions"] as const;
type Kind = (typeof KINDS)[number];

interface Options extends NatsOptions {
  readonly loop?: Loop;
  readonly system?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export const historyCommand = (): Command =>
  new Command("history")
    .addArgument(new Argument("<kind>", "what").choices(KINDS))
    .addOption(new Option("--loop <loop>", "of this loop only").choices(LOOPS))
    .option("--system <system>", "of this system only")
    .option("--limit <n>", "the newest so many, at most 10000", countArgument, 50)
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(history);

async function history(kind: Kind, { loop, system, limit, json, ...nats }: Options): Promise<void> {
  if (kind === "transitions" && loop !== undefined) throw usageError("transitions have no loop");
  if (limit > 10_000) throw usageError("--limit: at most 10000");
  const items = await withClient(nats, (client) => client.history({ kind, loop, system, limit }));
  if (json) printJson(items);
  else for (const item of items) printLine(describe(kind, item));
}

function describe(kind: Kind, item: unknown): string {
  if (kind === "signals") return describeMessage("feedback", item as Feedback);
  if (kind === "actions") return describeMessage("actions", item as Action);
  return describeMessage("transitions", item as Transition);
}
