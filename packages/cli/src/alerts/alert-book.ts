import { type Anomaly, anomalyGroups, seriesKey } from "@mapek/core/contract";
import { type Alert, alertOf, type Incident } from "./alert.ts";

/**
 * The open incidents, and the ended ones that are not pushed yet. A series has at most one open incident.
 */
export class AlertBook {
  readonly #open = new Map<string, Incident>();
  readonly #added: Readonly<Record<string, string>>;
  #ended: Alert[] = [];

  /** @param added Labels that every alert gets. */
  constructor(added: Readonly<Record<string, string>>) {
    this.#added = added;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Folds a message of the learner about an incident. */
  take(anomaly: Anomaly): void {
    const key = keyOf(anomaly);
    const known = this.#open.get(key);
    if (anomaly.phase !== "closed") {
      if (known !== undefined && known.opened_at < anomaly.opened_at)
        this.#end(key, anomaly.opened_at);
      this.#open.set(key, anomaly);
    } else if (known === undefined || known.opened_at === anomaly.opened_at) {
      this.#open.set(key, anomaly);
      this.#end(key, anomaly.closed_at ?? anomaly.timestamp);
    }
  }

  /**
   * Replaces the open incidents by those that the learner reports, since messages may have been missed.
   *
   * @param asOf Time of the request, Unix ms: incidents that opened later stay open.
   */
  replace(open: readonly Incident[], asOf: number): void {
    const keys = new Set(open.map(keyOf));
    for (const [key, { opened_at }] of this.#open)
      if (!keys.has(key) && opened_at < asOf) this.#end(key, asOf);
    for (const incident of open) this.#open.set(keyOf(incident), incident);
  }

  /** Open incidents as alerts that end at `until`, Unix ms: by system and group, in order of opening. */
  open(until: number): Alert[] {
    return anomalyGroups([...this.#open.values()]).flatMap((group) =>
      group.incidents.map((incident) => alertOf(incident, until, this.#added, group)),
    );
  }

  /** Removes and returns the alerts that have ended since the last call. */
  takeEnded(): Alert[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  #end(key: string, at: number): void {
    const incident = this.#open.get(key);
    if (incident === undefined) return;
    this.#open.delete(key);
    // Samples may be ahead of the clock: an end in the future would keep the alert firing until then.
    this.#ended.push(alertOf(incident, Math.min(at, Date.now()), this.#added));
  }
}

const keyOf = ({ system, metric, labels }: Incident): string => seriesKey(system, metric, labels);
