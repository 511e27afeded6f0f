import { OUTPUT_NAMES, type OutputName, type Subscription } from "@mapek/client";
import { Argument, Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { countArgument } from "../input/arguments.ts";
import { describeMessage } from "../output/describe-message.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";
import { untilStopped } from "../until-stopped.ts";

interface Options extends NatsOptions {
  readonly system?: string;
  readonly metric?: string;
  readonly count?: number;
  readonly json?: boolean;
}

/** Families by the names that users know: the family `feedback` carries signals. */
const FAMILIES = OUTPUT_NAMES.map((name) => (name === "feedback" ? "signals" : name));
const WITH_METRIC = new Set<string>(["recommendations", "thresholds", "anomalies", "changes"]);

export const watchCommand = (): Command =>
  new Command("watch")
    .addArgument(new Argument("[families...]", "which messages (default: all)").choices(FAMILIES))
    .option("--system <system>", "of this system only")
    .option(
      "--metric <metric>",
      "of this metric only (thresholds, recommendations, anomalies, changes)",
    )
    .option("--count <n>", "end after so many messages", countArgument)
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(watch);

async function watch(families: readonly string[], options: Options): Promise<void> {
  const wanted = families.length > 0 ? families : FAMILIES;
  const chosen = options.metric === undefined ? wanted : wanted.filter((f) => WITH_METRIC.has(f));
  await withClient(options, (client) =>
    untilStopped(async (stop) => {
      let seen = 0;
      const subscriptions = chosen.map((family): Subscription => {
        const name = (family === "signals" ? "feedback" : family) as OutputName;
        const filter = { system: options.system, metric: options.metric };
        return client.on(name, filter, (message) => {
          if (seen++ >= (options.count ?? Number.POSITIVE_INFINITY)) return;
          if (options.json) printJson({ family, ...message });
          else printLine(describeMessage(name, message));
          if (seen === options.count) stop();
        });
      });
      await client.connection.flush();
      process.stderr.write(`watching ${chosen.join(", ")}\n`);
      return async () => {
        await Promise.all(subscriptions.map((subscription) => subscription.stop()));
      };
    }),
  );
}
