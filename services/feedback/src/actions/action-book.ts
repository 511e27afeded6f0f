import type {
  Action,
  LearnerCommand,
  Loop,
  OptimizerCommand,
  SettingValue,
} from "@mapek/core/contract";
import type { Forecast, Standing } from "@mapek/core/statistics";
import type { Direction } from "../judgement/evidence.ts";

/** Number of open actions of a loop; one more closes the oldest. */
export const OPEN_LIMIT = 1_000;

/** Sent and not confirmed; confirmed and not judged; hurt and its rollback not confirmed. */
export type Phase = "pending" | "judging" | "rolling_back";

/** An action that is not closed yet: see {@link Phase}. */
export interface OpenAction {
  readonly id: string;
  readonly loop: Loop;
  readonly signalId: string;
  /** Evidence about this subject judges the action: a series (`#lower` marks its lower side), a resource, `""` for the system. */
  readonly subject: string;
  phase: Phase;
  /** Event time at which the phase began, ms. */
  sinceMs: number;
  readonly target: Action["target"];
  readonly command: LearnerCommand | OptimizerCommand;
  from: SettingValue;
  to: SettingValue;
  readonly reason: string;
  readonly objective: string;
  before: number | null;
  predicted: number | null;
  after: number | null;
  /** Predicted `after` as a share of `before`; null where the loop predicts no share. */
  readonly expectedShare: number | null;
  /** Measure of the signal that led to the action; the prediction is made from it. */
  readonly basis: number | null;
  /** Factor that went to every series of the system beside the command. */
  readonly broadcastFactor: number | null;
  /** Stream of signals that judges the action; null where its target measures the outcome. */
  readonly stream: string | null;
  /** Last value and mean of that stream when the action began. */
  readonly standing: Standing | null;
  /** Forecast of that stream without the action; null before there are enough examples for one. */
  readonly forecast: Forecast | null;
  readonly direction: Direction;
  /** -1 where the stream's measure is to rise. */
  readonly sign: 1 | -1;
  /** Sum of the objective over the signals that judge the action; smaller is better. */
  evidenceSum: number;
  /** Sum of the stream's measure over the same signals. */
  measureSum: number;
  evidenceCount: number;
}

/**
 * The open actions of one loop, the longest in its phase first, with indexes by subject.
 *
 * Cost: O(1) a change; evidence visits only the actions that it judges.
 */
export class ActionBook {
  private readonly open = new Map<string, OpenAction>();
  private readonly pending = new Map<string, number>();
  private readonly judging = new Map<string, OpenAction[]>();

  constructor(actions: readonly OpenAction[] = []) {
    for (const action of actions) this.add({ ...action });
  }

  get size(): number {
    return this.open.size;
  }

  get(id: string): OpenAction | undefined {
    return this.open.get(id);
  }

  /** The action that has been longest in its phase. */
  get oldest(): OpenAction | undefined {
    for (const action of this.open.values()) return action;
    return undefined;
  }

  isPending(subject: string): boolean {
    return this.pending.has(subject);
  }

  isOpen(subject: string): boolean {
    return this.pending.has(subject) || this.judging.has(subject);
  }

  /** The actions that evidence about a subject judges, oldest first; a copy. */
  judgingOf(subject: string): OpenAction[] {
    const actions = this.judging.get(subject);
    return actions === undefined ? [] : [...actions];
  }

  add(action: OpenAction): void {
    this.open.set(action.id, action);
    const { subject } = action;
    if (action.phase === "pending") this.pending.set(subject, (this.pending.get(subject) ?? 0) + 1);
    if (action.phase !== "judging") return;
    const actions = this.judging.get(subject);
    if (actions === undefined) this.judging.set(subject, [action]);
    else actions.push(action);
  }

  remove(action: OpenAction): void {
    this.open.delete(action.id);
    const { subject } = action;
    if (action.phase === "pending") {
      const count = (this.pending.get(subject) ?? 0) - 1;
      if (count > 0) this.pending.set(subject, count);
      else this.pending.delete(subject);
    }
    if (action.phase !== "judging") return;
    const actions = this.judging.get(subject) ?? [];
    actions.splice(actions.indexOf(action), 1);
    if (actions.length === 0) this.judging.delete(subject);
  }

  /** Begins an action's next phase. */
  move(action: OpenAction, phase: Phase, nowMs: number): void {
    this.remove(action);
    action.phase = phase;
    action.sinceMs = nowMs;
    this.add(action);
  }

  /** In order; given to the constructor it makes an equal book. */
  snapshot(): OpenAction[] {
    return [...this.open.values()];
  }
}
