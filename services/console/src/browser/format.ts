const plain = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
/** Always English, as the page is: in some languages the short form of a million is "m", which reads as milli. */
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

/** Text for a value that is not known. */
export const NONE = "–";

/** A number in four significant digits: from a million on in compact form (1.5M), below 1e-4 with an exponent. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size >= 1e6) return compact.format(value);
  if (size > 0 && size < 1e-4) return value.toExponential(2);
  return plain.format(value);
}

/** A share, 0–1, as percent; "< 0.01 %" for a smaller one above 0. */
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

/** The unit that the end of a metric's name tells; empty where it tells none. */
export const unitOf = (metric: string): string =>
  UNITS.find(([end]) => end.test(metric))?.[1] ?? "";

/** A value of a metric with the unit that the metric's name tells. */
export const quantity = (value: number | null | undefined, metric: string): string =>
  inUnit(value, unitOf(metric));

/** Duration, s, from which a value is shown in min, h and d. */
const LONG_SECONDS = 7_200;

/** A value with its unit; bytes and long durations in larger units. */
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

/** A duration in at most two units: 90 s, 15 min, 2 h 30 min, 6 d 23 h. */
export function seconds(value: number): string {
  const size = Math.abs(value);
  if (size < 120) return `${number(value)} s`;
  const found = DURATIONS.findIndex(([, length]) => size >= length);
  const [unit, length] = DURATIONS[found] ?? DURATIONS[0];
  const [part, partLength] = DURATIONS[found + 1] ?? DURATIONS[3];
  const parts = Math.round(size / partLength);
  // A duration that rounding brings up to the next larger unit is shown in that unit.
  if (found > 0 && parts * partLength >= (DURATIONS[found - 1]?.[1] ?? Number.POSITIVE_INFINITY))
    return seconds(Math.sign(value) * parts * partLength);
  const whole = Math.floor((parts * partLength) / length);
  const rest = parts - (whole * length) / partLength;
  return `${value < 0 ? "-" : ""}${number(whole)} ${unit}${rest === 0 ? "" : ` ${rest} ${part}`}`;
}

/** A count with its noun in singular or plural: 1 sample, 2 samples. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** Age of a time, rounded: "3 min ago". A time more than 2 s in the future is shown as {@link at} shows it. */
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

/** A name from a message as words: `execution_parallelism` → `execution parallelism`. */
export const words = (name: string): string => name.replaceAll("_", " ");

/** A field of a message as text without braces and quotes. */
export function plainly(value: unknown): string {
  if (value === null) return NONE;
  if (typeof value === "number") return number(value);
  if (typeof value !== "object") return String(value);
  const fields = Object.entries(value ?? {});
  if (fields.length === 0) return NONE;
  return fields.map(([name, inner]) => `${words(name)} ${plainly(inner)}`).join(", ");
}

/** Replaces a JSON object at the end of a text, as lines of the log have one, by words. */
export function withoutJson(text: string): string {
  for (let begin = text.indexOf("{"); begin >= 0; begin = text.indexOf("{", begin + 1))
    try {
      return text.slice(0, begin) + plainly(JSON.parse(text.slice(begin)));
    } catch {
      // This brace belongs to the name of a series: the next one is tried.
    }
  return text;
}

/** A series' name with its labels. */
export function seriesName(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? metric : `${metric} · ${pairs.join(" · ")}`;
}
