import { createInterface } from "node:readline";
import type { MapekClient, PublishOptions } from "@mapek/client";
import { checkSample, type InputReply, type Labels, type Sample } from "@mapek/core/contract";
import { Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { CliError, usageError } from "../errors.ts";
import { labelArgument, numberArgument } from "../input/arguments.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";

interface Options extends NatsOptions {
  readonly label?: Labels;
  readonly timestamp?: number;
  readonly stdin?: boolean;
  readonly json?: boolean;
}

/** Number of samples from standard input that are sent and acknowledged together. */
const SAMPLES_AT_ONCE = 2_000;

export const publishCommand = (): Command =>
  new Command("publish")
    .argument("<system>", "what the metric belongs to")
    .argument("<metric>", "its name")
    .argument("[value]", "a number", numberArgument)
    .option("--label <name=value>", "a label of the series; may be repeated", labelArgument)
    .option("--timestamp <ms>", "milliseconds since 1970 (default: now)", numberArgument)
    .option("--stdin", "read samples from standard input: a number or a JSON sample a line")
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(publish);

async function publish(
  system: string,
  metric: string,
  value: number | undefined,
  options: Options,
): Promise<void> {
  if ((value === undefined) === !options.stdin)
    throw usageError("expected a value, or --stdin, and not both");
  const publishOptions = { labels: options.label, timestamp: options.timestamp };
  const total = await withClient(options, (client) =>
    value === undefined
      ? publishLines(client, system, metric, publishOptions)
      : client.publish(system, metric, value, { ...publishOptions, acknowledge: true }),
  );
  if (options.json) printJson(total);
  else printLine(`${total.accepted} stored, ${total.rejected.length} rejected`);
  const [first] = total.rejected;
  if (first !== undefined)
    throw new CliError(
      "MAPEK_CLI_REJECTED",
      `${total.rejected.length} samples, the first: ${first.code}: ${first.message}`,
    );
}

async function publishLines(
  client: MapekClient,
  system: string,
  metric: string,
  options: PublishOptions,
): Promise<InputReply> {
  const total: InputReply = { accepted: 0, rejected: [] };
  let sent = 0;
  let waiting: Sample[] = [];
  const send = async () => {
    const reply = await client.publish(system, metric, waiting, { ...options, acknowledge: true });
    total.accepted += reply.accepted;
    for (const item of reply.rejected) total.rejected.push({ ...item, index: sent + item.index });
    sent += waiting.length;
    waiting = [];
  };
  let line = 0;
  for await (const text of createInterface({ input: process.stdin })) {
    line++;
    if (text.trim() === "") continue;
    waiting.push(...samplesOf(text, line));
    if (waiting.length >= SAMPLES_AT_ONCE) await send();
  }
  if (waiting.length > 0) await send();
  return total;
}

/** Parses a line: a number, a JSON sample or a JSON array of samples. @throws {CliError} MAPEK_CLI_BAD_LINE */
function samplesOf(text: string, line: number): Sample[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = text.trim() === "" ? undefined : Number(text);
  }
  const rows = typeof body === "number" ? [{ value: body }] : Array.isArray(body) ? body : [body];
  for (const row of rows) {
    const fault = checkSample(row);
    if (fault !== undefined)
      throw new CliError(
        "MAPEK_CLI_BAD_LINE",
        `line ${line}: ${fault.code}: ${fault.message}; nothing of this line was sent`,
      );
  }
  return rows as Sample[];
}
