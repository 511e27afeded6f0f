import {
  BaselineForecast,
  disturb,
  follow,
  noTrack,
  type ObjectiveTrack,
  type Standing,
  standingOf,
} from "@mapek/core/stats";
import { RecentMap } from "../recent-map.ts";
import type { Direction } from "./evidence.ts";

/** Most streams of a loop whose newest values are remembered. */
export const STREAM_MEMORY = 10_000;

/** One objective as signals tell it: of a resource, of a series' labels, of a system's decisions. */
export interface Stream {
  readonly track: ObjectiveTrack;
  /** Signals that the loop only watches before it acts again. */
  rest: number;
  /** Which way its last step went; 0 before the first. */
  direction: Direction;
  /** Steps that turned back one which had not helped, less half of those that went on. */
  reversals: number;
}

/** The objectives of one loop. What comes of them by itself is learned of all together: few streams are long. */
export interface Streams {
  readonly byName: RecentMap<Stream>;
  baseline: BaselineForecast;
}

export const noStreams = (): Streams => ({
  byName: new RecentMap(STREAM_MEMORY),
  baseline: new BaselineForecast(),
});

/** Folds the next value of a stream. @param learns Whether it is an example for others. */
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

/** How a stream stands; null where nothing came of it yet. */
export function standsAt({ byName }: Streams, name: string, span: number): Standing | null {
  const stream = byName.get(name);
  return (stream && standingOf(stream.track, span)) ?? null;
}

/** Whether the loop only watches for now: its last action there made no clear difference, or hurt. */
export const isResting = ({ byName }: Streams, name: string): boolean =>
  (byName.get(name)?.rest ?? 0) > 0;

/** Watches the next `signals` values of a stream without acting: what comes of it by itself is seen only then. */
export function restFor({ byName }: Streams, name: string, signals: number): void {
  const stream = byName.get(name);
  if (stream !== undefined) stream.rest = signals;
}

/** What comes next is an action's doing. */
export function disturbStream({ byName }: Streams, name: string): void {
  const stream = byName.get(name);
  if (stream !== undefined) disturb(stream.track);
}

/** Steps to and fro, none of which helped, from which on a loop oscillates. */
const OSCILLATION = 2;
/** What a step that goes on takes from the count of those that turned back. */
const ONWARD = 0.5;

/** Notes which way a step went. @returns Whether the loop goes to and fro there. */
export function oscillates({ byName }: Streams, name: string, direction: Direction): boolean {
  const stream = byName.get(name);
  if (stream === undefined || direction === 0) return false;
  const turnsBack = stream.direction === -direction;
  stream.reversals = Math.max(0, stream.reversals + (turnsBack ? 1 : -ONWARD));
  stream.direction = direction;
  return stream.reversals >= OSCILLATION;
}

/** A step that helped may well be turned back when the world turns. */
export function settle({ byName }: Streams, name: string): void {
  const stream = byName.get(name);
  if (stream === undefined) return;
  stream.direction = 0;
  stream.reversals = 0;
}
