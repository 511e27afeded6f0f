import type { Labels } from "@mapek/core/contract";
import { Findings, type Parsed } from "../reading.ts";
import {
  addPrometheusValue,
  type PrometheusType,
  parsePrometheusNumber,
} from "./prometheus-names.ts";

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_.]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const WORD = /[^\s#]+/y;
/** Suffixes that OpenMetrics, histograms and summaries add to the name of a family. */
const SUFFIX = /_(?:total|bucket|sum|count|created|info)$/;
const TYPES: ReadonlyMap<string, PrometheusType> = new Map([
  ["counter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
  ["summary", "summary"],
  ["info", "gauge"],
  ["stateset", "gauge"],
]);

/**
 * Reads the metrics that a target serves: Prometheus' text format 0.0.4 or OpenMetrics 1.0. A malformed line is
 * skipped and counted. Exemplars are ignored.
 *
 * @param openMetrics True where timestamps are in seconds (OpenMetrics), false where they are in milliseconds.
 * Cost: one pass.
 */
export function parseExposition(text: string, openMetrics: boolean): Parsed {
  const findings = new Findings();
  const types = new Map<string, string>();
  const unitMs = openMetrics ? 1_000 : 1;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) {
      const [, keyword, family = "", type = ""] = line.split(/\s+/);
      if (keyword === "TYPE") types.set(unquoted(family), type);
      else if (keyword === "EOF") break;
      continue;
    }
    if (line.trim() === "") continue;
    const sample = new Line(line).read();
    if (typeof sample === "string") {
      findings.malformed(`${sample}: ${JSON.stringify(line.slice(0, 120))}`);
      continue;
    }
    const { name, labels, value, time } = sample;
    const type = types.get(name) ?? types.get(name.replace(SUFFIX, ""));
    if (type === "gaugehistogram") findings.skip("unsupported");
    else
      addPrometheusValue(
        {
          ...{ name, labels, value, startMs: undefined, stale: false },
          timeMs: time === undefined ? undefined : time * unitMs,
          type: types.has(name) || type !== "gauge" ? TYPES.get(type ?? "") : undefined,
        },
        findings,
      );
  }
  return findings;
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? unescaped(name.slice(1, -1)) : name;

const unescaped = (text: string): string =>
  text.replace(/\\(.)/gs, (all, character: string) =>
    character === "n" ? "\n" : character === "\\" || character === '"' ? character : all,
  );

/** A space, a tab or a carriage return. */
const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 13;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly time: number | undefined;
}

/** Reads one line from left to right. */
class Line {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the sample, or a text with the fault of the line. */
  read(): Sample | string {
    this.#spaces();
    let name = this.#match(NAME)?.[0];
    const labels: [string, string][] = [];
    this.#spaces();
    if (this.#take("{")) {
      for (this.#spaces(); !this.#take("}"); this.#spaces()) {
        const quoted = this.#match(QUOTED)?.[1];
        const label = quoted === undefined ? this.#match(LABEL_NAME)?.[0] : unescaped(quoted);
        if (label === undefined) return "no name of a label";
        this.#spaces();
        if (this.#take("=")) {
          this.#spaces();
          const value = this.#match(QUOTED)?.[1];
          if (value === undefined) return `no value of label ${label}`;
          if (value !== "") labels.push([label, unescaped(value)]);
        } else if (quoted !== undefined && name === undefined) name = label;
        else return `no value of label ${label}`;
        this.#spaces();
        if (!this.#take(",") && this.#text[this.#at] !== "}") return "labels that do not end";
      }
    }
    if (name === undefined || name === "") return "no name";
    this.#spaces();
    const value = parsePrometheusNumber(this.#match(WORD)?.[0] ?? "");
    if (value === undefined) return "no value";
    this.#spaces();
    const stamp = this.#match(WORD)?.[0];
    const time = stamp === undefined ? undefined : Number(stamp);
    if (time !== undefined && !Number.isFinite(time)) return "bad timestamp";
    this.#spaces();
    if (this.#at < this.#text.length && this.#text[this.#at] !== "#") return "something behind it";
    return { name, labels: Object.fromEntries(labels), value, time };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #spaces(): void {
    for (let code = this.#text.charCodeAt(this.#at); isSpace(code); )
      code = this.#text.charCodeAt(++this.#at);
  }
}
