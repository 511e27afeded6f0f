import { appendBounded } from "@mapek/core/forget-oldest";

/** How many verdicts the running shares look back on. */
const VERDICT_MEMORY = 100;

export const Judgement = { Helped: "helped", Neutral: "neutral", Hurt: "hurt" } as const;
export type Judgement = (typeof Judgement)[keyof typeof Judgement];

/** The verdicts on a loop's actions: totals, and the newest 100 as the running shares see them. */
export interface Verdicts {
  judged: number;
  helped: number;
  hurt: number;
  /** Oldest first. */
  recent: Judgement[];
  recentHelped: number;
  recentHurt: number;
}

export const noVerdicts = (): Verdicts => ({
  judged: 0,
  helped: 0,
  hurt: 0,
  recent: [],
  recentHelped: 0,
  recentHurt: 0,
});

/** Counts a verdict; a neutral one counts as judged, neither as helped nor as hurt. */
export function countJudgement(verdicts: Verdicts, verdict: Judgement): void {
  verdicts.judged++;
  if (verdict === Judgement.Helped) verdicts.helped++;
  if (verdict === Judgement.Hurt) verdicts.hurt++;
  addRecent(verdicts, verdict, 1);
  const forgotten = appendBounded(verdicts.recent, verdict, VERDICT_MEMORY);
  if (forgotten !== undefined) addRecent(verdicts, forgotten, -1);
}

function addRecent(verdicts: Verdicts, verdict: Judgement, count: 1 | -1): void {
  if (verdict === Judgement.Helped) verdicts.recentHelped += count;
  if (verdict === Judgement.Hurt) verdicts.recentHurt += count;
}

/** Share of the last 100 judged actions that helped, 0–1; null before the first. */
export const effectivenessOf = (verdicts: Verdicts): number | null =>
  verdicts.recent.length === 0 ? null : verdicts.recentHelped / verdicts.recent.length;

/** Share of the last 100 judged actions that hurt, 0–1; null before the first. */
export const harmOf = (verdicts: Verdicts): number | null =>
  verdicts.recent.length === 0 ? null : verdicts.recentHurt / verdicts.recent.length;

/**
 * Compares an objective (smaller is better) before and after an action whose noise is not known.
 *
 * Helped: fell by more than 5 % (at least 0.005), or is at its goal afterwards. Hurt: rose by more
 * than 10 % (at least 0.01) and is beyond the goal. Neutral: everything between.
 *
 * @param goal Value at and below which nothing is left to improve, in the objective's own unit.
 */
export function verdictOn(before: number, after: number, goal: number): Judgement {
  if (after <= goal) return Judgement.Helped;
  if (after < before - Math.max(0.005, 0.05 * before)) return Judgement.Helped;
  if (after > before + Math.max(0.01, 0.1 * before)) return Judgement.Hurt;
  return Judgement.Neutral;
}
