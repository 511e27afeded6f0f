import { rarityText } from "@mapek/core/anomaly-words";
import { ACTOR_SERVICES, type ActorService } from "@mapek/core/contract";
import type { ServiceReplay } from "@mapek/runtime/replay";
import { Command, Option } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { CliError, usageError } from "../errors.ts";
import { timeArgument } from "../input/arguments.ts";
import {
  JSON_OPTION,
  printJson,
  printLine,
  showNumber,
  showTime,
  table,
} from "../output/output.ts";
import { Progress } from "../output/progress.ts";
import { type SettingChange, settingChange } from "../replay/change-settings.ts";
import type { ReplayResult } from "../replay/run-replay.ts";
import type { Pair, Sides, WhatIf } from "../replay/what-if.ts";

interface Options extends NatsOptions {
  readonly from: number;
  readonly to?: number;
  readonly set?: readonly string[];
  readonly service: ActorService | "all";
  readonly wholeLoop?: boolean;
  readonly json?: boolean;
}

const NOTES = `
The stored inputs of a stretch of time go through the logic of each service again, from the beginning of the log on. Without
--set the outputs must be those that are stored, byte for byte. With --set what would have come otherwise is listed.

Each service is replayed on its own stored inputs: commands and recommendations that another service would have sent
otherwise stay as they are. Dead letters are not compared. With --whole-loop they are made anew: what came from outside goes
through all services at once, with the settings of then and with the others, and these two are compared. That is a
simulation, in which a command takes effect at once.

Times are those at which inputs and outputs were stored. The key must be one that may read the streams, such as admin.

Exit codes: 0 identical, or settings were changed; 1 the same settings gave other bytes; 2 usage.

  mapek replay --from 2026-11-28T12:00Z --to 2026-11-28T13:00Z
  mapek replay --from 2026-11-28 --set self_learning.sensitivity=2 --service learner
  mapek replay --set self_learning.strategy=iqr --whole-loop`;

export const replayCommand = (): Command =>
  new Command("replay")
    .addOption(
      new Option("--from <time>", "ISO 8601, or epoch s or ms (default: the beginning)")
        .argParser(timeArgument)
        .default(0, "the beginning"),
    )
    .option("--to <time>", "the same (default: all that is stored)", timeArgument)
    .option(
      "--set <key=value>",
      "another setting, such as self_learning.sensitivity=2; may be repeated",
      gathered,
    )
    .addOption(
      new Option("--service <service>", "of this service only")
        .choices([...ACTOR_SERVICES, "all"])
        .default("all"),
    )
    .option("--whole-loop", "with --set: make anew what services send to each other, too")
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .addHelpText("after", NOTES)
    .action(replay);

const gathered = (text: string, before: readonly string[] = []): string[] => [...before, text];

async function replay(options: Options): Promise<void> {
  const {
    from,
    to = Number.POSITIVE_INFINITY,
    set = [],
    service,
    wholeLoop,
    json,
    ...nats
  } = options;
  if (from > to) throw usageError("--from is after --to");
  const changes = set.map(settingChange);
  const services = service === "all" ? ACTOR_SERVICES : [service];
  const foreign = changes.find((change) => !services.includes(change.service));
  if (foreign !== undefined)
    throw usageError(
      `--set ${set[changes.indexOf(foreign)]} is a setting of the ${foreign.service}`,
    );
  if (wholeLoop && (changes.length === 0 || service !== "all"))
    throw usageError("--whole-loop needs --set, and is of all services");
  // Imported only here, so that `mapek replay --help` does not load the logic of three services.
  const { runLoopReplay, runReplay } = await import("../replay/run-replay.ts");
  const progress = new Progress();
  if (wholeLoop) {
    const found = await withClient(nats, (client) =>
      runLoopReplay(client, { changes, progress, from, to }),
    ).finally(() => progress.done());
    const { messages, failures, outputs, changed, changes: it } = found;
    const counts = { outputs_before: outputs.length, outputs_after: changed.length };
    if (json)
      printJson({ from, to: options.to ?? null, set, messages, failures, ...counts, changes: it });
    else
      printLine([loopText(messages, outputs.length, changed.length), ...whatIfText(it)].join("\n"));
    return;
  }
  const result = await withClient(nats, (client) =>
    runReplay(client, { services, changes, progress, from, to }),
  ).finally(() => progress.done());
  if (json) printJson(reportOf(result, from, options.to, set));
  else printLine(textOf(result, changes));
  const differences = countOf(result.services, (one) => one.differences.length);
  if (changes.length === 0 && differences > 0)
    throw new CliError("MAPEK_CLI_REPLAY_DIFFERS", `${differences} outputs are not what is stored`);
}

