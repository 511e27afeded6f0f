// One valid message and several invalid ones of every family. Released versions stay here and must go on decoding.

const at = 1_760_000_000_000;
const series = { version: 1, system: "checkout", metric: "latency_ms", labels: { host: "a" } };
const table = {
  monitoring_interval: 60,
  analysis_depth: 100,
  planning_lookahead: 300,
  execution_parallelism: 4,
  knowledge_retention: 604_800,
  learning_rate: 0.1,
};
const recommended = {
  recommended_value: 120,
  confidence: 0.8,
  strategy: "percentile",
  reasoning: "because",
  candidates: { percentile: 120, sigma: 130, iqr: 140, adaptive: 125 },
  supporting_data: { data_points: 200, trend_direction: "stable", time_to_threshold_ms: null },
  provisional: false,
};
const recommendation = { ...series, ...recommended, timestamp: at };
const parameters = {
  version: 1,
  system: "checkout",
  ...table,
  state: "healthy",
  mode: "apply",
  changed: ["monitoring_interval"],
  reason: "first report",
  timestamp: at,
};
const input = { version: 1, time: at, system: "checkout" };

export const FIXTURES: Readonly<Record<string, { valid: object; invalid: readonly unknown[] }>> = {
  "mapek.sample.v1": {
    valid: { value: 65.2, timestamp: at, labels: { host: "a" } },
    invalid: [
      {},
      { value: "1" },
      { value: null },
      { value: 1, timestamp: -1 },
      { value: 1, labels: { a: 1 } },
      [],
    ],
  },
  "mapek.reply.v1": {
    valid: { accepted: 1, rejected: [{ index: 0, code: "MAPEK_OVERLOADED", message: "later" }] },
    invalid: [{}, { accepted: -1, rejected: [] }],
  },
  "mapek.performance.v1": {
    valid: {
      cpu_usage: 50,
      memory_usage: 40,
      cycle_latency: 0.2,
      decision_quality: 0.9,
      timestamp: at,
    },
    invalid: [
      {},
      { cpu_usage: 101 },
      { cpu_usage: -1 },
      { decision_quality: 1.1 },
      { timestamp: at },
    ],
  },
  "mapek.signal.metrics_learning.v1": {
    valid: { parameter: "latency_ms", threshold_value: 120, confidence: 0.9 },
    invalid: [
      {},
      { parameter: "", threshold_value: 1, confidence: 1 },
      { parameter: "x", threshold_value: 1, confidence: 2 },
    ],
  },
  "mapek.signal.performance_adaptation.v1": {
    valid: { cpu_usage: 95, latency_ms: 300 },
    invalid: [{}, { cpu_usage: 200 }, { latency_ms: -1 }],
  },
  "mapek.signal.decision_quality.v1": {
    valid: { decision_id: "d1", predicted_outcome: 10, actual_outcome: 4 },
    invalid: [{}, { decision_id: "d1", predicted_outcome: "10", actual_outcome: 4 }],
  },
  "mapek.signal.anomaly_feedback.v1": {
    valid: { false_positive: 1, anomaly_id: 'checkout/latency_ms{"host"="a"}@1760000000000' },
    invalid: [{}, { false_positive: 0 }, { false_positive: false }, { true_positive: -1 }],
  },
  "mapek.signal.resource_optimization.v1": {
    valid: { resource_type: "cpu", utilization: 0.9 },
    invalid: [{}, { resource_type: "cpu", utilization: 90 }, { utilization: 0.5 }],
  },
  "mapek.control.learner.v1": {
    valid: { command: "pin", metric: "latency_ms", threshold: 100 },
    invalid: [
      {},
      { command: "pin" },
      { command: "explode" },
      { command: "set_sensitivity", sensitivity: 11 },
    ],
  },
  "mapek.control.optimizer.v1": {
    valid: { command: "force_state", state: "critical" },
    invalid: [{}, { command: "force_state", state: "angry" }, { command: "set_mode", mode: "on" }],
  },
  "mapek.control.feedback.v1": {
    valid: { command: "set_loop", loop: "decision_quality", enabled: false },
    invalid: [{}, { command: "set_loop", loop: "other", enabled: true }],
  },
  "mapek.recommendation.v1": {
    valid: recommendation,
    invalid: [{}, { ...recommendation, confidence: 1.2 }, { ...recommendation, strategy: "guess" }],
  },
  "mapek.threshold.v1": {
    valid: {
      ...series,
      threshold: 120,
      previous: null,
      strategy: "percentile",
      confidence: 0.8,
      reasoning: "because",
      source: "recommendation",
      pinned: false,
      action_id: "checkout.metrics_learning.1",
      timestamp: at,
    },
    invalid: [{}, { ...series, threshold: "120" }],
  },
  "mapek.change.v1": {
    valid: {
      ...series,
      version: 1,
      kind: "level_shift",
      since: at,
      before: 50,
      after: 80,
      size: 6,
      reasoning: "it moved",
      timestamp: at,
    },
    invalid: [{}, { ...series, kind: "gone" }],
  },
  "mapek.anomaly.v1": {
    valid: {
      ...series,
      anomaly_id: "checkout/latency_ms@1",
      phase: "opened",
      direction: "above",
      opened_at: at,
      closed_at: null,
      peak_at: at,
      peak_value: 500,
      peak_score: 0.9,
      expected_low: 10,
      expected_high: 200,
      threshold: 120,
      timestamp: at,
    },
    invalid: [{}, { ...series, phase: "ended" }],
  },
  "mapek.parameters.v1": {
    valid: parameters,
    invalid: [
      {},
      { ...parameters, execution_parallelism: 0 },
      { ...parameters, learning_rate: 0.01 },
    ],
  },
  "mapek.transition.v1": {
    valid: {
      version: 1,
      system: "checkout",
      from: "healthy",
      to: "critical",
      reason: "cpu",
      forced: false,
      performance: { cpu_usage: 91 },
      count: 1,
      timestamp: at,
    },
    invalid: [{}, { from: "healthy", to: "nowhere" }],
  },
  "mapek.feedback.v1": {
    valid: {
      version: 1,
      system: "checkout",
      loop: "decision_quality",
      id: "s1",
      source: "team",
      signal: { decision_id: "d1" },
      timestamp: at,
    },
    invalid: [{}, { loop: "none" }],
  },
  "mapek.action.v1": {
    valid: {
      version: 1,
      system: "checkout",
      loop: "resource_optimization",
      action_id: "checkout.resource_optimization.1",
      signal_id: "s1",
      status: "applied",
      target: { service: "optimizer", setting: "execution_parallelism", series: null },
      from: 4,
      to: 3,
      reason: "utilization 0.9 > 0.8",
      objective: { name: "utilization", before: 0.1, after: null, predicted: 0 },
      helped: null,
      effectiveness: null,
      damping: 1,
      timestamp: at,
    },
    invalid: [{}, { status: "done" }],
  },
  "mapek.rejected.v1": {
    valid: {
      version: 1,
      service: "monitor",
      code: "MAPEK_OVERLOADED",
      reason: "r",
      subject: "s",
      payload: "",
      payload_bytes: 0,
      timestamp: at,
    },
    invalid: [{}, { service: "other" }],
  },
  "mapek.request.v1": {
    valid: { metric: "cpu", limit: 10 },
    invalid: [{ limit: 0 }, { loop: "none" }, 7],
  },
  "mapek.response.v1": { valid: { items: [1] }, invalid: [{}, { error: "x" }] },
  "mapek.export.v1": {
    valid: { version: 1, metric: "cpu", labels: {}, timestamps: [1, 2], values: [3, 4] },
    invalid: [{}, { version: 1, metric: "cpu", labels: {}, timestamps: [1], values: [] }],
  },
  "mapek.event.v1": {
    valid: { seq: 7, timestamp: 1, family: "changes", message: { version: 1 } },
    invalid: [{}, { seq: -1, timestamp: 1, family: "changes", message: {} }],
  },
  "mapek.explanation.v1": {
    valid: {
      version: 1,
      kind: "threshold",
      system: "shop",
      metric: "cpu",
      labels: {},
      side: "upper",
      at: 5,
      decision: { seq: 7, timestamp: 1, family: "thresholds", message: { threshold: 3 } },
      rule: "no threshold was in force",
      inputs: [{ name: "share", value: 0.05, unit: "of samples" }],
      candidates: [{ name: "iqr", value: 3, chosen: true }],
      causes: [{ seq: 6, timestamp: 1, family: "recommendations", text: "cpu 3" }],
      since: [],
    },
    invalid: [{}, { version: 1, kind: "mood", system: "shop" }],
  },
  "mapek.durability.v1": {
    valid: {
      version: 1,
      server_version: "2.15.1",
      replicas: 3,
      storage: "file",
      cluster_size: null,
      sync: "unknown",
    },
    invalid: [{}, { replicas: 0 }, { sync: "sometimes" }],
  },
  "mapek.input.learner.v1": {
    valid: { ...input, kind: "control", control: { command: "freeze" } },
    invalid: [{}, { kind: "tick" }, { ...input, kind: "control", control: {} }],
  },
  "mapek.input.optimizer.v1": {
    valid: { ...input, kind: "performance", performance: { cpu_usage: 10 } },
    invalid: [{}, { ...input, kind: "performance", performance: {} }],
  },
  "mapek.input.feedback.v1": {
    valid: { ...input, kind: "recommendation", recommendation, in_force: null },
    invalid: [{}, { ...input, kind: "recommendation" }],
  },
  "mapek.position.v1": {
    valid: {
      version: 1,
      input_seq: 3,
      first_seq: 1,
      outputs_done: 0,
      owner: "me",
      epoch: 1,
      time: at,
    },
    invalid: [{}, { version: 1, input_seq: -1 }],
  },
  "mapek.member.v1": {
    valid: {
      version: 1,
      service: "learner",
      owner: "learner-a-1",
      holds: [0, 3],
      ready: [7],
      leaving: false,
      started: at,
    },
    invalid: [{}, { version: 1, service: "nobody", owner: "x", holds: [], ready: [] }],
  },
};
