import { Gauge, type Registry } from "prom-client";
import type { LearnerState } from "./state.ts";

const NAME = "mapek_threshold";
const HELP = "Learned threshold in force, with the labels of its series";
/** Characters that a Prometheus label name may not have. */
const NOT_IN_LABEL_NAMES = /[^a-zA-Z0-9_]/g;

/**
 * Exports every threshold in force as `mapek_threshold{system,metric,…labels of the series}`, so that
 * an alert can compare a metric with its learned threshold. Labels that collide with `system` or
 * `metric` get `label_` before their name.
 *
 * Cost: O(series) a scrape.
 */
export function exportThresholds(registry: Registry, states: readonly LearnerState[]): void {
  const rows: { labels: Record<string, string>; value: number }[] = [];
  const names = new Set(["system", "metric"]);
  for (const { series } of states)
    for (const { id, learner } of series.values()) {
      if (learner.threshold === null) continue;
      const labels: Record<string, string> = { system: id.system, metric: id.metric };
      for (const [name, value] of Object.entries(id.labels)) labels[labelName(name)] = value;
      for (const name of Object.keys(labels)) names.add(name);
      rows.push({ labels, value: learner.threshold.threshold });
    }
  registry.removeSingleMetric(NAME);
  const gauge = new Gauge({
    name: NAME,
    help: HELP,
    labelNames: [...names],
    registers: [registry],
  });
  for (const { labels, value } of rows) gauge.set(labels, value);
}

function labelName(name: string): string {
  const safe = name.replace(NOT_IN_LABEL_NAMES, "_");
  return safe === "system" || safe === "metric" || safe === "service" || /^\d/.test(safe)
    ? `label_${safe}`
    : safe;
}
