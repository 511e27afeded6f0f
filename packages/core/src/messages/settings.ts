import { z } from "zod";
import { type Loop, MODES, SYSTEM_STATES, type SystemState, shareSchema } from "./vocabulary.ts";

/** A length of time that still makes sense as one: up to a hundred years. */
const seconds = z.number().positive().max(3_155_760_000);

const stateRow = z.strictObject({
  monitoring_interval: seconds,
  analysis_depth: z.number().int().positive(),
  planning_lookahead: seconds,
  execution_parallelism: z.number().int().min(1),
  learning_rate: z.number().min(0.05).max(1),
});
export type StateRow = z.infer<typeof stateRow>;

/** The default profile: what each state asks of the control loop, at base interval 60 s and base parallelism 4. */
export const DEFAULT_PROFILE: Readonly<Record<SystemState, StateRow>> = {
  healthy: {
    monitoring_interval: 60,
    analysis_depth: 100,
    planning_lookahead: 300,
    execution_parallelism: 4,
    learning_rate: 0.1,
  },
  optimizing: {
    monitoring_interval: 30,
    analysis_depth: 150,
    planning_lookahead: 600,
    execution_parallelism: 6,
    learning_rate: 0.3,
  },
  degraded: {
    monitoring_interval: 30,
    analysis_depth: 50,
    planning_lookahead: 180,
    execution_parallelism: 2,
    learning_rate: 0.2,
  },
  critical: {
    monitoring_interval: 10,
    analysis_depth: 20,
    planning_lookahead: 60,
    execution_parallelism: 1,
    learning_rate: 0.05,
  },
  recovering: {
    monitoring_interval: 20,
    analysis_depth: 80,
    planning_lookahead: 240,
    execution_parallelism: 3,
    learning_rate: 0.15,
  },
};

/** Settings that the optimizer's actors read. */
export const optimizerSettings = z.strictObject({
  /** Seconds; scales the profile's intervals, which are written for 60. */
  base_monitoring_interval: seconds.default(60),
  /** Scales the profile's parallelism, which is written for 4. */
  base_parallelism: z.number().int().min(1).max(1_024).default(4),
  mode: z.enum(MODES).default("apply"),
  /** Seconds that knowledge is kept. */
  knowledge_retention: seconds.default(604_800),
  /** A state is left only when its measure is this share below its entry line. */
  hysteresis: z.number().min(0).max(0.9).default(0.1),
  /** Seconds that a state lasts at least; a move to critical waits for nothing. */
  min_dwell_seconds: z.number().min(0).default(30),
  /** Seconds that decision quality above 0.85 must hold before recovering ends. */
  recovery_hold_seconds: z.number().min(0).default(60),
  /** Transitions allowed within the flap window; further ones wait, but for those to critical. */
  flap_budget: z.number().int().min(1).default(6),
  flap_window_seconds: z.number().positive().default(600),
  /** Share by which measured performance may move a parameter away from its state's row. */
  adaptation_bound: shareSchema.default(0.5),
  /** Share of the row's value that one step may raise a parameter: more in parallel, or a later look. */
  adaptation_step: z.number().min(0.01).max(1).default(0.25),
  /** Share of the row's value that one step may lower a parameter: less in parallel, or a sooner look. */
  decrease_step: z.number().min(0.01).max(1).default(1),
  /** A wanted value that lies less than this share above the one in force is left alone. */
  increase_tolerance: z.number().min(0.01).max(1).default(0.1),
  /** The same below it. */
  decrease_tolerance: z.number().min(0.01).max(1).default(0.1),
  /** Reports in a row that must want a higher value before it is raised. */
  increase_hold_reports: z.number().int().min(1).max(10_000).default(5),
  /** The same for a lower value. */
  decrease_hold_reports: z.number().int().min(1).max(10_000).default(1),
  /** Share of a raise that is made first; the rest follows when the objective is not worse. 1: all at once. */
  canary_share: z.number().min(0.01).max(1).default(0.5),
  /** Reports by which a change is judged, after one that may still be of the time before it. */
  judgement_reports: z.number().int().min(2).max(1_000).default(5),
  /** Standard errors by which the objective must worsen before a raise is taken back. */
  rollback_standard_errors: z.number().min(0).max(100).default(2),
  profile: z.record(z.enum(SYSTEM_STATES), stateRow).default({ ...DEFAULT_PROFILE }),
});
export type OptimizerSettings = z.infer<typeof optimizerSettings>;

/** Settings that the feedback actors read. */
export const feedbackSettings = z.strictObject({
  /** Confidence from which a recommendation may move a threshold in force. */
  min_confidence: shareSchema.default(0.5),
  /** Change from which a recommendation is worth acting on, in usual deviations of the series; where none is known, as a share of the threshold in force. */
  min_change: z.number().min(0).max(10).default(0.1),
  /** Signals after an action that judge it, where signals do. */
  judgement_signals: z.number().int().min(1).max(1_000).default(5),
  /** Seconds after which an action that nothing judged is closed without a verdict. */
  judgement_timeout_seconds: z.number().positive().default(900),
  /** Seconds for which a resource must stay below 0.6 before parallelism grows. */
  low_utilization_seconds: z.number().min(0).default(60),
  /** What a loop's damping is multiplied with when an action hurt; a helpful one divides it half-way back. */
  damping_factor: z.number().min(0.1).max(1).default(0.5),
  /** Signals of one source a minute that may have an effect; more are stored without one. */
  max_signals_per_source_per_minute: z.number().int().min(1).max(1_000_000).default(600),
  /** Largest factor by which the signals of one source may move a threshold or a sensitivity within the window below. */
  max_influence_per_source: z.number().min(1).max(1e6).default(8),
  /** The same for all sources together that nothing proves to be who they say. */
  max_influence_of_unproven_sources: z.number().min(1).max(1e9).default(64),
  influence_window_seconds: z.number().positive().default(3_600),
  /** How much the signals of a source count, 0–1; `*` names the sources that are not named. 0: stored, without effect. */
  source_weights: z.record(z.string(), shareSchema).default({}),
  /** Later labels after which one counts half in precision and recall. */
  label_half_life_count: z.number().positive().default(70),
  /** Seconds after which a label counts half in precision and recall. */
  label_half_life_seconds: z.number().positive().default(2_592_000),
  loops: z
    .partialRecord(
      z.enum([
        "metrics_learning",
        "performance_adaptation",
        "decision_quality",
        "anomaly_feedback",
        "resource_optimization",
      ] satisfies readonly Loop[]),
      z.boolean(),
    )
    .default({}),
});
export type FeedbackSettings = z.infer<typeof feedbackSettings>;
