import { addPrometheusLabel, type ThresholdSide } from "@mapek/core/contract";
import { instrumentConfiguration } from "@mapek/runtime";
import { Gauge, type GaugeConfiguration, type Registry } from "prom-client";
import type { Series } from "./series/series.ts";
import type { LearnerState } from "./state.ts";

/** A lower threshold has a name of its own: who compares with `mapek_threshold` means the upper one. */
const NAMES = { upper: "mapek_threshold", lower: "mapek_threshold_lower" } as const;
/** What every metric of a service has. */
const RESERVED = new Set(["service"]);

type ExportedLabels = Record<string, string>;

/** A row in the form of prom-client's histograms, which caches the text of `sharedLabels`. */
interface Row {
  readonly labels: ExportedLabels;
  readonly sharedLabels: ExportedLabels;
  readonly value: number;
}
const NO_MORE: ExportedLabels = {};

/** A gauge whose rows are distinct by construction: a plain gauge would look up the labels of each row. */
class RowsGauge extends Gauge {
  readonly #rows: Row[];

  constructor(configuration: GaugeConfiguration<string>, rows: Row[]) {
    super(configuration);
    this.#rows = rows;
  }

  override async get() {
    return { ...(await super.get()), values: this.#rows };
  }
}

/** Number of thresholds per side that one instance exports: writing the text of more would block the event loop too long. */
const MAX_EXPORTED = 20_000;

/** Exported labels of a series, which never change, and their text. */
interface Identity {
  readonly labels: ExportedLabels;
  readonly text: string;
}
const identities = new WeakMap<Series, Identity>();

/**
 * Exports every threshold in force as `mapek_threshold{system,metric,…labels of the series}`, and lower ones as
 * `mapek_threshold_lower`, so that an alert can compare a metric with its learned threshold. The exported value is
 * that of `nowMs` and follows the threshold's daily curve without a new message.
 *
 * In label names, characters that Prometheus does not allow become `_`; a name that is then taken or reserved gets the
 * prefix `label_`. Series that would have equal labels get a label `series` with their key.
 *
 * Cost: about 0.4 µs per scrape for each of at most 20,000 thresholds a side, and 1.4 µs for its text; O(series)
 * where fewer series have one.
 *
 * @returns Number of thresholds beyond the limit, which are not exported.
 */
export function exportThresholds(
  registry: Registry,
  states: readonly LearnerState[],
  nowMs: number,
): number {
  return (
    exportSide(registry, states, "upper", nowMs) + exportSide(registry, states, "lower", nowMs)
  );
}

function exportSide(
  registry: Registry,
  states: readonly LearnerState[],
  side: ThresholdSide,
  nowMs: number,
): number {
  const name = NAMES[side];
  const rows: Row[] = [];
  const taken = new Set<string>();
  const inForce = states.reduce((sum, { totals }) => sum + totals.inForce[side], 0);
  const exported = Math.min(MAX_EXPORTED, inForce);
  for (const { series } of states)
    for (const one of series.values()) {
      if (rows.length === exported) break;
      const value = one.learner.thresholdAt(side, nowMs);
      if (value === null) continue;
      let { labels, text } = identityOf(one);
      if (taken.has(text)) {
        labels = { ...labels };
        addPrometheusLabel(labels, "series", one.key, RESERVED);
        text = textOf(labels);
      }
      taken.add(text);
      rows.push({ labels: NO_MORE, sharedLabels: labels, value });
    }
  registry.removeSingleMetric(name);
  if (side === "lower" && exported === 0) return 0;
  new RowsGauge(instrumentConfiguration(registry, name), rows);
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
  for (const [name, value] of Object.entries(id.labels))
    addPrometheusLabel(labels, name, value, RESERVED);
  return labels;
}

const textOf = (labels: ExportedLabels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
