const plain = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
/** In English as the page is: elsewhere a million may be an m, which reads as a thousandth. */
const compact = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumSignificantDigits: 4,
});
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const dateAndClock = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});

/** Nothing to show. */
export const NONE = "–";

/** Four significant digits; from a million on in words' first letters, very small ones with a power of ten. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size >= 1e6) return compact.format(value);
  if (size > 0 && size < 1e-4) return value.toExponential(2);
  return plain.format(value);
}

/** A share as percent; one that is as good as none is told so, not by its zeros. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return NONE;
  return share > 0 && share < 1e-4 ? "< 0.01 %" : `${plain.format(100 * share)} %`;
}

const UNITS: readonly (readonly [end: RegExp, unit: string])[] = [
  [/(^|_)(ms|milliseconds|millis)$/, "ms"],
  [/(^|_)(seconds|secs|sec)$/, "s"],
  [/(^|_)(percent|pct)$|^(cpu|memory|disk)_usage$/, "%"],
  [/(^|_)(bytes)(_total)?$/, "B"],
  [/_per_second$|_rps$|_qps$/, "/s"],
  [/_per_minute$/, "/min"],
  [/_celsius$/, "°C"],
];

/** The unit that a metric's name ends with, or nothing. */
export const unitOf = (metric: string): string =>
  UNITS.find(([end]) => end.test(metric))?.[1] ?? "";

/** A value of a metric with the unit that its name tells. */
export const quantity = (value: number | null | undefined, metric: string): string =>
  inUnit(value, unitOf(metric));

/** A number of hours or more in seconds says nothing to a person. */
const LONG_SECONDS = 7_200;

/** A value with its unit: bytes and long times in larger ones. */
export function inUnit(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || unit === "") return number(value);
  if (unit === "B") return bytes(value);
  const inSeconds = unit === "s" ? value : unit === "ms" ? value / 1_000 : 0;
  return Math.abs(inSeconds) >= LONG_SECONDS ? seconds(inSeconds) : `${number(value)} ${unit}`;
}

const BYTES = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

function bytes(value: number): string {
  const size = Math.max(1, Math.abs(value));
  const step = Math.min(BYTES.length - 1, Math.floor(Math.log10(size) / 3));
  return `${number(value / 1_000 ** step)} ${BYTES[step]}`;
}

const DURATIONS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** Seconds as a person says them, in two units at most: 90 s, 15 min, 2 h 30 min, 6 d 23 h. */
export function seconds(value: number): string {
  const size = Math.abs(value);
  if (size < 120) return `${number(value)} s`;
  const found = DURATIONS.findIndex(([, length]) => size >= length);
  const [unit, length] = DURATIONS[found] ?? DURATIONS[0];
  const [part, partLength] = DURATIONS[found + 1] ?? DURATIONS[3];
  const parts = Math.round(size / partLength);
  // Rounded up to the next unit, it is told in that one.
  if (found > 0 && parts * partLength >= (DURATIONS[found - 1]?.[1] ?? Number.POSITIVE_INFINITY))
    return seconds(Math.sign(value) * parts * partLength);
  const whole = Math.floor((parts * partLength) / length);
  const rest = parts - (whole * length) / partLength;
  return `${value < 0 ? "-" : ""}${number(whole)} ${unit}${rest === 0 ? "" : ` ${rest} ${part}`}`;
}

/** So many of something, by its right name: 1 sample, 2 samples. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** How long ago, roughly. */
export function ago(time: number | null | undefined, now = Date.now()): string {
  if (time === null || time === undefined) return NONE;
  const passed = (now - time) / 1_000;
  if (passed < -2) return at(time);
  if (passed < 5) return "just now";
  if (passed < 100) return `${Math.round(passed)} s ago`;
  if (passed < 5_400) return `${Math.round(passed / 60)} min ago`;
  if (passed < 129_600) return `${Math.round(passed / 3_600)} h ago`;
  return `${Math.round(passed / 86_400)} d ago`;
}

/** Time of day today, date and time otherwise. */
export function at(time: number | null | undefined): string {
  if (time === null || time === undefined) return NONE;
  const date = new Date(time);
  return date.toDateString() === new Date().toDateString()
    ? clock.format(date)
    : dateAndClock.format(date);
}

/** A word of the wire for people: `execution_parallelism` → `execution parallelism`. */
export const words = (name: string): string => name.replaceAll("_", " ");

/** A field of a message as a person reads it: no braces and quotes. */
export function plainly(value: unknown): string {
  if (value === null) return NONE;
  if (typeof value === "number") return number(value);
  if (typeof value !== "object") return String(value);
  const fields = Object.entries(value ?? {});
  if (fields.length === 0) return NONE;
  return fields.map(([name, inner]) => `${words(name)} ${plainly(inner)}`).join(", ");
}

/** A text whose end is a JSON object, as lines of the log have it, with that in words. */
export function withoutJson(text: string): string {
  for (let begin = text.indexOf("{"); begin >= 0; begin = text.indexOf("{", begin + 1))
    try {
      return text.slice(0, begin) + plainly(JSON.parse(text.slice(begin)));
    } catch {
      // The name of a series has braces, too.
    }
  return text;
}

/** A series' name with its labels. */
export function seriesName(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? metric : `${metric} · ${pairs.join(" · ")}`;
}
