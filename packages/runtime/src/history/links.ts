import {
  describeOutput,
  type ExplanationLink,
  type OutputEvent,
  type OutputMessages,
} from "@mapek/core/contract";
import type { StoredInput } from "./input-log.ts";

/** Most links in an explanation's `since`. */
const MOST_SINCE = 100;

/** A link to an output, described in one line. */
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

/** A link to a stored input; `text` defaults to its body as JSON. */
export const linkOfInput = (
  { seq, time, kind, body }: StoredInput,
  text?: string,
): ExplanationLink => ({
  seq,
  timestamp: time,
  family: kind,
  text: text ?? JSON.stringify(body[kind]),
});

/**
 * A link that says which message of the chain of causes is no longer stored.
 *
 * @param beginsAt When the oldest message of the log was stored, ms; undefined for an empty log.
 */
export const linkOfTrimmed = (beginsAt: number | undefined, missing: string): ExplanationLink => ({
  seq: 0,
  timestamp: beginsAt ?? 0,
  family: "log",
  text:
    beginsAt === undefined
      ? `the log is empty: ${missing} is not stored`
      : `the log begins here: ${missing} is no longer stored`,
});

/**
 * Says that something that led to an output is not to be found: an output that an older version stored does not name its cause, of any
 * other the log no longer reaches back that far.
 */
export const linkOfMissing = (
  output: OutputEvent,
  beginsAt: number | undefined,
  missing: string,
): ExplanationLink =>
  output.cause === undefined
    ? {
        seq: 0,
        timestamp: output.timestamp,
        family: "log",
        text: `stored by a version that did not record causes: ${missing} is not known`,
      }
    : linkOfTrimmed(beginsAt, missing);

/** Links by sequence, oldest first, without repetitions. */
export function inOrder(links: readonly ExplanationLink[]): ExplanationLink[] {
  const seen = new Set<string>();
  return links
    .filter(({ seq, text }) => !seen.has(`${seq} ${text}`) && seen.add(`${seq} ${text}`))
    .sort((a, b) => a.seq - b.seq);
}

/** The newest `MOST_SINCE` links, oldest first. */
export const newestOf = (links: readonly ExplanationLink[]): ExplanationLink[] =>
  inOrder(links).slice(-MOST_SINCE);

/** The settings in force at a sequence; undefined where none is stored up to there. */
export const settingsAt = (
  inputs: readonly StoredInput[],
  seq: number,
): Readonly<Record<string, unknown>> | undefined =>
  inputs.findLast((input) => input.kind === "settings" && input.seq <= seq)?.body.settings as
    | Readonly<Record<string, unknown>>
    | undefined;

/** One link for each settings message after a sequence that changes something; its text lists the differences. */
export function settingsSince(inputs: readonly StoredInput[], seq: number): ExplanationLink[] {
  let before = settingsAt(inputs, seq);
  return inputs
    .filter((input) => input.kind === "settings" && input.seq > seq)
    .flatMap((input) => {
      const after = input.body.settings as Readonly<Record<string, unknown>>;
      const text =
        before === undefined ? "the first settings that are stored" : differences(before, after);
      before = after;
      return text === "" ? [] : [linkOfInput(input, text)];
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
