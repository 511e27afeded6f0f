import { checkLabels, type Labels } from "@mapek/core/contract";
import { Findings } from "../reading.ts";

const TYPES = ["c", "g", "ms", "h", "d", "s"] as const;

/** One StatsD value. */
export interface StatsdValue {
  readonly metric: string;
  readonly labels: Labels;
  /** `c` counter, `g` gauge, `ms`, `h` and `d` timings, `s` set. */
  readonly type: (typeof TYPES)[number];
  readonly text: string;
  /** NaN for a set. */
  readonly value: number;
  /** True where a gauge changes by the value instead of being set to it. */
  readonly relative: boolean;
  /** Sample rate: the share of values that the client sends, above 0 and at most 1. */
  readonly rate: number;
  /** Time of the value, ms since 1970; undefined where the sender gives none. */
  readonly timeMs: number | undefined;
}

/** Longest name, and longest text of a set, characters. */
const MAX_LENGTH = 240;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const isType = (word: string): word is StatsdValue["type"] =>
  (TYPES as readonly string[]).includes(word);

/**
 * Reads a packet of StatsD, DogStatsD or Telegraf's dialect: lines such as `name:1|c|@0.1|#tag:a`, with packed values
 * (`1:2:3|c`), mixed ones (`1|c:200|ms`), tags after the name (`name,tag=a:1|c`) and times (`|T1656581400`).
 *
 * A gauge with a sign is relative. Events and service checks are counted as unsupported.
 *
 * @returns The values, and findings that hold the skips only.
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
  /** The rest of the line after a colon in Telegraf's dialect: further values with their own types. */
  readonly next: string | undefined;
}

/** Reads the part after the values: type, rate, tags and time. Adds tags to `labels`. */
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

/** The text before and after the first separator; undefined after it where there is none. */
function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
