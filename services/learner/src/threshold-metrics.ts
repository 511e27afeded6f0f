import type { ThresholdSide } from "@mapek/core/messages";
import { Gauge, type Registry } from "prom-client";
import type { LearnerState, Series } from "./state.ts";

/** A lower threshold has a name of its own: who compares with `mapek_threshold` means the upper one. */
const METRICS = {
  upper: {
    name: "mapek_threshold",
    help: "Learned threshold in force, with the labels of its series",
  },
  lower: {
    name: "mapek_threshold_lower",
    help: "Learned lower threshold in force, with the labels of its series",
  },
} as const;
/** Characters that a Prometheus label name may not have. */
const NOT_IN_LABEL_NAMES = /[^a-zA-Z0-9_]/g;
/** What Prometheus keeps for itself, what may not begin a name, and what every metric of a service has. */
const NOT_A_LABEL_NAME = /^(?:__|\d|service$)/;

type ExportedLabels = Record<string, string>;

/** Thresholds that one instance exports: the text of more would hold up everything else for too long. */
const MAX_EXPORTED = 20_000;

/** What a series is exported as, which never changes. */
interface Identity {
  readonly labels: ExportedLabels;
  readonly text: string;
}
const identities = new WeakMap<Series, Identity>();

/**
 * Exports every threshold in force as `mapek_threshold{system,metric,…labels of the series}`, lower ones as
 * `mapek_threshold_lower`, so that
 * an alert can compare a metric with its learned threshold.
 *
 * Label names lose the characters that Prometheus does not know; one that is then taken, or reserved,
 * gets `label_` before it. Series that Prometheus could not tell apart get a label `series` with their key.
 *
 * Cost: about 2 µs a scrape for each of at most 20,000; O(series) where fewer have one.
 *
 * @returns How many thresholds are not exported, since there are too many.
 */
export function exportThresholds(registry: Registry, states: readonly LearnerState[]): number {
  return exportSide(registry, states, "upper") + exportSide(registry, states, "lower");
}

function exportSide(
  registry: Registry,
  states: readonly LearnerState[],
  side: ThresholdSide,
): number {
  const { name, help } = METRICS[side];
  const rows: { labels: ExportedLabels; value: number }[] = [];
  const names = new Set<string>();
  const taken = new Set<string>();
  const inForce = states.reduce((sum, { totals }) => sum + totals.inForce[side], 0);
  const exported = Math.min(MAX_EXPORTED, inForce);
  for (const { series } of states)
    for (const one of series.values()) {
      if (rows.length === exported) break;
      const threshold = one.learner.threshold(side);
      if (threshold === null) continue;
      let { labels, text } = identityOf(one);
      if (taken.has(text)) {
        labels = { ...labels };
        add(labels, "series", one.key);
        text = textOf(labels);
      }
      taken.add(text);
      for (const name of Object.keys(labels)) names.add(name);
      rows.push({ labels, value: threshold.threshold });
    }
  registry.removeSingleMetric(name);
  if (side === "lower" && exported === 0) return 0;
  const labelNames = [...names];
  const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
  for (const { labels, value } of rows) gauge.set(labels, value);
  return inForce - exported;
}

function identityOf(series: Series): Identity {
  let identity = identities.get(series);
  if (identity === undefined) {
    const labels = labelsOf(series);
    identity = { labels, text: textOf(labels) };
    identities.set(series, identity);
  }
  return identity;
}

function labelsOf({ id }: Series): ExportedLabels {
  const labels: ExportedLabels = { system: id.system, metric: id.metric };
  // To Prometheus an empty label is none.
  for (const [name, value] of Object.entries(id.labels)) if (value !== "") add(labels, name, value);
  return labels;
}

function add(labels: ExportedLabels, name: string, value: string): void {
  let safe = name.replace(NOT_IN_LABEL_NAMES, "_");
  while (NOT_A_LABEL_NAME.test(safe) || Object.hasOwn(labels, safe)) safe = `label_${safe}`;
  labels[safe] = value;
}

const textOf = (labels: ExportedLabels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
