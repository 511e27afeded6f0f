import {
  type ActorService,
  encodeJson,
  encodeMsgpack,
  partitionOf,
  type Subjects,
} from "@mapek/core/contract";
import type { Output } from "../actor.ts";
import type { Publication } from "../nats/atomic-batch.ts";

/** Turns an output into messages: one, or one for each partition where an input goes to all. */
export function publicationsOf(
  output: Output,
  subjects: Subjects,
  partitions: number,
): Publication[] {
  if (output.to === "log")
    return [
      { subject: subjects.log(output.family, ...output.tokens), data: encodeJson(output.message) },
    ];
  if (output.to === "latest") {
    const subject = subjects.latestThreshold(output.key);
    return output.message === null
      ? [{ subject, data: new Uint8Array(), deletesKey: true }]
      : [{ subject, data: encodeJson(output.message) }];
  }
  return inputPublications(output.to, output.key, output.input, subjects, partitions);
}

/** The messages that store an input: one in the partition of its key, or one in each partition where the key is null. */
export function inputPublications(
  service: ActorService,
  key: string | null,
  input: object,
  subjects: Subjects,
  partitions: number,
): Publication[] {
  const data = encodeMsgpack(input);
  const keyed = key === null ? undefined : partitionOf(key, partitions);
  const targets = keyed === undefined ? Array.from({ length: partitions }, (_, p) => p) : [keyed];
  return targets.map((partition) => ({
    subject: subjects.input(service, partition),
    data,
    isInput: true,
  }));
}
