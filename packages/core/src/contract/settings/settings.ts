import { z } from "zod";
import { LOOPS } from "../inputs/signal.ts";
import { MODES, SYSTEM_STATES, type SystemState, shareSchema } from "../subjects/vocabulary.ts";
import { setting } from "./setting-facts.ts";

/** A duration of up to a hundred years, s. */
const seconds = () => z.number().positive().max(3_155_760_000);

const stateRow = z.strictObject({
  monitoring_interval: setting(seconds(), {
    meaning: "Time between two looks at the system.",
    unit: "s",
  }),
  analysis_depth: setting(z.number().int().positive(), {
    meaning: "Newest samples that an analysis looks at.",
    unit: "samples",
  }),
  planning_lookahead: setting(seconds(), { meaning: "How far ahead a plan looks.", unit: "s" }),
  execution_parallelism: setting(z.number().int().min(1), {
    meaning: "Changes that are carried out at a time.",
    unit: "changes",
  }),
  learning_rate: setting(z.number().min(0.05).max(1), {
    meaning: "Share of the way to what is recommended that a threshold in force goes in one step.",
    unit: "share",
  }),
});
export type StateRow = z.infer<typeof stateRow>;

/** The default profile: parameters of the control loop in each state, at base interval 60 s and base parallelism 4. */
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
  base_monitoring_interval: setting(seconds().default(60), {
    meaning: "Scales the profile's intervals, which are written for 60 s.",
    unit: "s",
    env: "MAPEK_INITIAL_MONITORING",
  }),
  base_parallelism: setting(z.number().int().min(1).max(1_024).default(4), {
    meaning: "Scales the profile's parallelism, which is written for 4.",
    unit: "changes",
    env: "MAPEK_INITIAL_PARALLELISM",
  }),
  mode: setting(z.enum(MODES).default("apply"), {
    meaning:
      "`off`: parameters are left as they are; `shadow`: what would be changed is said only; `apply`: it is changed.",
    env: "MAPEK_MODE",
  }),
  knowledge_retention: setting(seconds().default(604_800), {
    meaning:
      "How long the control loop keeps its knowledge; published with the other parameters, as it is.",
    unit: "s",
  }),
  hysteresis: setting(z.number().min(0).max(0.9).default(0.1), {
    meaning:
      "A state is left only when its measure is this share below the line at which it was entered.",
    unit: "share",
  }),
  min_dwell_seconds: setting(z.number().min(0).default(30), {
    meaning: "A state lasts at least so long; a move to critical waits for nothing.",
    unit: "s",
  }),
  recovery_hold_seconds: setting(z.number().min(0).default(60), {
    meaning: "Decision quality must stay above 0.85 for so long before recovering ends.",
    unit: "s",
  }),
  flap_budget: setting(z.number().int().min(1).default(6), {
    meaning:
      "Transitions allowed within the flap window; further ones wait, but for those to critical.",
    unit: "transitions",
  }),
  flap_window_seconds: setting(z.number().positive().default(600), {
    meaning: "The time in which `flap_budget` counts transitions.",
    unit: "s",
  }),
  adaptation_bound: setting(shareSchema.default(0.5), {
    meaning: "Measured performance may move a parameter away from its state's row by this share.",
    unit: "share",
  }),
  adaptation_step: setting(z.number().min(0.01).max(1).default(0.25), {
    meaning:
      "One step may raise a parameter by this share of the row's value: more in parallel, or a later look.",
    unit: "share",
  }),
  decrease_step: setting(z.number().min(0.01).max(1).default(1), {
    meaning:
      "One step may lower a parameter by this share of the row's value: less in parallel, or a sooner look.",
    unit: "share",
  }),
  increase_tolerance: setting(z.number().min(0.01).max(1).default(0.1), {
    meaning: "A wanted value that lies less than this share above the one in force is left alone.",
    unit: "share",
  }),
  decrease_tolerance: setting(z.number().min(0.01).max(1).default(0.1), {
    meaning: "A wanted value that lies less than this share below the one in force is left alone.",
    unit: "share",
  }),
  increase_hold_reports: setting(z.number().int().min(1).max(10_000).default(5), {
    meaning: "So many reports in a row must want a higher value before it is raised.",
    unit: "reports",
  }),
  decrease_hold_reports: setting(z.number().int().min(1).max(10_000).default(1), {
    meaning: "So many reports in a row must want a lower value before it is lowered.",
    unit: "reports",
  }),
  canary_share: setting(z.number().min(0.01).max(1).default(0.5), {
    meaning:
      "Share of a raise that is made first; the rest follows when the objective is not worse. 1: all at once.",
    unit: "share",
  }),
  judgement_reports: setting(z.number().int().min(2).max(1_000).default(5), {
    meaning:
      "Reports by which a change is judged, after one that may still be of the time before it.",
    unit: "reports",
  }),
  rollback_standard_errors: setting(z.number().min(0).max(100).default(2), {
    meaning: "The objective must worsen by so many standard errors before a raise is taken back.",
    unit: "standard errors",
  }),
  profile: setting(z.record(z.enum(SYSTEM_STATES), stateRow).default({ ...DEFAULT_PROFILE }), {
    meaning:
      "What each state asks of the control loop, at a base interval of 60 s and a base parallelism of 4.",
  }),
});
export type OptimizerSettings = z.infer<typeof optimizerSettings>;

