import type { OutputName, OutputOf } from "@mapek/client";
import { describeOutput, showTime } from "@mapek/core/messages";

/** A readable line for a message of a family, its time first. */
export function describeMessage<Name extends OutputName>(
  name: Name,
  message: OutputOf<Name>,
): string {
  return `${showTime(message.timestamp)} ${describeOutput(name, message)}`;
}
