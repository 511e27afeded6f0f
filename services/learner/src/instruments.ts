import type { Change, Rejected } from "@mapek/core/messages";
import { SUPPRESSIONS } from "@mapek/core/stats";
import { type ActorServiceOptions, LoudRefusals, type ServiceContext } from "@mapek/runtime";
import { Counter, Gauge } from "prom-client";
import { type LearnerMessage, suppressedGauge } from "./actor.ts";
import { budgetsSpent } from "./series/alarm-budget.ts";
import type { LearnerState } from "./state.ts";
import { exportThresholds } from "./threshold-metrics.ts";

type Instruments = NonNullable<ActorServiceOptions<LearnerState, LearnerMessage>["instruments"]>;

/** The learner's own metrics. */
export const learnerInstruments: Instruments = ({ log, metrics }: ServiceContext) => {
  const registers = [metrics.registry];
  const recommendations = new Counter({
    name: "mapek_threshold_recommendations_total",
    help: "Recommendations made",
    labelNames: ["strategy", "provisional"],
    registers,
  });
  const rate = new Gauge({
    name: "mapek_anomaly_detection_rate",
    help: "Anomalies per judged sample, over all series",
    registers,
  });
  const series = new Gauge({ name: "mapek_series", help: "Series learned here", registers });
  const bytes = new Gauge({
    name: "mapek_bytes_per_series",
    help: "Mean bytes of a series' window",
    registers,
  });
  const open = new Gauge({ name: "mapek_open_anomalies", help: "Anomalies open now", registers });
  const suppressed = new Gauge({
    name: "mapek_anomalies_suppressed",
    help: "Evidence enough for an anomaly that opened none, by reason",
    labelNames: ["reason"],
    registers,
  });
  const budget = new Gauge({
    name: "mapek_alarm_budget_spent",
    help: "Incidents of the last 14 days (older ones weighing less, those called right left out) over alarm_budget: the mean over the system's series learned here; 1 is what was promised",
    labelNames: ["system"],
    registers,
  });
  const points = new Gauge({
    name: "mapek_samples_learned",
    help: "Samples in the history of the series learned here",
    registers,
  });
  const dropped = new Gauge({
    name: "mapek_samples_dropped",
    help: "Samples dropped as duplicate, too late or outside the window",
    registers,
  });
  const untaught = new Gauge({
    name: "mapek_samples_not_taught",
    help: "Samples older than the newest of their series: they fill its window, and teach no season, change or anomaly",
    registers,
  });
  const refusals = new LoudRefusals({
    name: "mapek_series_refused_total",
    help: "Dead letters about series beyond their system's limit or while memory is short, by system",
    registry: metrics.registry,
    log,
  });
  const refused = new Gauge({
    name: "mapek_series_refusals",
    help: "Times that a batch brought a series that was not learned",
    registers,
  });
  const expired = new Gauge({
    name: "mapek_series_expired_total",
    help: "Series that were forgotten since nothing came for the idle time",
    registers,
  });
  const omitted = new Gauge({
    name: "mapek_thresholds_omitted",
    help: "Thresholds in force that are not among the metrics since there are too many",
    registers,
  });
  const stale = new Gauge({
    name: "mapek_stale_series",
    help: "Series to which nothing has come for longer than it should",
    registers,
  });
  const changes = new Counter({
    name: "mapek_series_changes_total",
    help: "Lasting changes of series that were told",
    labelNames: ["kind"],
    registers,
  });
  const closed = new Gauge({
    name: "mapek_partitions_closed",
    help: "Partitions that learn no new series since memory is short",
    registers,
  });
  return {
    onFolded: (_input, outputs) => {
      const removed = outputs.filter((output) => output.to === "latest" && output.message === null);
      if (removed.length > 0)
        log.info(
          { thresholds: removed.length },
          "idle series were forgotten, and their thresholds",
        );
      for (const output of outputs) {
        if (output.to === "log" && output.family === "rejected")
          tellRefusal(refusals, output.message as Rejected);
        if (output.to === "log" && output.family === "changes")
          changes.inc({ kind: (output.message as Change).kind });
        if (output.to !== "log" || output.family !== "recommendations") continue;
        const { strategy, provisional } = output.message as {
          strategy: string;
          provisional: boolean;
        };
        recommendations.inc({ strategy, provisional: String(provisional) });
      }
    },
    onScrape: (states, gauges) => {
      const count = gauges.series ?? 0;
      series.set(count);
      rate.set((gauges.anomalies ?? 0) / Math.max(1, gauges.judged ?? 0));
      bytes.set((gauges.window_bytes ?? 0) / Math.max(1, count));
      open.set(gauges.open_anomalies ?? 0);
      for (const reason of SUPPRESSIONS)
        suppressed.set({ reason }, gauges[suppressedGauge(reason)] ?? 0);
      stale.set(gauges.stale ?? 0);
      budget.reset();
      for (const [system, spent] of budgetsSpent(states)) budget.set({ system }, spent);
      points.set(gauges.points ?? 0);
      dropped.set(gauges.dropped ?? 0);
      untaught.set(gauges.untaught ?? 0);
      refused.set(gauges.refused ?? 0);
      expired.set(gauges.expired ?? 0);
      closed.set(gauges.closed ?? 0);
      omitted.set(exportThresholds(metrics.registry, states, Date.now()));
    },
  };
};

/** The letter's payload is the key of a series, which begins with its system. */
function tellRefusal(refusals: LoudRefusals, { code, reason, payload }: Rejected): void {
  if (code !== "MAPEK_SERIES_LIMIT" && code !== "MAPEK_OVERLOADED") return;
  const [system = ""] = Buffer.from(payload, "base64").toString().split("/", 1);
  refusals.add(system, { code, detail: reason });
}
