import { SERVICES } from "@mapek/core/contract";
import { METRICS, type MetricDeclaration } from "@mapek/runtime";
import { page, table } from "./markdown.ts";

/** Every metric of every service. */
export function metricsPage(): string {
  const rows = Object.entries<MetricDeclaration>(METRICS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { help, labels = [], services }]) => [
      `\`${name}\``,
      labels.map((label) => `\`${label}\``).join(", "),
      services.length === SERVICES.length ? "every service" : services.join(", "),
      help,
    ]);
  return page(
    "Metrics",
    "Each service serves them at `/metrics`, and Node's own with the prefix `mapek_` besides. All have the label `service`.",
    table(["metric", "labels", "service", "meaning"], rows),
  );
}