const countOf = (services: readonly ServiceReplay[], of: (one: ServiceReplay) => number): number =>
  services.reduce((sum, one) => sum + of(one), 0);

/** Number of outputs in the window that are equal to the stored ones, byte for byte. */
const identicalOf = ({ outputs, differences }: ServiceReplay): number =>
  outputs.length - differences.filter(({ kind }) => /missing|changed|reordered/.test(kind)).length;

const reportOf = (
  { services, changes }: ReplayResult,
  from: number,
  to: number | undefined,
  set: readonly string[],
) => ({
  from,
  to: to ?? null,
  set,
  services: services.map((one) => ({
    service: one.service,
    messages: one.messages,
    outputs: one.outputs.length,
    identical: identicalOf(one),
    failures: one.failures,
    trimmed_partitions: one.trimmed,
    differences: one.differences,
  })),
  identical: countOf(services, identicalOf),
  differences: countOf(services, (one) => one.differences.length),
  ...(changes !== undefined && { changes }),
});

/** Number of differences shown as text; `--json` prints all. */
const SHOWN = 20;

function textOf({ services, changes }: ReplayResult, changed: readonly SettingChange[]): string {
  const differences = services.flatMap((one) => one.differences);
  const trimmed = services.filter((one) => one.trimmed.length > 0);
  return [
    ...services.map(
      (one) =>
        `${one.service}: ${one.messages} messages folded, ${one.outputs.length} outputs${one.failures > 0 ? `, ${one.failures} failures` : ""}`,
    ),
    ...trimmed.map(
      (one) =>
        `${one.service}: the log no longer holds the first inputs of partitions ${one.trimmed.join(", ")}: states, and so outputs, may differ`,
    ),
    `${countOf(services, identicalOf)} outputs identical${differences.length > 0 ? `, ${differences.length} different` : ""}${changed.length > 0 ? " with the settings of then" : ""}`,
    ...differences
      .slice(0, SHOWN)
      .map(({ kind, where, detail }) => `  ${kind} on ${where}: ${detail}`),
    ...(differences.length > SHOWN ? [`  and ${differences.length - SHOWN} more`] : []),
    ...(changes === undefined ? [] : whatIfText(changes)),
  ].join("\n");
}

const loopText = (messages: number, then: number, now: number): string =>
  `${messages} messages folded through all services; ${then} outputs with the settings of then, ${now} now`;

function whatIfText(it: WhatIf): string[] {
  return [
    ...pairsText("thresholds", it.thresholds),
    ...pairsText("recommendations", it.recommendations),
    ...sidesText("alarms", it.alarms, (alarm) => [
      showTime(alarm.opened_at),
      alarm.series,
      `peak ${showNumber(alarm.peak_value)}: ${alarm.surprise === null ? `score ${showNumber(alarm.peak_score)}` : rarityText(alarm.surprise)}`,
    ]),
    ...pairsText("parameters", it.parameters),
    ...sidesText("transitions", it.transitions, (one) => [
      showTime(one.timestamp),
      `${one.system} ${one.from} -> ${one.to}`,
      one.reason,
    ]),
    ...sidesText("actions", it.actions, (one) => [
      showTime(one.timestamp),
      `${one.system} ${one.loop} ${one.status}`,
      `${one.target.series ?? one.target.service} ${one.target.setting} ${shown(one.from)} -> ${shown(one.to)}`,
    ]),
  ];
}

const shown = (value: number | string | null): string =>
  typeof value === "string" ? value : showNumber(value);

function pairsText(title: string, pairs: readonly Pair[]): string[] {
  if (pairs.length === 0) return ["", `${title}: no difference`];
  const rows = pairs.map(({ name, before, after }) => [name, shown(before), shown(after)]);
  return ["", `${title}: ${pairs.length} differ`, ...indented([["", "THEN", "NOW"], ...rows])];
}

function sidesText<T>(title: string, it: Sides<T>, row: (one: T) => string[]): string[] {
  const rows = [
    ...it.only_before.map((one) => ["only then", ...row(one)]),
    ...it.only_after.map((one) => ["only now", ...row(one)]),
  ];
  const head = `${title}: ${it.before} then, ${it.after} now`;
  if (rows.length === 0) return ["", `${head}, no difference`];
  return ["", head, ...indented(rows)];
}

const indented = (rows: readonly string[][]): string[] =>
  table(rows)
    .split("\n")
    .map((line) => `  ${line}`);
