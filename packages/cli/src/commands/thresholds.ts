import { ClientError, type Threshold, thresholdAt } from "@mapek/client";
import { Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { nextDayOf } from "../output/next-day.ts";
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
  const now = Date.now();
  if (json) {
    printJson(found.map((it) => ({ ...it, now: thresholdAt(it, now) })));
    return;
  }
  printLine(found.length === 0 ? "no threshold is in force" : thresholdTable(found, now));
}

/** Table of thresholds with their values at `now`: the message of a threshold with a daily curve may be hours old. */
export function thresholdTable(thresholds: readonly Threshold[], now: number): string {
  const rows = thresholds.map((it) => [
    it.system,
    showSeries(it.metric, it.labels),
    it.side ?? "upper",
    `${showNumber(thresholdAt(it, now))}${it.pinned ? " (pinned)" : ""}`,
    nextDayOf(it, now) ?? "constant",
    showNumber(it.confidence),
    it.strategy,
    showTime(it.timestamp),
  ]);
  const header = ["SYSTEM", "SERIES", "SIDE", "NOW", "NEXT DAY", "CONFIDENCE", "STRATEGY", "DRAWN"];
  return table([header, ...rows]);
}
