import { InvalidArgumentError } from "commander";
import { parseTime } from "./time.ts";

/** A finite number. */
export function numberArgument(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError("expected a finite number.");
  return value;
}

/** A whole number of 1 or more. */
export function countArgument(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number of 1 or more.");
  return value;
}

/** A port; 0 is any free one. */
export function portArgument(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("expected a whole number from 0 to 65535.");
  return value;
}

/** Gathers `--label name=value`, which may be repeated. */
export function labelArgument(
  text: string,
  gathered: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("expected name=value.");
  return { ...gathered, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A time, as {@link parseTime} reads it: ms. */
export function timeArgument(text: string): number {
  const time = parseTime(text);
  if (time === undefined)
    throw new InvalidArgumentError("expected a time: ISO 8601, or epoch s or ms.");
  return time;
}
