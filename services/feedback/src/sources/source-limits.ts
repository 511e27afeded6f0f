import type { FeedbackSettings, MessageErrorCode } from "@mapek/core/contract";
import { RecentMap } from "../recent-map.ts";

/** A token bucket in event time: `left` refills evenly. */
export interface Allowance {
  left: number;
  atMs: number;
}

/** What is left of the allowances of one source. */
export interface SourceState {
  readonly signals: Allowance;
  /** By kind and subject: `<kind> <series key>`, with `""` as the key of the whole system. */
  readonly influence: RecentMap<Allowance>;
}

/** The source of a signal. */
export interface Sender {
  readonly name: string;
  /** Whether the server guarantees the name: the signal came on a subject that only its key may publish on. */
  readonly proven: boolean;
}

/** The part of a system's state that is about its sources. */
interface Sources {
  readonly settings: FeedbackSettings;
  /** Event time of the newest input, ms. */
  readonly timeMs: number;
  readonly sources: RecentMap<SourceState>;
  /** Influence left to all unproven sources together, keyed as `influence` of one source. */
  readonly unproven: RecentMap<Allowance>;
}

/** Number of sources per system with their own allowance; further ones share one. */
export const SOURCE_MEMORY = 64;
/** Number of subjects per source with their own allowance; further ones share one. */
export const SUBJECT_MEMORY = 256;
/** Key of the shared allowance; no source and no series key can have this name. */
const OTHERS = "…";
export const WHOLE_SYSTEM = "";

/** Why a signal that is stored has no effect. */
export interface WithoutEffect {
  code: MessageErrorCode;
  reason: string;
}

/** Key in `source_weights` of all sources without a weight of their own. */
const ANY_SOURCE = "*";
const MS_PER_MINUTE = 60_000;
/** Influence below which a source counts as spent, as a natural logarithm: a move of 0.1 % is not worth a command. */
const LEAST_MOVE = 1e-3;
/** Share of a source's bound for a series. The other 1/5 is for the system, which a label moves by the fourth root of the series' factor. */
const SERIES_SHARE = 4 / 5;

/** Weight of a source's signals, 0–1: its own in `source_weights`, else that of `*`, else 1. */
export function weightOf({ source_weights: weights }: FeedbackSettings, { name }: Sender): number {
  return weights[Object.hasOwn(weights, name) ? name : ANY_SOURCE] ?? 1;
}

/**
 * Takes one signal from a source's allowance of `max_signals_per_source_per_minute`: that many may come in a
 * burst, and the allowance refills evenly over a minute.
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

/** How far a source's signals may still move a setting. */
export interface Influence {
  /** Natural logarithm of the largest factor still allowed, >= 0. */
  readonly left: number;
  /** Whether too little is left for a command. */
  readonly spent: boolean;
  /** Whether nothing is used at present. */
  readonly whole: boolean;
  /** Uses up influence. @param move Natural logarithm of the factor moved, >= 0. */
  use(move: number): void;
}

/**
 * How far a source may still move a threshold, the sensitivity of a series or system, or what a series has
 * learned about kinds of bursts from confirmed alarms.
 *
 * Within `influence_window_seconds` a source moves a subject by at most the factor `max_influence_per_source` to
 * the power of its weight: half of the logarithm may be used at once, the other half refills over the window.
 * All unproven sources together also keep to `max_influence_of_unproven_sources`, because anyone can invent
 * names. Cost: O(1); memory: 64 sources a system with 256 subjects each, and 10,000 subjects for unproven ones.
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

/** The factor nearest to the wanted one that the influence left allows. */
export const withinInfluence = (factor: number, { left }: Influence): number =>
  Math.abs(Math.log(factor)) <= left ? factor : Math.exp(Math.sign(Math.log(factor)) * left);

function sourceOf(state: Sources, { name, proven }: Sender): SourceState {
  const fresh = (): SourceState => ({
    signals: { left: state.settings.max_signals_per_source_per_minute, atMs: state.timeMs },
    influence: new RecentMap(SUBJECT_MEMORY),
  });
  // An unproven source that claims the name of a proven one must not use up the proven one's allowance.
  const entry = proven ? name : `?${name}`;
  return entryOf(state.sources, entry, state, fresh, ({ signals }) => signals.atMs);
}

/**
 * The entry of a name, created where it is new. A full map gives up its oldest entry only once that entry is
 * refilled completely, since forgetting a used one would give its source a fresh allowance. Until then
 * new names share the entry of all others.
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
