import {
  accepted,
  type Decoded,
  decodeSampleBatch,
  type LearnerInput,
  learnerInput,
  MessageError,
  refused,
  type SampleBatch,
  thresholdKey,
} from "@mapek/core/contract";
import type { SeriesEvent } from "@mapek/core/learning";
import { SUPPRESSIONS, type Suppression } from "@mapek/core/statistics";
import type { HasFolded, Output, PartitionLogic } from "@mapek/runtime";
import { receiveCommand, receiveControl } from "./commands.ts";
import { sweepDueAt, sweepIdle } from "./idle/idle-series.ts";
import { heard, tellStale } from "./idle/staleness.ts";
import { outputsOf, refusedSeries } from "./outputs.ts";
import { query } from "./queries.ts";
import type { Series } from "./series/series.ts";
import { seriesAfter, seriesOfSystem } from "./series/series-table.ts";
import { restorePart, SCHEMA, snapshot } from "./snapshot.ts";
import { configure, initialState, isDone, type LearnerState, rulesOf } from "./state.ts";

/** Stored inputs of a learner partition: batches of samples, and all other inputs in the same stream. */
export type LearnerMessage = { kind: "samples"; batch: SampleBatch } | LearnerInput;

/** Name of the gauge that counts the alarms suppressed for one reason. */
export const suppressedGauge = (reason: Suppression): string => `suppressed_${reason}`;

/** The learner's partition: an actor per series, and the rules of the series' systems. */
export const learnerLogic: PartitionLogic<LearnerState, LearnerMessage> = {
  service: "learner",
  create: initialState,
  decode,
  receive,
  dueAt(state) {
    let earliest = sweepDueAt(state);
    const { earliest: staleAt } = state.checks;
    if (staleAt !== undefined && (earliest === undefined || staleAt < earliest)) earliest = staleAt;
    for (const { learner } of state.open) {
      const { silentAt } = learner.judge;
      if (silentAt !== undefined && (earliest === undefined || silentAt < earliest))
        earliest = silentAt;
    }
    return earliest;
  },
  query,
  settings: (state) => state.configured,
  removed: (state) => state.expired,
  gauges: (state) => {
    const { points, judged, anomalies, dropped, untaught, windowBytes, suppressed } = state.totals;
    return {
      series: state.series.size,
      points,
      judged,
      anomalies,
      dropped,
      untaught,
      window_bytes: windowBytes,
      ...Object.fromEntries(
        SUPPRESSIONS.map((reason, i) => [suppressedGauge(reason), suppressed[i] as number]),
      ),
      open_anomalies: state.open.size,
      stale: state.stale.size,
      expired: state.expired,
      refused: state.refused,
      closed: Number(state.closed),
    };
  },
  schema: SCHEMA,
  snapshot,
  restorePart,
};

function decode(subject: string, data: Uint8Array): Decoded<LearnerMessage> {
  if (!subject.includes(".samples.")) return learnerInput.decode(data, "application/msgpack");
  const batch = decodeSampleBatch(data);
  if (!batch.ok) return batch;
  if (!(allFinite(batch.value.times) && allFinite(batch.value.values)))
    return refused("MAPEK_SAMPLE_NOT_FINITE", "stored batch holds a time or value that is not");
  return accepted({ kind: "samples", batch: batch.value });
}

function receive(state: LearnerState, message: LearnerMessage, hasFolded?: HasFolded): Output[] {
  if (hasFolded === undefined) return fold(state, message);
  state.hasFolded = hasFolded;
  try {
    return fold(state, message);
  } finally {
    state.hasFolded = undefined;
  }
}

function fold(state: LearnerState, message: LearnerMessage): Output[] {
  switch (message.kind) {
    case "samples":
      return receiveBatch(state, message.batch);
    case "settings":
      configure(state, message.settings);
      return seriesOfSystem(state, undefined).flatMap((series) => {
        const { id, learner } = series;
        const factor = rulesOf(state, id.system).sensitivityFactor;
        const dropped = state.totals.around(series, () =>
          learner.applySettings(state.rules.settingsOf(id), factor),
        );
        return dropped.map((side) => ({
          to: "latest",
          key: thresholdKey(id, side),
          message: null,
        }));
      });
    case "command":
      return receiveCommand(state, message);
    case "control":
      return receiveControl(state, message);
    case "admission":
      state.closed = !message.new_series;
      return [];
    case "tick":
      return [
        ...closeSilent(state, message.time),
        ...tellStale(state, message.time),
        ...sweepIdle(state, message.time),
      ];
  }
}

/** Dead letters per batch: a flood of new series must not become a flood of dead letters. */
const MAX_LETTERS = 10;

function receiveBatch(
  state: LearnerState,
  { series: keys, index, times, values, history }: SampleBatch,
): Output[] {
  const outputs: Output[] = [];
  let before: Series | undefined;
  const dictionary = keys.map((key, entry) => {
    if (isDone(state, key)) return undefined;
    const found = seriesAfter(state, before, key);
    if (found instanceof MessageError) {
      if (outputs.length < MAX_LETTERS)
        outputs.push(refusedSeries(key, times[index.indexOf(entry)] ?? 0, found));
      return undefined;
    }
    found.seen = state.sweep;
    before = found;
    return found;
  });
  // Each series is taken out once: the keys of a stored batch are distinct. `finally` keeps the totals right if a sample throws.
  for (const series of dictionary) if (series !== undefined) state.totals.takeOut(series);
  try {
    for (let i = 0; i < values.length; i++) {
      const series = dictionary[index[i] as number];
      if (series === undefined) continue;
      const time = times[i] as number;
      const events = series.learner.receiveSample(time, values[i] as number, history);
      if (events.length > 0) takeEvents(state, series, events, outputs);
      if (history) continue;
      if (time > series.heardAt) series.heardAt = time;
      series.heardSinceCheck = true;
      if (series.checkAt === undefined) outputs.push(...heard(state, series));
    }
  } finally {
    for (const series of dictionary) if (series !== undefined) state.totals.put(series);
  }
  return outputs;
}

function takeEvents(
  state: LearnerState,
  series: Series,
  events: readonly SeriesEvent[],
  outputs: Output[],
): void {
  for (const event of events) {
    if (event.type === "anomaly") followAnomaly(state, series, event);
    outputs.push(...outputsOf(series, event));
  }
}

/** Keeps the set of series with an open anomaly, and the group of an anomaly that opens. */
function followAnomaly(
  state: LearnerState,
  series: Series,
  { phase, incident }: Extract<SeriesEvent, { type: "anomaly" }>,
): void {
  if (phase === "closed") state.open.delete(series);
  else state.open.add(series);
  if (phase !== "opened") return;
  const { key, system, learner } = series;
  series.group = state.groups.opened(system, key, incident.opened_at, learner.judge.intervalMs);
}

function allFinite(column: Float64Array): boolean {
  for (let i = 0; i < column.length; i++) if (!Number.isFinite(column[i])) return false;
  return true;
}

/** Closes anomalies of silent series, in order of keys: a restored state must give the same outputs as one that never stopped. */
function closeSilent(state: LearnerState, now: number): Output[] {
  const open = [...state.open]
    .filter(({ key }) => !isDone(state, key))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return open.flatMap((series) => {
    const events = series.learner.closeIfSilent(now);
    if (events.length > 0) state.open.delete(series);
    return events.flatMap((event) => outputsOf(series, event));
  });
}
