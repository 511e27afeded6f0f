import { EVIDENCE_FAMILIES } from "./anomaly-detector.ts";
import { copiedDoubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import { readHalf, writeHalf } from "./half-doubles.ts";

/** Incidents that can still be labelled, and kinds that are remembered. */
const MAX_INCIDENTS = 8;
const MAX_KINDS = 4;
/** From this likeness on two incidents are of one kind. */
const LIKENESS = 0.85;
/** A label of full weight raises the surprise that its kind needs by this: to a hundred times rarer. */
const STEP = 2;
/** A family's part of a profile is its surprise beyond this: one hour in ten has as much. */
const USUAL_SURPRISE = 1;
/** Labels from which on an incident like those labelled is no alarm. */
const ENOUGH = 1.5;
/** Most labels in a row that count. */
const MAX_STRENGTH = 4;
/** A label counts half after this long, ms. */
const HALF_LIFE_MS = 30 * 86_400_000;
const FAMILIES = EVIDENCE_FAMILIES.length;
/** Numbers of an incident: when it opened, then pairs of halves: its surprise with the sign of its side, and its profile. */
const FIELDS = 1 + Math.ceil((1 + FAMILIES) / 2);
const FIRST_HALF = 2;

/** What an incident looked like when it opened. */
interface Shape {
  /** 1 above what was expected, −1 below. */
  readonly side: number;
  /** Above 0. */
  readonly surprise: number;
  /** The families' surprises beyond what is usual, of length 1. */
  readonly profile: readonly number[];
}

interface OpenedIncident extends Shape {
  readonly openedAt: number;
}

interface Kind extends Shape {
  strength: number;
  labelledAt: number;
}

/** State of `LabelledKinds`: plain JSON. */
export interface LabelledKindsSnapshot {
  incidents: OpenedIncident[];
  kinds: Kind[];
}

/** What people said of an incident. */
export type Verdict = "false_positive" | "true_positive" | "false_negative";

/**
 * The kinds of incident that people called false alarms: a kind is which families of evidence spoke, in what proportion,
 * and on which side. An alarm of such a kind must be more surprising than the labelled one was: ten times rarer after two labels, a
 * thousand after three; alarms of other kinds need not. A label wears off by half in thirty days.
 *
 * Cost: O(kinds) an alarm, nothing otherwise; 48 bytes an incident, 8 incidents and 4 kinds at most.
 * Evidence and profile of an incident are kept to a relative 5e-7.
 */
export class LabelledKinds {
  /** Oldest first. */
  #incidents: number[] = NO_INCIDENTS;
  #kinds: readonly Kind[] = NO_KINDS;

  /** Remembers an incident that has just opened, so that it can be labelled. */
  opened(openedAt: number, side: number, surprise: number, surprises: readonly number[]): void {
    this.#remember({ openedAt, ...shapeOf(side, surprise, surprises) });
  }

  /**
   * Learns what people said of an incident.
   *
   * @param openedAt When it opened, ms. @param now Time of the label, ms. @param weight 0 … 1.
   * @returns Whether the incident is one of the last 8 and the label said something about its kind.
   */
  label(openedAt: number, verdict: Verdict, weight: number, now: number): boolean {
    const incident = this.#opened().find((one) => one.openedAt === openedAt);
    if (incident === undefined || verdict === "false_negative") return false;
    const kind = this.#kindOf(incident);
    if (verdict === "true_positive") {
      if (kind === undefined) return false;
      kind.strength = Math.max(0, strengthAt(kind, now) - weight);
      kind.labelledAt = now;
      this.#kinds = this.#kinds.filter(({ strength }) => strength > 0);
      return true;
    }
    const learned: Kind = {
      side: incident.side,
      surprise: Math.max(kind?.surprise ?? 0, incident.surprise),
      profile:
        kind === undefined
          ? incident.profile
          : unit(kind.profile.map((x, family) => x + incident.profile[family]!)),
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

  /** The surprise from which on an incident of this kind is an alarm: 0 where nobody complained of its kind. */
  bar(side: number, surprise: number, surprises: readonly number[], now: number): number {
    if (this.#kinds.length === 0) return 0;
    const kind = this.#kindOf(shapeOf(side, surprise, surprises));
    if (kind === undefined) return 0;
    const strength = strengthAt(kind, now);
    return strength < 0.1 ? 0 : kind.surprise + STEP * (strength - ENOUGH);
  }

  snapshot(): LabelledKindsSnapshot {
    return {
      incidents: this.#opened(),
      kinds: this.#kinds.map((kind) => ({ ...kind })),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ incidents, kinds }: LabelledKindsSnapshot): LabelledKinds {
    requireSnapshot(
      [...incidents, ...kinds].every(
        ({ profile, surprise }) => profile.length === FAMILIES && surprise > 0,
      ),
      "a labelled kind is damaged",
    );
    const restored = new LabelledKinds();
    for (const incident of incidents) restored.#remember(incident);
    if (kinds.length > 0) restored.#kinds = kinds.map((kind) => ({ ...kind }));
    return restored;
  }

  #remember({ openedAt, side, surprise, profile }: OpenedIncident): void {
    const most = (MAX_INCIDENTS - 1) * FIELDS;
    const before = this.#incidents.slice(Math.max(0, this.#incidents.length - most));
    const added = [openedAt, ...Array.from({ length: FIELDS - 1 }, () => 0)];
    this.#incidents = copiedDoubles([...before, ...added]);
    const half = 2 * before.length + FIRST_HALF;
    writeHalf(this.#incidents, half, side * surprise);
    for (let i = 0; i < FAMILIES; i++) writeHalf(this.#incidents, half + 1 + i, profile[i] ?? 0);
  }

  #opened(): OpenedIncident[] {
    return Array.from({ length: this.#incidents.length / FIELDS }, (_, i) => {
      const half = 2 * i * FIELDS + FIRST_HALF;
      const surprise = readHalf(this.#incidents, half);
      return {
        openedAt: this.#incidents[i * FIELDS]!,
        side: Math.sign(surprise),
        surprise: Math.abs(surprise),
        profile: Array.from({ length: FAMILIES }, (_, family) =>
          readHalf(this.#incidents, half + 1 + family),
        ),
      };
    });
  }

  #kindOf(shape: Shape): Kind | undefined {
    let best: Kind | undefined;
    let likeness = LIKENESS;
    for (const kind of this.#kinds) {
      if (kind.side !== shape.side) continue;
      const now = kind.profile.reduce((sum, x, family) => sum + x * shape.profile[family]!, 0);
      if (now < likeness) continue;
      likeness = now;
      best = kind;
    }
    return best;
  }
}

const NO_INCIDENTS: number[] = [];
const NO_KINDS: readonly Kind[] = [];

const strengthAt = (kind: Kind, now: number): number =>
  kind.strength * 0.5 ** (Math.max(0, now - kind.labelledAt) / HALF_LIFE_MS);

function shapeOf(side: number, surprise: number, surprises: readonly number[]): Shape {
  return {
    side,
    surprise,
    profile: unit(surprises.map((surprise) => Math.max(0, surprise - USUAL_SURPRISE))),
  };
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((x) => x / length);
}
