import { RUNTIME_METRICS } from "./runtime-metrics.ts";
import { SERVICE_METRICS } from "./service-metrics.ts";

/**
 * Every metric of every service: a name is taken once, and the reference page is made from it. Node's own, with the prefix `mapek_`,
 * come besides.
 */
export const METRICS = { ...RUNTIME_METRICS, ...SERVICE_METRICS } as const;

export type MetricName = keyof typeof METRICS;
