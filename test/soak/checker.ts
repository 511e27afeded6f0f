import { decodeMsgpack, decodeSampleBatch, seriesKey } from "@mapek/core/contract";
import { type Effect, type OutputDifference, outputDifferences } from "@mapek/runtime/replay";
import type { Acknowledged } from "./flow.ts";
import type { Answer, Reading, StoredMessage } from "./reading.ts";
import { partsOf, replay, storedEffects } from "./replayed.ts";

/** One way in which the log, the states or the outputs are not what they should be. */
export interface Difference {
  readonly kind:
    | "lost input"
    | "changed input"
    | "unfolded input"
    | "lost command"
    | OutputDifference["kind"]
    | "different state";
  readonly where: string;
  readonly detail: string;
}

/**
 * Compares the streams and the states of the running services with a replay without faults, and with
 * what was acknowledged. Reads nothing but its arguments.
 *
 * @returns Every difference; none where all is well.
 */
export function check(reading: Reading, acknowledged: Acknowledged): Difference[] {
  const replayed = replay(reading);
  const stored = storedEffects(reading);
  return [
    ...lostSamples(reading.samples, acknowledged),
    ...lostSignals(reading.knowledge, acknowledged),
    ...lostCommands(reading),
    ...replayed.unfolded.map((detail) => difference("unfolded input", "position", detail)),
    ...outputDifferences(stored, replayed.outputs),
    ...doubledEffects(stored),
    ...stateDifferences(reading.answers, replayed.answers),
  ];
}

const difference = (kind: Difference["kind"], where: string, detail: string): Difference => ({
  kind,
  where,
  detail,
});

function lostSamples(stored: readonly StoredMessage[], { samples }: Acknowledged): Difference[] {
  const values = new Map<string, number>();
  for (const { subject, data } of stored) {
    if (!subject.startsWith("mapek-kb.samples.")) continue;
    const batch = decodeSampleBatch(data);
    if (!batch.ok) throw batch.error;
    const { series, index, times, values: column } = batch.value;
    // The first of a time counts, as it does for the learner.
    for (let i = 0; i < column.length; i++) {
      const key = `${series[index[i] as number]}@${times[i]}`;
      if (!values.has(key)) values.set(key, column[i] as number);
    }
  }
  return samples.flatMap(({ system, metric, timestamp, value }) => {
    const key = `${seriesKey(system, metric)}@${timestamp}`;
    const found = values.get(key);
    if (found === undefined) return [difference("lost input", key, `sample ${value}`)];
    return Object.is(found, value)
      ? []
      : [difference("changed input", key, `sent ${value}, stored ${found}`)];
  });
}

function lostSignals(stored: readonly StoredMessage[], { signals }: Acknowledged): Difference[] {
  const found = new Map<string, string>();
  for (const { subject, data } of stored) {
    if (!subject.startsWith("mapek-kb.in.feedback.")) continue;
    for (const part of partsOf(subject, data)) {
      const input = decodeMsgpack(part) as Record<string, unknown>;
      if (input.kind !== "signal") continue;
      const key = `${input.system}/${input.loop}/${input.id}`;
      if (!found.has(key)) found.set(key, sorted([input.time, input.signal]));
    }
  }
  return signals.flatMap(({ system, loop, id, timestamp, body }) => {
    const key = `${system}/${loop}/${id}`;
    const sent = sorted([timestamp, body]);
    const kept = found.get(key);
    if (kept === undefined) return [difference("lost input", key, `signal ${sent}`)];
    return kept === sent ? [] : [difference("changed input", key, `sent ${sent}, stored ${kept}`)];
  });
}

/** The learner's inputs reach its stream by way of the server: each once, in order. */
function lostCommands({ knowledge, samples, answeredAt }: Reading): Difference[] {
  const bySubject = (messages: readonly StoredMessage[], until: number) =>
    Map.groupBy(
      messages.filter(
        ({ subject, seq }) => seq <= until && subject.startsWith("mapek-kb.in.learner."),
      ),
      ({ subject }) => subject,
    );
  const sourced = bySubject(samples, answeredAt.samples);
  return [...bySubject(knowledge, answeredAt.knowledge)].flatMap(([subject, written]) => {
    const arrived = (sourced.get(subject) ?? []).map(({ data }) => keyOf(data));
    const wanted = written.map(({ data }) => keyOf(data));
    const at = wanted.findIndex((key, i) => arrived[i] !== key);
    if (at < 0 && arrived.length === wanted.length) return [];
    const place = at < 0 ? wanted.length : at;
    const detail = `${wanted.length} written, ${arrived.length} arrived; they differ from message ${place} on`;
    return [difference("lost command", subject, detail)];
  });
}

const keyOf = (data: Uint8Array): string => Buffer.from(data).toString("latin1");

/** What makes a stored output one of a kind, by the family in its subject. */
const IDENTITIES: Readonly<Record<string, (body: Record<string, unknown>) => string | undefined>> =
  {
    actions: ({ action_id, status }) => `${action_id} ${status}`,
    anomalies: ({ anomaly_id, phase }) => (phase === "peak" ? undefined : `${anomaly_id} ${phase}`),
    transitions: ({ system, count }) => `${system} ${count}`,
    feedback: ({ system, loop, id }) => `${system} ${loop} ${id}`,
  };

/** Known without a replay: no action, anomaly, transition or signal may be told of twice. */
function doubledEffects(stored: readonly Effect[]): Difference[] {
  const seen = new Set<string>();
  return stored.flatMap(({ subject, data }) => {
    const [, family] = /^mapek-kb\.log\.([a-z]+)\./.exec(subject) ?? [];
    const identity = family === undefined ? undefined : IDENTITIES[family];
    if (identity === undefined) return [];
    const name = identity(JSON.parse(new TextDecoder().decode(data)));
    if (name === undefined) return [];
    if (seen.has(`${family} ${name}`)) return [difference("doubled effect", subject, name)];
    seen.add(`${family} ${name}`);
    return [];
  });
}

function stateDifferences(told: readonly Answer[], replayed: readonly Answer[]): Difference[] {
  return replayed.flatMap(({ service, verb, items }) => {
    const answer = told.find((one) => one.service === service && one.verb === verb);
    const left = new Map<string, number>();
    for (const item of items) count(left, sorted(item), 1);
    for (const item of answer?.items ?? []) count(left, sorted(item), -1);
    return [...left].flatMap(([item, n]) => {
      if (n === 0) return [];
      const who = n > 0 ? "only the replay says" : "only the service says";
      return [difference("different state", `${service} ${verb}`, `${who} ${item}`)];
    });
  });
}

const count = (counts: Map<string, number>, key: string, by: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + by);
};

/** JSON with the keys of each object in order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
