import type { Service } from "@mapek/core/contract";

interface MetricFacts {
  /** Those that serve it. */
  readonly services: readonly Service[];
  readonly help: string;
  /** Names of its labels; none where it is left out. All metrics have `service` besides. */
  readonly labels?: readonly string[];
}
export type MetricDeclaration =
  | (MetricFacts & { readonly type: "counter" | "gauge" })
  | (MetricFacts & { readonly type: "histogram"; readonly buckets: readonly number[] });

/** Metrics by their names. */
export type MetricTable = Readonly<Record<`mapek_${string}`, MetricDeclaration>>;
