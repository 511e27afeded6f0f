import {
  accepted,
  type Decoded,
  decodeSampleBatch,
  type LearnerInput,
  learnerInput,
  type SampleBatch,
} from "@mapek/core/messages";
import type { Output, PartitionLogic } from "@mapek/runtime";
import { receiveCommand, receiveControl } from "./commands.ts";
import { outputsOf } from "./outputs.ts";
import { query } from "./queries.ts";
import { load, save } from "./snapshot.ts";
import { initialState, type LearnerState, rulesOf, type Series, seriesOf } from "./state.ts";

/** What a learner partition reads: batches of samples and, from the same stream, its other inputs. */
export type LearnerMessage = { kind: "samples"; batch: SampleBatch } | LearnerInput;

/** The learner's partition: an actor per series, and the rules of their systems. */
export const learnerLogic: PartitionLogic<LearnerState, LearnerMessage> = {
  service: "learner",
  create: initialState,
  decode,
  receive,
  dueAt(state) {
    let earliest: number | undefined;
    for (const { learner } of state.open) {
      const { silentAt } = learner;
      if (silentAt !== undefined && (earliest === undefined || silentAt < earliest))
        earliest = silentAt;
    }
    return earliest;
  },
  query,
  settings: (state) => state.configured,
  gauges: (state) => {
    let points = 0;
    let judged = 0;
    let anomalies = 0;
    let bytes = 0;
    let dropped = 0;
    for (const { learner } of state.series.values()) {
      points += learner.counts.points;
      judged += learner.counts.judged;
      anomalies += learner.counts.anomalies;
      dropped += learner.counts.duplicates + learner.counts.late + learner.counts.outside;
      bytes += learner.window.byteLength;
    }
    return {
      series: state.series.size,
      points,
      judged,
      anomalies,
      dropped,
      window_bytes: bytes,
      open_anomalies: state.open.size,
    };
  },
  save,
  load,
};

function decode(subject: string, data: Uint8Array): Decoded<LearnerMessage> {
  if (!subject.includes(".samples.")) return learnerInput.decode(data, "application/msgpack");
  const batch = decodeSampleBatch(data);
  return batch.ok ? accepted({ kind: "samples", batch: batch.value }) : batch;
}

function receive(state: LearnerState, message: LearnerMessage): Output[] {
  switch (message.kind) {
    case "samples":
      return receiveBatch(state, message.batch);
    case "settings":
      state.configured = message.settings;
      for (const { id, learner } of state.series.values())
        learner.applySettings(message.settings, rulesOf(state, id.system).sensitivityFactor);
      return [];
    case "command":
      return receiveCommand(state, message);
    case "control":
      return receiveControl(state, message);
    case "tick":
      return [...state.open].flatMap((series) => {
        const events = series.learner.closeIfSilent(message.time);
        if (events.length > 0) state.open.delete(series);
        return events.flatMap((event) => outputsOf(series, event));
      });
  }
}

function receiveBatch(
  state: LearnerState,
  { series: keys, index, times, values, history }: SampleBatch,
): Output[] {
  const outputs: Output[] = [];
  const dictionary = keys.map((key) => seriesOf(state, key));
  for (let i = 0; i < values.length; i++) {
    const series = dictionary[index[i] as number] as Series;
    const events = series.learner.receiveSample(times[i] as number, values[i] as number, history);
    if (events.length === 0) continue;
    for (const event of events) {
      if (event.type === "anomaly") {
        if (event.phase === "closed") state.open.delete(series);
        else state.open.add(series);
      }
      outputs.push(...outputsOf(series, event));
    }
  }
  return outputs;
}
