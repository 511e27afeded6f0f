import {
  commonProfile,
  type Kind,
  kindOf,
  requireShapes,
  type Shape,
  shapeOf,
  strengthAt,
  wholeKind,
} from "./incident-shape.ts";
import {
  allShapes,
  countOf,
  NO_SHAPES,
  type PackedShapes,
  type SeenShape,
  withShape,
} from "./packed-shapes.ts";

/** Incidents that can still be labelled, and kinds that are remembered. */
const MAX_INCIDENTS = 8;
const MAX_KINDS = 4;
/** A label of full weight raises the surprise that its kind needs by this: to a hundred times rarer. */
const STEP = 2;
/** Labels from which on an incident like those labelled is no alarm. */
const ENOUGH = 1.5;
/** Most labels in a row that count. */
const MAX_STRENGTH = 4;

/** State of `LabelledKinds`: plain JSON. */
export interface LabelledKindsSnapshot {
  incidents: SeenShape[];
  kinds: Kind[];
}

/** What people said of an incident. */
export type Verdict = "false_positive" | "true_positive" | "false_negative";

/**
 * The kinds of incident that people called false alarms: a kind is which families of evidence spoke, in what proportion,
 * and on which side. An alarm of such a kind must be more surprising than the labelled one was: ten times rarer after two labels, a
 * thousand after three; alarms of other kinds need not. A label wears off by half in thirty days.
 *
 * Cost: O(kinds) an alarm, nothing otherwise; 32 bytes an incident, 8 incidents and 4 kinds at most.
 */
export class LabelledKinds {
  /** Oldest first. */
  #incidents: PackedShapes = NO_SHAPES;
  #kinds: readonly Kind[] = NO_KINDS;

  /** Remembers an incident that has just opened, so that it can be labelled. */
  opened(openedAt: number, side: number, surprise: number, surprises: readonly number[]): void {
    this.#remember({ openedAt, ...shapeOf(side, surprise, surprises) });
  }

  /** One of the last 8 incidents; undefined where none of them opened then. */
  incidentAt(openedAt: number): SeenShape | undefined {
    return allShapes(this.#incidents).find((one) => one.openedAt === openedAt);
  }

  /**
   * Learns what people said of an incident.
   *
   * @param openedAt When it opened, ms. @param now Time of the label, ms. @param weight 0 … 1.
   * @returns Whether the incident is one of the last 8 and the label said something about its kind.
   */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): boolean {
    const incident = this.incidentAt(openedAt);
    if (incident === undefined || verdict === "false_negative") return false;
    if (verdict === "true_positive") return this.wants(incident, weight, now) !== undefined;
    const kind = kindOf(this.#kinds, incident);
    const learned: Kind = {
      side: incident.side,
      surprise: Math.max(kind?.surprise ?? 0, incident.surprise),
      profile: kind === undefined ? incident.profile : commonProfile(kind, incident),
      strength:
        kind === undefined ? weight : Math.min(MAX_STRENGTH, strengthAt(kind, now) + weight),
      labelledAt: now,
    };
    this.#kinds =
      kind === undefined
        ? [...this.#kinds, learned].slice(-MAX_KINDS)
        : this.#kinds.map((one) => (one === kind ? learned : one));
    return true;
  }

  /**
   * Takes back part of what labels taught of a shape's kind: somebody wants it told.
   *
   * @param weight 0 … 1. @returns The surprise that the kind still needs, 0 where it is forgotten; undefined where there was none.
   */
  wants(shape: Shape, weight: number, now: number): number | undefined {
    const kind = kindOf(this.#kinds, shape);
    if (kind === undefined) return undefined;
    kind.strength = Math.max(0, strengthAt(kind, now) - weight);
    kind.labelledAt = now;
    this.#kinds = this.#kinds.filter(({ strength }) => strength > 0);
    return barOf(kind, now);
  }

  /** The surprise from which on an incident of this kind is an alarm: 0 where nobody complained of its kind. */
  bar(side: number, surprise: number, surprises: readonly number[], now: number): number {
    if (this.#kinds.length === 0) return 0;
    const kind = kindOf(this.#kinds, shapeOf(side, surprise, surprises));
    return kind === undefined ? 0 : barOf(kind, now);
  }

  snapshot(): LabelledKindsSnapshot {
    return {
      incidents: allShapes(this.#incidents),
      kinds: this.#kinds.map((kind) => ({ ...kind })),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ incidents, kinds }: LabelledKindsSnapshot): LabelledKinds {
    requireShapes([...incidents, ...kinds]);
    const restored = new LabelledKinds();
    for (const incident of incidents) restored.#remember(incident);
    if (kinds.length > 0) restored.#kinds = kinds.map(wholeKind);
    return restored;
  }

  #remember(incident: SeenShape): void {
    const oldest = countOf(this.#incidents) < MAX_INCIDENTS ? undefined : 0;
    this.#incidents = withShape(this.#incidents, incident, oldest);
  }
}

const NO_KINDS: readonly Kind[] = [];

function barOf(kind: Kind, now: number): number {
  const strength = strengthAt(kind, now);
  return strength < 0.1 ? 0 : kind.surprise + STEP * (strength - ENOUGH);
}