/** Settings that the feedback actors read. */
export const feedbackSettings = z.strictObject({
  min_confidence: setting(shareSchema.default(0.5), {
    meaning: "Confidence from which a recommendation may move a threshold in force.",
    unit: "share",
  }),
  min_change: setting(z.number().min(0).max(10).default(0.1), {
    meaning:
      "Change from which a recommendation is worth acting on; where no deviation is known, as a share of the threshold in force.",
    unit: "usual deviations of the series",
  }),
  judgement_signals: setting(z.number().int().min(1).max(1_000).default(5), {
    meaning: "Signals after an action that judge it, where signals do.",
    unit: "signals",
  }),
  judgement_timeout_seconds: setting(z.number().positive().default(900), {
    meaning: "An action that nothing judged is closed without a verdict after so long.",
    unit: "s",
  }),
  low_utilization_seconds: setting(z.number().min(0).default(60), {
    meaning: "A resource must stay below 0.6 for so long before parallelism grows.",
    unit: "s",
  }),
  damping_factor: setting(z.number().min(0.1).max(1).default(0.5), {
    meaning:
      "A loop's damping is multiplied with it when an action hurt; a helpful action divides it half-way back.",
    unit: "factor",
  }),
  max_signals_per_source_per_minute: setting(z.number().int().min(1).max(1_000_000).default(600), {
    meaning: "Signals of one source a minute that may have an effect; more are stored without one.",
    unit: "signals",
  }),
  max_influence_per_source: setting(z.number().min(1).max(1e6).default(8), {
    meaning:
      "Largest factor by which the signals of one source may move a threshold or a sensitivity within `influence_window_seconds`.",
    unit: "factor",
  }),
  max_influence_of_unproven_sources: setting(z.number().min(1).max(1e9).default(64), {
    meaning:
      "Largest factor by which all sources together that nothing proves to be who they say may do the same.",
    unit: "factor",
  }),
  influence_window_seconds: setting(z.number().positive().default(3_600), {
    meaning: "The time in which the two influences are counted.",
    unit: "s",
  }),
  source_weights: setting(z.record(z.string(), shareSchema).default({}), {
    meaning:
      "How much the signals of a source count, 0–1; `*` names the sources that are not named. 0: stored, without effect.",
    unit: "share",
  }),
  label_half_life_count: setting(z.number().positive().default(70), {
    meaning: "A label counts half in precision and recall after so many later ones.",
    unit: "labels",
  }),
  label_half_life_seconds: setting(z.number().positive().default(2_592_000), {
    meaning: "A label counts half in precision and recall after so long.",
    unit: "s",
  }),
  loops: setting(z.partialRecord(z.enum(LOOPS), z.boolean()).default({}), {
    meaning: "Whether a feedback loop acts, by its name; one that is not named does.",
  }),
});
export type FeedbackSettings = z.infer<typeof feedbackSettings>;
