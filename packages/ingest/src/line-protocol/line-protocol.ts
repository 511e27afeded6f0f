import type { Labels } from "@mapek/core/contract";
import { Findings, type Parsed } from "../reading.ts";

/** Milliseconds of one unit of a line's timestamp, by the value of the parameter `precision`. */
export const LINE_PRECISIONS: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["n", 1e-6],
  ["us", 1e-3],
  ["u", 1e-3],
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/**
 * Reads Influx line protocol: `measurement[,tag=value…] field=value[,field=value…] [timestamp]`.
 *
 * Each field becomes a gauge `<measurement>_<field>`, or `<measurement>` where the field is `value`; tags become
 * labels. Booleans become 0 and 1; strings are skipped. A string may contain newlines, so a line ends only outside
 * quotes. A malformed line is skipped up to its next newline; the other lines are read.
 *
 * @param unitMs Milliseconds of one unit of the timestamp. @default nanoseconds
 * Cost: one pass.
 */
export function parseLineProtocol(text: string, unitMs = 1e-6): Parsed {
  const findings = new Findings();
  const scanner = new Scanner(text);
  while (scanner.toNextLine()) {
    const start = scanner.at;
    const points = scanner.line(unitMs);
    if (typeof points === "string") {
      scanner.at = start;
      findings.malformed(`${points}: ${JSON.stringify(scanner.skipLine().slice(0, 120))}`);
      continue;
    }
    const { measurement, labels, fields, timeMs } = points;
    for (const [field, value] of fields) {
      if (typeof value === "string") findings.skip("text");
      else if (!Number.isFinite(value)) findings.skip("not_finite");
      else {
        const metric = field === "value" ? measurement : `${measurement}_${field}`;
        findings.add({ kind: "gauge", metric, labels, timeMs, value });
      }
    }
  }
  return findings;
}

interface Line {
  readonly measurement: string;
  readonly labels: Labels;
  /** A string value stays a string, to be counted as skipped. */
  readonly fields: [string, number | string][];
  readonly timeMs: number | undefined;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+[iu]$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
const TIMESTAMP = /^-?\d+$/;
const TRUE = new Set(["t", "T", "true", "True", "TRUE"]);
const FALSE = new Set(["f", "F", "false", "False", "FALSE"]);
/** Meaning of a character after a backslash in names and tags. Before any other character the backslash is literal. */
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  f: "\f",
  ",": ",",
  "=": "=",
  " ": " ",
};

class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves past empty lines and comments; false at the end. */
  toNextLine(): boolean {
    for (;;) {
      while (/\s/.test(this.#text[this.at] ?? "")) this.at++;
      if (this.at >= this.#text.length) return false;
      if (this.#text[this.at] !== "#") return true;
      this.skipLine();
    }
  }

  /** Moves behind the next newline, quoted or not, and returns the text before it. */
  skipLine(): string {
    const end = this.#text.indexOf("\n", this.at);
    const from = this.at;
    this.at = end < 0 ? this.#text.length : end + 1;
    return this.#text.slice(from, end < 0 ? undefined : end);
  }

  /** Reads the line at the present place; returns a text with the fault where it is malformed. */
  line(unitMs: number): Line | string {
    const measurement = this.#word(", ");
    if (measurement === "") return "no measurement";
    const tags: [string, string][] = [];
    while (this.#take(",")) {
      const name = this.#word("=, ");
      if (name === "" || !this.#take("=")) return "a tag without a value";
      const value = this.#word(", ");
      if (value !== "") tags.push([name, value]);
    }
    if (!this.#take(" ")) return "no fields";
    this.#spaces();
    const fields: [string, number | string][] = [];
    do {
      const name = this.#word("=, ");
      if (name === "" || !this.#take("=")) return "a field without a value";
      const value = this.#value();
      if (value === undefined) return `bad value of field ${name}`;
      fields.push([name, value]);
    } while (this.#take(","));
    this.#spaces();
    const stamp = this.#plain();
    if (stamp !== "" && !TIMESTAMP.test(stamp)) return "bad timestamp";
    this.#spaces();
    if (!this.#atLineEnd()) return "something behind the timestamp";
    const timeMs = stamp === "" ? undefined : Math.round(Number(stamp) * unitMs * 1_000) / 1_000;
    return { measurement, labels: Object.fromEntries(tags), fields, timeMs };
  }

  /** Reads a name or tag up to one of these characters or the end of the line. */
  #word(ends: string): string {
    let word = "";
    for (;;) {
      const character = this.#text[this.at];
      if (character === undefined || character === "\n" || ends.includes(character)) return word;
      const escaped = character === "\\" ? ESCAPES[this.#text[this.at + 1] ?? ""] : undefined;
      this.at += escaped === undefined ? 1 : 2;
      word += escaped ?? character;
    }
  }

  #value(): number | string | undefined {
    if (this.#text[this.at] === '"') return this.#quoted();
    const word = this.#plain();
    if (TRUE.has(word)) return 1;
    if (FALSE.has(word)) return 0;
    if (INTEGER.test(word)) return Number(word.slice(0, -1));
    if (NUMBER.test(word)) return Number(word);
    return NOT_FINITE.test(word) ? Number.NaN : undefined;
  }

  #quoted(): string | undefined {
    const { at } = this;
    let end = at + 1;
    while (end < this.#text.length && this.#text[end] !== '"')
      end += this.#text[end] === "\\" ? 2 : 1;
    if (end >= this.#text.length) return undefined;
    this.at = end + 1;
    return this.#text.slice(at + 1, end);
  }

  /** Reads up to a comma, a space or the end of the line. */
  #plain(): string {
    const from = this.at;
    while (this.at < this.#text.length && !", \r\n".includes(this.#text[this.at] ?? "")) this.at++;
    return this.#text.slice(from, this.at);
  }

  #take(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  #spaces(): void {
    while (this.#text[this.at] === " ") this.at++;
  }

  #atLineEnd(): boolean {
    if (this.#text[this.at] === "\r") this.at++;
    return this.at >= this.#text.length || this.#take("\n");
  }
}
