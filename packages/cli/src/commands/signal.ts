import { isLoop, LOOPS, type Loop, type SignalInputs } from "@mapek/core/contract";
import { Argument, Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { usageError } from "../errors.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";

interface Options extends NatsOptions {
  readonly body?: string;
  readonly json?: boolean;
}

export const signalCommand = (): Command =>
  new Command("signal")
    .argument("<system>", "the managed system")
    .addArgument(new Argument("<loop>", "which loop").choices([...LOOPS]))
    .argument("[fields...]", "fields of the signal as key=value; labels as labels.name=value")
    .option("--body <json>", "the whole signal as JSON")
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(signal);

async function signal(
  system: string,
  loop: string,
  fields: readonly string[],
  options: Options,
): Promise<void> {
  if (!isLoop(loop)) throw usageError(`unknown loop ${loop}`);
  if ((options.body === undefined) === (fields.length === 0))
    throw usageError("expected fields as key=value, or --body, and not both");
  const body = options.body === undefined ? bodyOf(fields) : parseBody(options.body);
  const stored = await withClient(options, (client) =>
    client.signal.send(loop, system, body as unknown as SignalInputs[Loop]),
  );
  if (options.json) printJson(stored);
  else printLine(`stored as ${stored.id}`);
}

function parseBody(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw usageError(`--body: ${(error as Error).message}`);
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw usageError("--body: expected a JSON object");
  return body as Record<string, unknown>;
}

/** Fields whose values stay texts even where they look like numbers. */
const TEXT_FIELDS = new Set([
  "id",
  "source",
  "parameter",
  "metric",
  "decision_id",
  "anomaly_id",
  "resource_type",
]);

function bodyOf(fields: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const labels: Record<string, string> = {};
  for (const field of fields) {
    const at = field.indexOf("=");
    if (at < 1) throw usageError(`${field}: expected key=value`);
    const key = field.slice(0, at);
    const text = field.slice(at + 1);
    if (key.startsWith("labels.")) labels[key.slice("labels.".length)] = text;
    else body[key] = TEXT_FIELDS.has(key) ? text : fieldValue(text);
  }
  return Object.keys(labels).length === 0 ? body : { ...body, labels };
}

function fieldValue(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
