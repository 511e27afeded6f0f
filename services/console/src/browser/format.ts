const plain = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
const compact = new Intl.NumberFormat(undefined, {
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

/** A share as percent. */
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? NONE : `${plain.format(100 * share)} %`;

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
export function quantity(value: number | null | undefined, metric: string): string {
  const unit = unitOf(metric);
  return value === null || value === undefined || unit === ""
    ? number(value)
    : `${number(value)} ${unit}`;
}

/** Seconds as a person says them: 90 s, 15 min, 7 d. */
export function seconds(value: number): string {
  if (value < 120) return `${number(value)} s`;
  if (value < 7_200) return `${number(value / 60)} min`;
  if (value < 172_800) return `${number(value / 3_600)} h`;
  return `${number(value / 86_400)} d`;
}

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

/** A series' name with its labels. */
export function seriesName(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? metric : `${metric} · ${pairs.join(" · ")}`;
}
