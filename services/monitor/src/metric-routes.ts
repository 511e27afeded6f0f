import { MessageError, type Subjects } from "@mapek/core/messages";
import type { Share, WaitingRoom } from "@mapek/runtime";

/** Where a subject's samples go. */
export interface Route {
  readonly system: string;
  readonly metric: string;
  readonly share: Share;
}

/** Routes of subjects that are remembered. */
const MAX_ROUTES = 1_000_000;

/** Parses each subject once: most messages come on one that is known. */
export class MetricRoutes {
  readonly #subjects: Subjects;
  readonly #room: WaitingRoom;
  readonly #known = new Map<string, Route>();

  constructor(subjects: Subjects, room: WaitingRoom) {
    this.#subjects = subjects;
    this.#room = room;
  }

  /** The route of a subject of samples, or why it has none. */
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

  /** Gives memory back that only saves work. */
  forget(): void {
    this.#known.clear();
  }
}
