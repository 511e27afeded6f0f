import type { FeedbackSettings, MessageErrorCode } from "@mapek/core/messages";
import { RecentMap } from "../recent-map.ts";

/** What is left of something that comes back evenly with event time. */
export interface Allowance {
  left: number;
  atMs: number;
}

/** What one source has used lately. */
export interface SourceState {
  readonly signals: Allowance;
  /** By series key, `""` for the system as a whole. */
  readonly influence: RecentMap<Allowance>;
}

/** Who a signal is from. */
export interface Sender {
  readonly name: string;
  /** Whether nobody else can call themselves so. */
  readonly proven: boolean;
}

/** The part of a system's state that is about its sources. */
interface Sources {
  readonly settings: FeedbackSettings;
  /** Event time of the newest input, ms. */
  readonly timeMs: number;
  readonly sources: RecentMap<SourceState>;
  /** What all unproven sources together may still move, as `influence` of one. */
  readonly unproven: RecentMap<Allowance>;
}

/** Sources that are told apart a system; more of them at a time share one allowance. */
export const SOURCE_MEMORY = 64;
/** Series that are told apart a source; more of them at a time share one allowance. */
export const SUBJECT_MEMORY = 256;
/** Names whatever is beyond the memory: neither a source nor a series key can be called so. */
const OTHERS = "…";
export const WHOLE_SYSTEM = "";

/** Why a signal that is stored has no effect. */
export interface WithoutEffect {
  code: MessageErrorCode;
  reason: string;
}

/** Names every source without a weight of its own. */
const ANY_SOURCE = "*";
const MS_PER_MINUTE = 60_000;
/** Logarithm below which a move is not worth a command. */
const LEAST_MOVE = 1e-3;
/** A label moves its system by the fourth root of what it moves its series: both together keep to the bound. */
const SERIES_SHARE = 4 / 5;

/** How much a source's signals count, 0–1: its own weight, else that of `*`, else 1. */
export function weightOf({ source_weights: weights }: FeedbackSettings, { name }: Sender): number {
  return weights[Object.hasOwn(weights, name) ? name : ANY_SOURCE] ?? 1;
}

/**
 * Takes one signal from a source's allowance: `max_signals_per_source_per_minute`, which may come at
 * once and then come back evenly.
 *
 * @returns Why the signal has no effect; undefined where it may have one.
 */
export function takeSignal(state: Sources, sender: Sender): WithoutEffect | undefined {
  const { name } = sender;
  if (weightOf(state.settings, sender) === 0)
    return { code: "MAPEK_SIGNAL_SOURCE_DISTRUSTED", reason: `the weight of ${name} is 0` };
  const { max_signals_per_source_per_minute: most } = state.settings;
  const { signals } = sourceOf(state, sender);
  refill(signals, most, most / MS_PER_MINUTE, state.timeMs);
  if (signals.left >= 1) {
    signals.left -= 1;
    return undefined;
  }
  const reason = `more than ${most} signals a minute of ${name}`;
  return { code: "MAPEK_SIGNAL_RATE_LIMITED", reason };
}

/** How far, as a logarithm, a source's signals may still move something. */
export interface Influence {
  readonly left: number;
  /** Whether nothing worth a command is left. */
  readonly spent: boolean;
  /** Whether nothing was used yet. */
  readonly whole: boolean;
  /** Takes what a move uses. */
  use(move: number): void;
}

/**
 * What a source may still move a threshold, the sensitivity of a series or system, or what a series has
 * learned of kinds of bursts by confirming alarms.
 *
 * All that a source moves within `influence_window_seconds` is bounded by the factor
 * `max_influence_per_source` to the power of its weight: half of it, as a logarithm, may come at once, the other half comes back
 * over the window. All unproven sources together keep to `max_influence_of_unproven_sources` as well: a name costs
 * nothing. Cost: O(1); memory: 64 sources a system with 256 series each, and 10,000 series of them together.
 */
