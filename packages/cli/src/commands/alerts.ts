import { Command, InvalidArgumentError } from "commander";
import { AlertPusher } from "../alerts/alert-pusher.ts";
import { Alertmanager } from "../alerts/alertmanager.ts";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";
import { untilStopped } from "../until-stopped.ts";

interface Options extends NatsOptions {
  readonly alertmanager: readonly Alertmanager[];
  readonly system?: string;
  readonly label: Readonly<Record<string, string>>;
  readonly resend: number;
  readonly json?: boolean;
}

export const alertsCommand = (): Command =>
  new Command("alerts")
    .requiredOption(
      "--alertmanager <url>",
      "its address, such as http://127.0.0.1:9093; may be repeated",
      (url: string, before: Alertmanager[] = []) => [...before, managerAt(url)],
    )
    .option("--system <system>", "of this system only")
    .option(
      "--label <name=value>",
      "a label for every alert, such as severity=page; may be repeated",
      (text: string, before: Record<string, string>) => ({ ...before, ...labelIn(text) }),
      {},
    )
    .option(
      "--resend <seconds>",
      "seconds after which open anomalies are told again",
      secondsIn,
      60,
    )
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(alerts);

async function alerts(options: Options): Promise<void> {
  await withClient(options, (client) =>
    untilStopped(async () => {
      const pusher = new AlertPusher({
        client,
        managers: options.alertmanager,
        system: options.system,
        labels: options.label,
        resendMs: options.resend * 1_000,
        onError: (error) => process.stderr.write(`${error.message}\n`),
        onPushed: (open, ended) => {
          if (options.json) printJson({ open, ended });
          else printLine(`${open} open, ${ended} ended`);
        },
      });
      await pusher.start();
      return () => pusher.stop();
    }),
  );
}

function managerAt(url: string): Alertmanager {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new InvalidArgumentError("expected an address such as http://127.0.0.1:9093");
  return new Alertmanager(url);
}

function labelIn(text: string): Record<string, string> {
  const [, name, value] = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError("expected name=value, the name of letters, digits and _");
  return { [name]: value };
}

function secondsIn(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= 3_600)) throw new InvalidArgumentError("expected 1 to 3600");
  return seconds;
}
