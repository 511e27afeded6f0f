import type { OutputName, OutputOf } from "@mapek/client";
import { describeOutput, showTime } from "@mapek/core/contract";
import { nextDayOf } from "./next-day.ts";

/** A message as a line of text that begins with its time. */
export function describeMessage<Name extends OutputName>(
  name: Name,
  message: OutputOf<Name>,
): string {
  const nextDay = "schedule" in message ? nextDayOf(message, message.timestamp) : undefined;
  const coming = nextDay === undefined ? "" : ` Next day: ${nextDay}.`;
  return `${showTime(message.timestamp)} ${describeOutput(name, message)}${coming}`;
}
