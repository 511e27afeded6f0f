import { checkLabels, type Labels } from "@mapek/core/messages";
import { Findings } from "../reading.ts";

const TYPES = ["c", "g", "ms", "h", "d", "s"] as const;

/** A value that StatsD sends. */
export interface StatsdValue {
  readonly metric: string;
  readonly labels: Labels;
  /** `c` counter, `g` gauge, `ms`, `h` and `d` timings, `s` set. */
  readonly type: (typeof TYPES)[number];
  readonly text: string;
  /** NaN for a set. */
  readonly value: number;
  /** Whether a gauge moves by the value instead of being it. */
  readonly relative: boolean;
  /** Share of the values that are sent, above 0. */
  readonly rate: number;
  /** When it was, where the sender says. */
  readonly timeMs: number | undefined;
}

/** Longest name, and longest text of a set. */
const MAX_LENGTH = 240;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const isType = (word: string): word is StatsdValue["type"] =>
  (TYPES as readonly string[]).includes(word);

/**
 * Reads a packet of StatsD, DogStatsD or Telegraf's dialect: lines such as `name:1|c|@0.1|#tag:a`, with packed values
 * (`1:2:3|c`), mixed ones (`1|c:200|ms`), tags behind the name (`name,tag=a:1|c`) and times (`|T1656581400`). A gauge with a sign is relative.
 * Events and service checks are counted as unsupported.
 *
 * @returns The values, and as findings without readings what was skipped.
 */
export function parseStatsd(packet: string): { values: StatsdValue[]; findings: Findings } {
  const findings = new Findings();
  const values: StatsdValue[] = [];
  for (const line of packet.split("\n")) {
    if (line.trim() === "") continue;
    if (/^_(?:e\{|sc\|)/.test(line)) {
      findings.skip("unsupported");
      continue;
    }
    const read = readLine(line.trimEnd());
    if (typeof read === "string")
      findings.malformed(`${read}: ${JSON.stringify(line.slice(0, 120))}`);
    else values.push(...read);
  }
  return { values, findings };
}

function readLine(line: string): StatsdValue[] | string {
  const colon = line.indexOf(":");
  if (colon < 1) return "no name and value";
  const [metric = "", ...pairs] = line.slice(0, colon).split(",");
  if (metric === "" || metric.length > MAX_LENGTH) return `no name of 1–${MAX_LENGTH} characters`;
  const labels: [string, string][] = [];
  for (const pair of pairs) {
    const [name = "", value] = splitOnce(pair, "=");
    if (name === "" || value === undefined) return "a tag without a value";
    labels.push([name, value]);
  }
  const values: Omit<StatsdValue, "labels">[] = [];
  let rest: string | undefined = line.slice(colon + 1);
  while (rest !== undefined) {
    const [packed = "", options] = splitOnce(rest, "|");
    if (options === undefined) return "no type";
    const fields = readFields(options, labels);
    if (typeof fields === "string") return fields;
    for (const text of packed.split(":")) {
      const isSet = fields.type === "s";
      if (isSet ? text === "" || text.length > MAX_LENGTH : !NUMBER.test(text)) return "bad value";
      const relative = fields.type === "g" && /^[+-]/.test(text);
      const { type, rate, timeMs } = fields;
      values.push({
        metric,
        type,
        text,
        value: isSet ? Number.NaN : Number(text),
        relative,
        rate,
        timeMs,
      });
    }
    rest = fields.next;
  }
  const named: Labels = Object.fromEntries(labels);
  const fault = checkLabels(named);
  if (fault !== undefined) return fault;
  return values.map((value) => ({ ...value, labels: named }));
}

interface Fields extends Pick<StatsdValue, "type" | "rate" | "timeMs"> {
  /** What Telegraf's dialect puts behind a colon: further values with types of their own. */
  readonly next: string | undefined;
}

/** What stands behind the values: type, rate, tags and time. Tags go into `labels`. */
function readFields(text: string, labels: [string, string][]): Fields | string {
  const fields = text.split("|");
  let next: string | undefined;
  let rate = 1;
  let timeMs: number | undefined;
  const [type = "", behind] = splitOnce(fields[0] ?? "", ":");
  if (!isType(type)) return "unknown type";
  if (behind !== undefined)
    return { type, rate, timeMs, next: [behind, ...fields.slice(1)].join("|") };
  for (const [i, field] of fields.entries()) {
    if (i === 0) continue;
    if (field.startsWith("#")) {
      for (const tag of field.slice(1).split(",")) {
        const [name = "", value = "true"] = splitOnce(tag, ":");
        if (name !== "") labels.push([name, value]);
      }
    } else if (field.startsWith("@")) {
      const [share = "", more] = splitOnce(field.slice(1), ":");
      rate = Number(share);
      if (!(rate > 0 && rate <= 1)) return "bad sample rate";
      if (more !== undefined) {
        next = [more, ...fields.slice(i + 1)].join("|");
        break;
      }
    } else if (/^T\d+$/.test(field)) timeMs = Number(field.slice(1)) * 1_000;
  }
  return { type, rate, timeMs, next };
}

/** What stands before and behind the first occurrence; undefined behind where there is none. */
function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
