import { MessageError, type Subjects } from "@mapek/core/contract";
import type { Share, WaitingRoom } from "@mapek/runtime";

/** System, metric and waiting room share of a subject. */
export interface Route {
  readonly system: string;
  readonly metric: string;
  readonly share: Share;
}

/** Number of cached routes; one more clears the cache. */
const MAX_ROUTES = 1_000_000;

/** Cache of parsed subjects: most messages come on a subject that was parsed before. */
export class MetricRoutes {
  readonly #subjects: Subjects;
  readonly #room: WaitingRoom;
  readonly #known = new Map<string, Route>();

  constructor(subjects: Subjects, room: WaitingRoom) {
    this.#subjects = subjects;
    this.#room = room;
  }

  /** The route of a subject of samples, or MAPEK_SUBJECT_INVALID. */
  of(subject: string): Route | MessageError {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const parsed = this.#subjects.parseInput(subject);
    if (!parsed.ok) return parsed.error;
    if (parsed.value.family !== "metrics")
      return new MessageError("MAPEK_SUBJECT_INVALID", subject);
    const { system, metric } = parsed.value;
    const route = { system, metric, share: this.#room.shareOf(system) };
    if (this.#known.size >= MAX_ROUTES) this.#known.clear();
    this.#known.set(subject, route);
    return route;
  }

  /** Frees the cache; later messages are parsed again. */
  forget(): void {
    this.#known.clear();
  }
}
