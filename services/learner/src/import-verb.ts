import {
  encodeSampleBatch,
  MessageError,
  partitionOf,
  seriesExport,
  seriesKey,
} from "@mapek/core/contract";
import { publishAtomically, type ServiceContext } from "@mapek/runtime";
import type { Msg } from "@nats-io/transport-node";

/** Samples per stored message: the message stays far below the server's default limit of 1 MiB. */
const BATCH_SAMPLES = 20_000;

/**
 * Stores the samples of an export as history of their series, whatever their age. A request carries one series
 * and is answered after its samples are stored.
 */
export function importVerb({ connection, subjects, config }: ServiceContext) {
  return async (
    system: string | undefined,
    _request: unknown,
    message: Msg,
  ): Promise<unknown[]> => {
    if (system === undefined)
      throw new MessageError("MAPEK_SUBJECT_INVALID", "import needs a system");
    const decoded = seriesExport.decode(
      message.data,
      message.headers?.get("Content-Type") || undefined,
    );
    if (!decoded.ok) throw decoded.error;
    const { metric, labels, timestamps, values } = decoded.value;
    if (values.length > config.ingest.max_samples_per_message)
      throw new MessageError(
        "MAPEK_MESSAGE_TOO_LARGE",
        `${values.length} samples, at most ${config.ingest.max_samples_per_message}`,
      );
    const key = seriesKey(system, metric, labels);
    const subject = subjects.samples(partitionOf(key, config.streams.partitions));
    for (let from = 0; from < values.length; from += BATCH_SAMPLES) {
      const part = values.slice(from, from + BATCH_SAMPLES);
      const data = encodeSampleBatch({
        history: true,
        series: [key],
        index: new Uint16Array(part.length),
        times: Float64Array.from(timestamps.slice(from, from + BATCH_SAMPLES)),
        values: Float64Array.from(part),
      });
      await publishAtomically(connection.nc, [{ subject, data }]);
    }
    return [{ metric, labels, imported: values.length }];
  };
}
