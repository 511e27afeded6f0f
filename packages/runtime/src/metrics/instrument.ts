import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { MetricDeclaration } from "./metric-declaration.ts";
import { METRICS, type MetricName } from "./metric-table.ts";

const CLASSES = { counter: Counter, gauge: Gauge, histogram: Histogram };

/** Stands for the labels of a metric that has none, so that the compiler refuses any. */
type NoLabel = "";
type Row<Name extends MetricName> = (typeof METRICS)[Name];
type LabelOf<Name extends MetricName> =
  Row<Name> extends { readonly labels: readonly (infer Label extends string)[] } ? Label : NoLabel;

/** What moves a metric: a counter, gauge or histogram with its labels. */
export type Instrument<Name extends MetricName> = {
  readonly counter: Counter<LabelOf<Name>>;
  readonly gauge: Gauge<LabelOf<Name>>;
  readonly histogram: Histogram<LabelOf<Name>>;
}[Row<Name>["type"]];

/** Names of the counters that have the label `system` and no other. */
export type CounterBySystem = {
  [Name in MetricName]: Row<Name> extends {
    readonly type: "counter";
    readonly labels: readonly ["system"];
  }
    ? Name
    : never;
}[MetricName];

/** Makes the instrument of a metric; a registry takes each once. */
export function instrument<Name extends MetricName>(
  registry: Registry,
  name: Name,
): Instrument<Name> {
  const configuration = instrumentConfiguration(registry, name);
  return new CLASSES[METRICS[name].type](configuration) as Instrument<Name>;
}

/** For an instrument of a class of its own. */
export function instrumentConfiguration(registry: Registry, name: MetricName) {
  const { help, labels = [], ...rest }: MetricDeclaration = METRICS[name];
  const buckets = rest.type === "histogram" ? { buckets: [...rest.buckets] } : {};
  return { name, help, labelNames: labels, registers: [registry], ...buckets };
}
