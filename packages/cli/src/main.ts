#!/usr/bin/env node
import { Command } from "commander";
import { addressCommand } from "./commands/address.ts";
import { alertsCommand } from "./commands/alerts.ts";
import { analyzeCommand } from "./commands/analyze.ts";
import { explainCommand } from "./commands/explain.ts";
import { historyCommand } from "./commands/history.ts";
import { importCommand } from "./commands/import.ts";
import { keysCommand } from "./commands/keys.ts";
import { publishCommand } from "./commands/publish.ts";
import { replayCommand } from "./commands/replay.ts";
import { reportCommand } from "./commands/report.ts";
import { signalCommand } from "./commands/signal.ts";
import { statusCommand } from "./commands/status.ts";
import { thresholdsCommand } from "./commands/thresholds.ts";
import { upCommand } from "./commands/up.ts";
import { watchCommand } from "./commands/watch.ts";
import { runProgram } from "./program.ts";
import { version } from "./version.ts";

const program = new Command("mapek")
  .description("Learns thresholds and tunes control loops over NATS")
  .version(version)
  .addCommand(upCommand())
  .addCommand(analyzeCommand())
  .addCommand(publishCommand())
  .addCommand(watchCommand())
  .addCommand(signalCommand())
  .addCommand(statusCommand())
  .addCommand(addressCommand())
  .addCommand(thresholdsCommand())
  .addCommand(historyCommand())
  .addCommand(explainCommand())
  .addCommand(replayCommand())
  .addCommand(reportCommand())
  .addCommand(importCommand())
  .addCommand(alertsCommand())
  .addCommand(keysCommand());

// A reader that goes away (`mapek watch | head`) is no failure; `up` takes it for a request to stop.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount("error") > 1) return;
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
process.exit(await runProgram(program, process.argv.slice(2)));
