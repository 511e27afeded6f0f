import type { MetricTable } from "./metric-declaration.ts";

/** Metrics that one service or another moves itself. */
export const SERVICE_METRICS = {
  mapek_samples_total: { type: "counter", services: ["monitor"], help: "Samples stored" },
  mapek_samples_lost_total: {
    type: "counter",
    services: ["monitor"],
    help: "Samples that could not be stored after all attempts",
  },
  mapek_samples_waiting: {
    type: "gauge",
    services: ["monitor"],
    help: "Samples taken in and not stored yet",
  },
  mapek_samples_waiting_bytes: {
    type: "gauge",
    services: ["monitor"],
    help: "Bytes of the samples, and of their keys, that are taken in and not stored yet",
  },
  mapek_monitor_series: {
    type: "gauge",
    services: ["monitor"],
    help: "Series that this monitor routes",
  },
  mapek_series_refused_total: {
    type: "counter",
    services: ["monitor", "learner"],
    help: "Refusals of a series or system beyond its limit, or of a new series while memory is short, by system",
    labels: ["system"],
  },
  mapek_protocol_readings_total: {
    type: "counter",
    services: ["monitor"],
    help: "Readings that came in the formats of other tools",
    labels: ["protocol"],
  },
  mapek_protocol_skipped_total: {
    type: "counter",
    services: ["monitor"],
    help: "Values in the formats of other tools that gave no sample, by reason",
    labels: ["protocol", "reason"],
  },
  mapek_threshold_recommendations_total: {
    type: "counter",
    services: ["learner"],
    help: "Recommendations made",
    labels: ["strategy", "provisional"],
  },
  mapek_threshold: {
    type: "gauge",
    services: ["learner"],
    help: "Learned threshold in force, with the labels of its series",
  },
  mapek_threshold_lower: {
    type: "gauge",
    services: ["learner"],
    help: "Learned lower threshold in force, with the labels of its series",
  },
  mapek_anomaly_detection_rate: {
    type: "gauge",
    services: ["learner"],
    help: "Anomalies per judged sample, over all series",
  },
  mapek_series: { type: "gauge", services: ["learner"], help: "Series learned here" },
  mapek_bytes_per_series: {
    type: "gauge",
    services: ["learner"],
    help: "Mean bytes of a series' window",
  },
  mapek_open_anomalies: { type: "gauge", services: ["learner"], help: "Anomalies open now" },
  mapek_anomalies_suppressed: {
    type: "gauge",
    services: ["learner"],
    help: "Evidence enough for an anomaly that opened none, by reason",
    labels: ["reason"],
  },
  mapek_alarm_budget_spent: {
    type: "gauge",
    services: ["learner"],
    help: "Incidents of the last 14 days (older ones weighing less, those called right left out) over alarm_budget: the mean over the system's series learned here; 1 is what was promised",
    labels: ["system"],
  },
  mapek_samples_learned: {
    type: "gauge",
    services: ["learner"],
    help: "Samples in the history of the series learned here",
  },
  mapek_samples_dropped: {
    type: "gauge",
    services: ["learner"],
    help: "Samples dropped as duplicate, too late or outside the window",
  },
  mapek_samples_not_taught: {
    type: "gauge",
    services: ["learner"],
    help: "Samples older than the newest of their series: they fill its window, and teach no season, change or anomaly",
  },
  mapek_series_refusals: {
    type: "gauge",
    services: ["learner"],
    help: "Times that a batch brought a series that was not learned",
  },
  mapek_series_expired_total: {
    type: "gauge",
    services: ["learner"],
    help: "Series that were forgotten since nothing came for the idle time",
  },
  mapek_thresholds_omitted: {
    type: "gauge",
    services: ["learner"],
    help: "Thresholds in force that are not among the metrics since there are too many",
  },
  mapek_stale_series: {
    type: "gauge",
    services: ["learner"],
    help: "Series to which nothing has come for longer than it should",
  },
  mapek_series_changes_total: {
    type: "counter",
    services: ["learner"],
    help: "Lasting changes of series that were told",
    labels: ["kind"],
  },
  mapek_partitions_closed: {
    type: "gauge",
    services: ["learner"],
    help: "Partitions that learn no new series since memory is short",
  },
  mapek_state_transitions_total: {
    type: "counter",
    services: ["optimizer"],
    help: "Changes of a system's state",
    labels: ["system", "from", "to"],
  },
  mapek_optimization_latency_ms: {
    type: "histogram",
    services: ["optimizer"],
    help: "Milliseconds from when a report or command was stored until it was evaluated",
    buckets: [0.5, 1, 2, 5, 10, 20, 50, 100, 500, 2_000],
  },
  mapek_systems: { type: "gauge", services: ["optimizer"], help: "Systems optimized here" },
  mapek_feedback_signals_total: {
    type: "counter",
    services: ["feedback"],
    help: "Signals accepted",
    labels: ["system", "loop"],
  },
  mapek_feedback_signals_without_effect_total: {
    type: "counter",
    services: ["feedback"],
    help: "Signals stored without effect, since their source had said or moved too much",
    labels: ["system", "code"],
  },
  mapek_feedback_actions_total: {
    type: "counter",
    services: ["feedback"],
    help: "Actions, by what became of them",
    labels: ["system", "loop", "status"],
  },
  mapek_decision_quality_accuracy: {
    type: "gauge",
    services: ["feedback"],
    help: "Mean accuracy of recent decisions, 0–1",
    labels: ["system"],
  },
  mapek_loop_effectiveness: {
    type: "gauge",
    services: ["feedback"],
    help: "Share of a loop's judged actions that helped",
    labels: ["system", "loop"],
  },
  mapek_label_precision: {
    type: "gauge",
    services: ["feedback"],
    help: "Share of labelled alarms that were right; series empty: the whole system",
    labels: ["system", "series"],
  },
  mapek_label_recall: {
    type: "gauge",
    services: ["feedback"],
    help: "Share of labelled anomalies that raised an alarm; series empty: the whole system",
    labels: ["system", "series"],
  },
  mapek_loop_harm: {
    type: "gauge",
    services: ["feedback"],
    help: "Share of a loop's judged actions that hurt",
    labels: ["system", "loop"],
  },
} as const satisfies MetricTable;
