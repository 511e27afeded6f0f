import { ClientError } from "@mapek/client";
import { Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
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
  readonly system?: string;
  readonly metric?: string;
  readonly json?: boolean;
}

export const thresholdsCommand = (): Command =>
  new Command("thresholds")
    .option("--system <system>", "of this system only")
    .option("--metric <metric>", "of this metric only")
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(thresholds);

async function thresholds({ system, metric, json, ...options }: Options): Promise<void> {
  const found = await withClient(options, async (client) => {
    try {
      return await client.thresholds({ system, metric });
    } catch (error) {
      if (error instanceof ClientError && error.code === "MAPEK_CLIENT_NO_BUCKET") return [];
      throw error;
    }
  });
  if (json) {
    printJson(found);
    return;
  }
  if (found.length === 0) {
    printLine("no threshold is in force");
    return;
  }
  const rows = found.map((it) => [
    it.system,
    showSeries(it.metric, it.labels),
    it.side ?? "upper",
    `${showNumber(it.threshold)}${it.pinned ? " (pinned)" : ""}`,
    showNumber(it.confidence),
    it.strategy,
    showTime(it.timestamp),
  ]);
  printLine(
    table([["SYSTEM", "SERIES", "SIDE", "THRESHOLD", "CONFIDENCE", "STRATEGY", "SINCE"], ...rows]),
  );
}
