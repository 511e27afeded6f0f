import { plot } from "../plot.ts";
import { difference, type Estimate, estimate, type MeasureName, type Outcomes } from "./compare.ts";
import { POLICIES, type PolicyName } from "./policies.ts";

const HEADINGS: Record<MeasureName, string> = {
  detectSeconds: "detect, s",
  recoverSeconds: "recover, s",
  overheadPercent: "overhead, % CPU",
  falseAlarmsPerDay: "false alarms a day",
  transitionsPerDay: "changes of state a day",
  changesPerDay: "changes of parameters a day",
};
const NAMES = Object.keys(HEADINGS) as MeasureName[];

const POLICY_TITLES: Record<PolicyName, string> = {
  fixed: "fixed healthy parameters",
  table: "plain state table",
  ours: "ours",
};

const digits = (value: number): string => value.toFixed(Math.abs(value) >= 100 ? 0 : 2);
const shown = ({ mean, half }: Estimate): string => `${digits(mean)} ± ${digits(half)}`;

/** Means of each policy under each workload. */
export function meansTable(rows: readonly (readonly [string, Outcomes])[]): string {
  const lines = rows.flatMap(([workload, outcomes]) =>
    POLICIES.map(
      (policy) =>
        `| ${workload} | ${POLICY_TITLES[policy]} | ${NAMES.map((name) => shown(estimate(outcomes[policy][name]))).join(" | ")} |`,
    ),
  );
  return table(["workload", "policy", ...NAMES.map((name) => HEADINGS[name])], lines);
}

const COMPARED = ["recoverSeconds", "overheadPercent", "falseAlarmsPerDay"] as const;

/** Paired differences, ours less the other. */
export function differencesTable(rows: readonly (readonly [string, Outcomes])[]): string {
  const lines = rows.map(([workload, outcomes]) => {
    const cells = (["fixed", "table"] as const).flatMap((other) =>
      COMPARED.map((name) => shown(difference(outcomes, other, name))),
    );
    return `| ${workload} | ${cells.join(" | ")} |`;
  });
  const headings = ["fixed", "table"].flatMap((other) =>
    COMPARED.map((name) => `− ${other}: ${HEADINGS[name]}`),
  );
  return table(["ours", ...headings], lines);
}

function table(headings: readonly string[], lines: readonly string[]): string {
  return [
    `| ${headings.join(" | ")} |`,
    `| ${headings.map(() => "---").join(" | ")} |`,
    ...lines,
  ].join("\n");
}

/** Time to recover by workload, a line of points a policy. */
export function recoveryPlot(rows: readonly (readonly [string, Outcomes])[]): string {
  return plot({
    title: "Mean time to recover",
    xLabel: "workload",
    yLabel: "seconds",
    xNames: rows.map(([workload]) => workload),
    series: POLICIES.map((policy) => ({
      name: POLICY_TITLES[policy],
      mark: "points",
      points: rows.map(([, outcomes], i) => [i, estimate(outcomes[policy].recoverSeconds).mean]),
    })),
  });
}
