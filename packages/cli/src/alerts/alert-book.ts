import { type Anomaly, anomalyGroups, seriesKey } from "@mapek/core/messages";
import { type Alert, alertOf, type Incident } from "./alert.ts";

/**
 * The incidents that are open, and those that have ended and are still to be told. A series has one open incident at most.
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

  /** Takes note of what the learner said of an incident. */
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
   * Makes good what was not heard: exactly these are open.
   *
   * @param asOf Unix ms when they were asked for: what opened since stays.
   */
  replace(open: readonly Incident[], asOf: number): void {
    const keys = new Set(open.map(keyOf));
    for (const [key, { opened_at }] of this.#open)
      if (!keys.has(key) && opened_at < asOf) this.#end(key, asOf);
    for (const incident of open) this.#open.set(keyOf(incident), incident);
  }

  /** Open incidents as alerts that hold until `until`, Unix ms: by system and by what began together, who began first first. */
  open(until: number): Alert[] {
    return anomalyGroups([...this.#open.values()]).flatMap((group) =>
      group.incidents.map((incident) => alertOf(incident, until, this.#added, group)),
    );
  }

  /** What has ended since the last call. */
  takeEnded(): Alert[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  #end(key: string, at: number): void {
    const incident = this.#open.get(key);
    if (incident === undefined) return;
    this.#open.delete(key);
    // Samples may be ahead of the clock: what is over must not last until then.
    this.#ended.push(alertOf(incident, Math.min(at, Date.now()), this.#added));
  }
}

const keyOf = ({ system, metric, labels }: Incident): string => seriesKey(system, metric, labels);
