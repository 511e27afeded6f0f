import { InvalidArgumentError } from "commander";
import { parseTime } from "./time.ts";

/** Parses a finite number. */
export function numberArgument(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError("expected a finite number.");
  return value;
}

/** Parses a whole number >= 1. */
export function countArgument(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number of 1 or more.");
  return value;
}

/** Parses a port, 0–65535; 0 means any free one. */
export function portArgument(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("expected a whole number from 0 to 65535.");
  return value;
}

/** Parses `--label name=value` and adds it to the labels of earlier ones. */
export function labelArgument(
  text: string,
  gathered: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("expected name=value.");
  return { ...gathered, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Parses a time with {@link parseTime}. @returns Milliseconds since 1970. */
export function timeArgument(text: string): number {
  const time = parseTime(text);
  if (time === undefined)
    throw new InvalidArgumentError("expected a time: ISO 8601, or epoch s or ms.");
  return time;
}
