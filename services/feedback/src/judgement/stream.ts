import {
  BaselineForecast,
  disturb,
  follow,
  noTrack,
  type ObjectiveTrack,
  type Standing,
  standingOf,
} from "@mapek/core/statistics";
import { RecentMap } from "../recent-map.ts";
import type { Direction } from "./evidence.ts";

/** Number of streams of a loop whose newest values are remembered. */
export const STREAM_MEMORY = 10_000;

/** One objective measured by signals: utilization of a resource, label error of a series, error of a system's decisions. */
export interface Stream {
  readonly track: ObjectiveTrack;
  /** Number of signals left that the loop only watches before it acts again. */
  rest: number;
  /** Direction of the last step; 0 before the first and after a step that helped. */
  direction: Direction;
  /** Count of steps against the step before, less 0.5 for each step in the same direction; 0 after a step that helped. */
  reversals: number;
}

/** The streams of one loop, and one forecast learned from all of them: most streams are too short for their own. */
export interface Streams {
  readonly byName: RecentMap<Stream>;
  baseline: BaselineForecast;
}

export const noStreams = (): Streams => ({
  byName: new RecentMap(STREAM_MEMORY),
  baseline: new BaselineForecast(),
});

/** Folds the next value of a stream. @param learns Whether the shared forecast learns from the value. */
export function fold(
  { byName, baseline }: Streams,
  name: string,
  value: number,
  span: number,
  learns: boolean,
): void {
  const stream = byName.get(name) ?? { track: noTrack(), rest: 0, direction: 0, reversals: 0 };
  byName.set(name, stream);
  if (stream.rest > 0) stream.rest--;
  follow(stream.track, value, span, learns ? baseline : undefined);
}

/** Newest value and mean of a stream; null before its first value. */
export function standsAt({ byName }: Streams, name: string, span: number): Standing | null {
  const stream = byName.get(name);
  return (stream && standingOf(stream.track, span)) ?? null;
}

/** Whether the loop only watches the stream for now, because its last action there did not help. */
export const isResting = ({ byName }: Streams, name: string): boolean =>
  (byName.get(name)?.rest ?? 0) > 0;

/** Keeps the loop from acting for the next `signals` values of a stream: the forecast learns only where nobody acts. */
export function restFor({ byName }: Streams, name: string, signals: number): void {
  const stream = byName.get(name);
  if (stream !== undefined) stream.rest = signals;
}

/** Marks the next values of a stream as the effect of an action, from which the forecast does not learn. */
export function disturbStream({ byName }: Streams, name: string): void {
  const stream = byName.get(name);
  if (stream !== undefined) disturb(stream.track);
}

/** Value of {@link Stream.reversals} from which a loop oscillates. */
const OSCILLATION = 2;
/** Amount by which a step in the same direction lowers {@link Stream.reversals}. */
const ONWARD = 0.5;

/** Notes the direction of a step. @returns Whether the loop oscillates on this stream. */
export function oscillates({ byName }: Streams, name: string, direction: Direction): boolean {
  const stream = byName.get(name);
  if (stream === undefined || direction === 0) return false;
  const turnsBack = stream.direction === -direction;
  stream.reversals = Math.max(0, stream.reversals + (turnsBack ? 1 : -ONWARD));
  stream.direction = direction;
  return stream.reversals >= OSCILLATION;
}

/** Clears the direction after a step that helped: a later step back answers a new situation and is no oscillation. */
export function settle({ byName }: Streams, name: string): void {
  const stream = byName.get(name);
  if (stream === undefined) return;
  stream.direction = 0;
  stream.reversals = 0;
}
