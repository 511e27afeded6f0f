import type { NatsConnection } from "@nats-io/transport-node";

type Item = Readonly<Record<string, unknown>>;

/** What users can see of a house's knowledge: the answers to the public requests, in a fixed order. */
export interface Facts {
  /** Windows, as the learner exports them. */
  readonly windows: readonly Item[];
  readonly series: readonly Item[];
  readonly thresholds: readonly Item[];
  readonly parameters: readonly Item[];
  readonly transitions: readonly Item[];
  readonly signals: readonly Item[];
  readonly actions: readonly Item[];
}

/** Fields of a series that the passing of time alone may change. */
const PASSING = new Set(["stale", "last_change", "score", "trend"]);

/** Reads everything that an upgrade must keep through the public request subjects. */
export async function readFacts(nc: NatsConnection): Promise<Facts> {
  const ask = async (service: string, verb: string): Promise<Item[]> => {
    const subject = `mapek.requests.${service}.${verb}._`;
    const answer = await nc.request(subject, "{}", { timeout: 60_000 });
    const { items, error } = answer.json<{ items?: Item[]; error?: unknown }>();
    if (items === undefined) throw new Error(`${subject}: ${JSON.stringify(error)}`);
    return items;
  };
  const sorted = (items: readonly Item[]) =>
    [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return {
    windows: sorted(await ask("learner", "export")),
    series: sorted(await ask("learner", "series")).map((item) =>
      Object.fromEntries(Object.entries(item).filter(([name]) => !PASSING.has(name))),
    ),
    thresholds: sorted(await ask("learner", "thresholds")),
    parameters: sorted(await ask("optimizer", "parameters")),
    transitions: sorted(await ask("optimizer", "transitions")),
    signals: sorted(await ask("feedback", "signals")),
    actions: sorted(await ask("feedback", "actions")),
  };
}
