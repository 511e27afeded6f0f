import { decodeMsgpack, encodeMsgpack } from "@mapek/core/contract";
import type { Publication } from "../nats/atomic-batch.ts";

/** Most inputs of one stored message, and the bytes from which a message takes no further input. */
export const MAX_BUNDLE_INPUTS = 500;
export const MAX_BUNDLE_BYTES = 256 * 1_024;

/** True for the first byte of a MessagePack array, which is a bundle; a single input is a map. */
const isArray = (first: number | undefined): boolean =>
  first !== undefined && ((first & 0xf0) === 0x90 || first === 0xdc || first === 0xdd);

/**
 * Encodes several inputs of one partition as one message, so that server and reader pay the cost of a message once. A
 * single input stays as it is.
 */
export function bundleInputs(inputs: readonly Uint8Array[]): Uint8Array {
  const [only] = inputs;
  return inputs.length === 1 && only !== undefined ? only : encodeMsgpack(inputs);
}

/** The encoded inputs of a stored message, in order. @throws {TypeError} where the message is an array of something else. */
export function inputsOf(data: Uint8Array): readonly Uint8Array[] {
  if (!isArray(data[0])) return [data];
  const inputs = decodeMsgpack(data);
  if (Array.isArray(inputs) && inputs.every((input) => input instanceof Uint8Array)) return inputs;
  throw new TypeError("expected one input, or an array of encoded inputs");
}

/** Bundles the inputs of each partition. The order of a partition's inputs is kept; all other messages stay as they are. */
export function bundlePublications(publications: readonly Publication[]): Publication[] {
  const bundles = new Map<string, { inputs: Uint8Array[]; bytes: number }>();
  const slots: (Publication | { subject: string; inputs: Uint8Array[] })[] = [];
  for (const publication of publications) {
    const { subject, data, isInput } = publication;
    if (!isInput) {
      slots.push(publication);
      continue;
    }
    const open = bundles.get(subject);
    if (open && open.inputs.length < MAX_BUNDLE_INPUTS && open.bytes < MAX_BUNDLE_BYTES) {
      open.inputs.push(data);
      open.bytes += data.length;
      continue;
    }
    const inputs = [data];
    bundles.set(subject, { inputs, bytes: data.length });
    slots.push({ subject, inputs });
  }
  return slots.map((slot) =>
    "inputs" in slot ? { subject: slot.subject, data: bundleInputs(slot.inputs) } : slot,
  );
}