export function influenceOf(
  state: Sources,
  sender: Sender,
  kind: "threshold" | "sensitivity" | "confirmed_kind",
  subject: string,
): Influence {
  const { max_influence_per_source: bound, max_influence_of_unproven_sources: shared } =
    state.settings;
  const key = `${kind} ${subject}`;
  const share =
    kind === "threshold" ? 1 : subject === WHOLE_SYSTEM ? 1 - SERIES_SHARE : SERIES_SHARE;
  const capacity = (share * weightOf(state.settings, sender) * Math.log(bound)) / 2;
  const own = allowanceOf(state, sourceOf(state, sender).influence, key, capacity);
  const together = sender.proven
    ? undefined
    : allowanceOf(state, state.unproven, key, (share * Math.log(shared)) / 2);
  const left = Math.min(own.left, together?.left ?? own.left);
  return {
    left,
    spent: left < LEAST_MOVE,
    whole: own.left === capacity && left === own.left,
    use: (move) => {
      own.left = Math.max(0, own.left - move);
      if (together !== undefined) together.left = Math.max(0, together.left - move);
    },
  };
}

function allowanceOf(
  state: Sources,
  allowances: RecentMap<Allowance>,
  key: string,
  capacity: number,
): Allowance {
  const fresh = (): Allowance => ({ left: capacity, atMs: state.timeMs });
  const allowance = entryOf(allowances, key, state, fresh, (one) => one.atMs);
  const windowMs = state.settings.influence_window_seconds * 1_000;
  refill(allowance, capacity, capacity / windowMs, state.timeMs);
  return allowance;
}

export function influenceSpent(state: Sources, { name, proven }: Sender): WithoutEffect {
  const { max_influence_per_source: bound, influence_window_seconds: seconds } = state.settings;
  const others = proven ? "" : ", or all unproven ones together have";
  const reason = `${name} has moved this as far as one source may: by ${bound} within ${seconds} s${others}`;
  return { code: "MAPEK_SIGNAL_INFLUENCE_SPENT", reason };
}

/** A factor as near to the wanted one as what is left allows. */
export const withinInfluence = (factor: number, { left }: Influence): number =>
  Math.abs(Math.log(factor)) <= left ? factor : Math.exp(Math.sign(Math.log(factor)) * left);

function sourceOf(state: Sources, { name, proven }: Sender): SourceState {
  const fresh = (): SourceState => ({
    signals: { left: state.settings.max_signals_per_source_per_minute, atMs: state.timeMs },
    influence: new RecentMap(SUBJECT_MEMORY),
  });
  // Whoever says that he is a proven source uses nothing of that one's.
  const entry = proven ? name : `?${name}`;
  return entryOf(state.sources, entry, state, fresh, ({ signals }) => signals.atMs);
}

/**
 * The entry of a name. Where there is no room, only one that has everything back again is forgotten for
 * it; otherwise forgetting would give a source its allowance anew, and the name shares the entry of
 * all others.
 */
function entryOf<Value>(
  map: RecentMap<Value>,
  name: string,
  { timeMs, settings }: Pick<Sources, "timeMs" | "settings">,
  fresh: () => Value,
  usedAtMs: (value: Value) => number,
): Value {
  const known = map.get(name);
  if (known !== undefined) return known;
  const { oldest } = map;
  const restMs = Math.max(settings.influence_window_seconds * 1_000, MS_PER_MINUTE);
  const hasRoom =
    map.size < map.capacity - 1 || (oldest !== undefined && usedAtMs(oldest) + restMs <= timeMs);
  if (!hasRoom && name !== OTHERS)
    return entryOf(map, OTHERS, { timeMs, settings }, fresh, usedAtMs);
  const value = fresh();
  map.set(name, value);
  return value;
}

function refill(allowance: Allowance, capacity: number, perMs: number, nowMs: number): void {
  const back = (nowMs - allowance.atMs) * perMs;
  allowance.left = Math.min(capacity, allowance.left + back);
  allowance.atMs = nowMs;
}
