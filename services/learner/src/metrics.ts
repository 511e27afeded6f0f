import type { Rejected } from "@mapek/core/contract";
import { SUPPRESSIONS } from "@mapek/core/statistics";
import {
  type ActorServiceOptions,
  instrument,
  LoudRefusals,
  type ServiceContext,
} from "@mapek/runtime";
import { type LearnerMessage, suppressedGauge } from "./actor.ts";
import { budgetsSpent } from "./series/alarm-budget.ts";
import type { LearnerState } from "./state.ts";
import { exportThresholds } from "./threshold-metrics.ts";

type Instruments = NonNullable<ActorServiceOptions<LearnerState, LearnerMessage>["instruments"]>;

/** The learner's own metrics. */
export const learnerInstruments: Instruments = ({ log, metrics }: ServiceContext) => {
  const { registry } = metrics;
  const recommendations = instrument(registry, "mapek_threshold_recommendations_total");
  const rate = instrument(registry, "mapek_anomaly_detection_rate");
  const series = instrument(registry, "mapek_series");
  const bytes = instrument(registry, "mapek_bytes_per_series");
  const open = instrument(registry, "mapek_open_anomalies");
  const suppressed = instrument(registry, "mapek_anomalies_suppressed");
  const budget = instrument(registry, "mapek_alarm_budget_spent");
  const points = instrument(registry, "mapek_samples_learned");
  const dropped = instrument(registry, "mapek_samples_dropped");
  const untaught = instrument(registry, "mapek_samples_not_taught");
  const refusals = new LoudRefusals({ name: "mapek_series_refused_total", registry, log });
  const refused = instrument(registry, "mapek_series_refusals");
  const expired = instrument(registry, "mapek_series_expired_total");
  const omitted = instrument(registry, "mapek_thresholds_omitted");
  const stale = instrument(registry, "mapek_stale_series");
  const changes = instrument(registry, "mapek_series_changes_total");
  const closed = instrument(registry, "mapek_partitions_closed");
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
          tellRefusal(refusals, output.message);
        if (output.to === "log" && output.family === "changes")
          changes.inc({ kind: output.message.kind });
        if (output.to !== "log" || output.family !== "recommendations") continue;
        const { strategy, provisional } = output.message;
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
      omitted.set(exportThresholds(registry, states, Date.now()));
    },
  };
};

/** Counts a refused series by system: the dead letter's payload is the series key, which begins with the system. */
function tellRefusal(refusals: LoudRefusals, { code, reason, payload }: Rejected): void {
  if (code !== "MAPEK_SERIES_LIMIT" && code !== "MAPEK_OVERLOADED") return;
  const [system = ""] = Buffer.from(payload, "base64").toString().split("/", 1);
  refusals.add(system, { code, detail: reason });
}
