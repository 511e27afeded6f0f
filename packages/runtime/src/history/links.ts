import {
  describeOutput,
  type ExplanationLink,
  type OutputEvent,
  type OutputMessages,
} from "@mapek/core/messages";
import type { StoredInput } from "./input-log.ts";

/** Most links that an explanation shows of what has changed since. */
const MOST_SINCE = 100;

/** An output in one line. */
export const linkOfOutput = ({
  seq,
  timestamp,
  family,
  message,
}: OutputEvent): ExplanationLink => ({
  seq,
  timestamp,
  family,
  text: describeOutput(family as keyof OutputMessages, message as never),
});

/** Any other input in one line. */
export const linkOfInput = (
  { seq, time, kind, body }: StoredInput,
  text?: string,
): ExplanationLink => ({
  seq,
  timestamp: time,
  family: kind,
  text: text ?? JSON.stringify(body[kind]),
});

/** Says where the log ends before the chain of causes does. */
export const linkOfTrimmed = (beginsAt: number | undefined, missing: string): ExplanationLink => ({
  seq: 0,
  timestamp: beginsAt ?? 0,
  family: "log",
  text:
    beginsAt === undefined
      ? `the log is empty: ${missing} is not stored`
      : `the log begins here: ${missing} is no longer stored`,
});

/** Oldest first; a message once. */
export function inOrder(links: readonly ExplanationLink[]): ExplanationLink[] {
  const seen = new Set<string>();
  return links
    .filter(({ seq, text }) => !seen.has(`${seq} ${text}`) && seen.add(`${seq} ${text}`))
    .sort((a, b) => a.seq - b.seq);
}

/** What has changed since, as an explanation shows it. */
export const newestOf = (links: readonly ExplanationLink[]): ExplanationLink[] =>
  inOrder(links).slice(-MOST_SINCE);

/** Settings that were in force at a place of the log; undefined where none is stored before it. */
export const settingsAt = (
  inputs: readonly StoredInput[],
  seq: number,
): Readonly<Record<string, unknown>> | undefined =>
  inputs.findLast((input) => input.kind === "settings" && input.seq <= seq)?.body.settings as
    | Readonly<Record<string, unknown>>
    | undefined;

/** Each change of settings behind a place of the log, with what differs from the settings before it. */
export function settingsSince(inputs: readonly StoredInput[], seq: number): ExplanationLink[] {
  let before = settingsAt(inputs, seq);
  return inputs
    .filter((input) => input.kind === "settings" && input.seq > seq)
    .flatMap((input) => {
      const after = input.body.settings as Readonly<Record<string, unknown>>;
      const told =
        before === undefined ? "the first settings that are stored" : differences(before, after);
      before = after;
      return told === "" ? [] : [linkOfInput(input, told)];
    });
}

function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) =>
      [before[name], after[name]].some((value) => typeof value === "object" && value !== null)
        ? `${name} changed`
        : `${name} ${before[name] ?? "-"} -> ${after[name] ?? "-"}`,
    )
    .join(", ");
}
