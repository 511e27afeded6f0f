import { page, table } from "./markdown.ts";
import { sources } from "./source-scan.ts";

const DECLARATION = /name: "(mapek_\w+)",\s*help:\s*"((?:[^"\\]|\\.)*)"/g;
/** What counts by system without saying so in its declaration. */
const BY_SYSTEM = /new LoudRefusals\(\{\s*$/;
const LABELS = /labelNames: \[([^\]]*)\]/;

/** Every metric of every service, as it is declared in the code. */
export function metricsPage(): string {
  const found = new Map<
    string,
    { metric: string; help: string; labels: string; where: Set<string> }
  >();
  for (const [path, text] of sources()) {
    const [folder = "", name = ""] = path.split("/");
    const where = folder === "services" ? name : "every service";
    for (const match of text.matchAll(DECLARATION)) {
      const [declaration, metric = "", help = ""] = match;
      const after = text.slice(match.index + declaration.length);
      const own = after.slice(0, after.indexOf("}"));
      const bySystem = BY_SYSTEM.test(text.slice(0, match.index)) ? '"system"' : "";
      const labels = LABELS.exec(own)?.[1] ?? bySystem;
      const key = `${metric} ${help}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { metric, help, labels, where: new Set([where]) });
      else known.where.add(where);
    }
  }
  const rows = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { metric, help, labels, where }]) => [
      `\`${metric}\``,
      labels.replaceAll('"', "`"),
      where.has("every service") ? "every service" : [...where].join(", "),
      help,
    ]);
  return page(
    "Metrics",
    "Each service serves them at `/metrics`, and Node's own with the prefix `mapek_` besides. All have the label `service`.",
    table(["metric", "labels", "service", "meaning"], rows),
  );
}
