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

/** Only the last 8 incidents can be labelled, and 4 kinds are remembered. */
const MAX_INCIDENTS = 8;
const MAX_KINDS = 4;
/** A label of weight 1 raises the surprise that its kind needs by this: the incident must be a hundred times rarer. */
const STEP = 2;
/** At this strength the bar of a kind equals the surprise of the labelled incident. */
const ENOUGH = 1.5;
/** Upper limit of a kind's strength. */
const MAX_STRENGTH = 4;

/** State of `LabelledKinds`: plain JSON. */
export interface LabelledKindsSnapshot {
  incidents: SeenShape[];
  kinds: Kind[];
}

/** A person's verdict on an incident. */
export type Verdict = "false_positive" | "true_positive" | "false_negative";

/**
 * Raises the bar for kinds of incident that people called false alarms; other kinds need no more than before. A kind is a side and the
 * proportions of the families of evidence. An alarm of such a kind must be rarer than the labelled one: ten times after two labels, a
 * thousand times after three. The weight of a label halves in thirty days.
 *
 * Cost: O(kinds) per alarm, nothing otherwise; 32 bytes per incident, at most 8 incidents and 4 kinds.
 */
export class LabelledKinds {
  /** Oldest first. */
  #incidents: PackedShapes = NO_SHAPES;
  #kinds: readonly Kind[] = NO_KINDS;

  /** Remembers an incident that has just opened, so that it can be labelled. */
  opened(openedAt: number, side: number, surprise: number, surprises: readonly number[]): void {
    this.#remember({ openedAt, ...shapeOf(side, surprise, surprises) });
  }

  /** The incident, of the last 8, that opened at this time; undefined if there is none. */
  incidentAt(openedAt: number): SeenShape | undefined {
    return allShapes(this.#incidents).find((one) => one.openedAt === openedAt);
  }

  /**
   * Learns a label of an incident.
   *
   * @param openedAt Opening time of the incident, ms. @param now Time of the label, ms. @param weight 0 … 1.
   * @returns Whether the incident is one of the last 8 and the label has changed a kind.
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
   * Weakens the false-alarm labels of a shape's kind, because a person wants alarms of this kind.
   *
   * @param weight 0 … 1. @returns The surprise that the kind still needs, 0 if the kind is forgotten; undefined if there was no kind.
   */
  wants(shape: Shape, weight: number, now: number): number | undefined {
    const kind = kindOf(this.#kinds, shape);
    if (kind === undefined) return undefined;
    kind.strength = Math.max(0, strengthAt(kind, now) - weight);
    kind.labelledAt = now;
    this.#kinds = this.#kinds.filter(({ strength }) => strength > 0);
    return barOf(kind, now);
  }

  /** The surprise from which an incident of this kind is an alarm; 0 for a kind without false-alarm labels. */
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
