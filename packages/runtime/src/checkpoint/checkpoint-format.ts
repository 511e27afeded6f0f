import { crc32 } from "node:zlib";
import { decodeMsgpack, encodeMsgpack } from "@mapek/core/contract";
import { z } from "zod";
import { RuntimeError } from "../errors.ts";

/**
 * Layout of a checkpoint; numbers are little-endian:
 *
 * - prologue: 8 bytes magic, u32 format version, u32 length, header as MessagePack, u32 CRC
 * - frames: u8 kind, u32 length, body, u32 CRC
 *   - kind 1: parts, compressed with zstd; each part is f64 sequence, u32 length, bytes
 *   - kind 2, the last frame: f64 sequence of the newest part, u32 number of parts
 *
 * Each CRC-32 covers all bytes before it, from the first one on. A frame that is changed, missing, repeated or in the
 * wrong place is therefore found.
 */
const MAGIC = Buffer.from("mapek-cp");
const FORMAT_VERSION = 1;
export const PROLOGUE_BYTES = MAGIC.length + 8;
export const FRAME_HEAD_BYTES = 5;
export const CRC_BYTES = 4;
const END_BYTES = 12;

/** A frame ends after the part with which its uncompressed bytes reach this size. */
export const FRAME_BYTES = 256 * 1_024;

export const FrameKind = { parts: 1, end: 2 } as const;

const headerSchema = z.object({
  service: z.string(),
  partition: z.number().int(),
  /** Version of the saved form of the state: `PartitionLogic.schema`. */
  schema: z.number().int(),
  /** Sequence of the newest input that was folded when the snapshot began. */
  seq: z.number().int().min(0),
  /**
   * Creation time of the input stream. Without it the sequences of a deleted stream would be taken for those of a new
   * stream with the same name.
   */
  stream: z.string(),
});

/** Identifies the partition, the state's version and the place in the input stream of a checkpoint. */
export type CheckpointHeader = z.infer<typeof headerSchema>;

/** The encoded state of one actor (or of what actors share), and the sequence of the newest input that it contains. */
export interface CheckpointPart {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** Body of the last frame: without it a checkpoint that was cut off between two frames would look complete. */
export interface CheckpointEnd {
  /** Sequence of the newest input that any part contains. */
  readonly through: number;
  readonly parts: number;
}

export const corrupt = (detail: string, cause?: unknown): RuntimeError =>
  new RuntimeError("MAPEK_CHECKPOINT_CORRUPT", detail, cause === undefined ? {} : { cause });

/** Running CRC-32 of a checkpoint's bytes; writer and reader each have one. */
export class CrcChain {
  #crc = 0;

  update(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
  }

  /** The CRC of all bytes so far, as 4 bytes. */
  get bytes(): Uint8Array {
    const bytes = Buffer.alloc(CRC_BYTES);
    bytes.writeUInt32LE(this.#crc);
    return bytes;
  }

  /** @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT */
  expect(stored: Buffer): void {
    if (stored.readUInt32LE() !== this.#crc) throw corrupt("the checksum does not match");
  }
}

/** The pieces, followed by the CRC of all bytes up to their end. */
export function sealed(chain: CrcChain, ...pieces: readonly Uint8Array[]): Uint8Array {
  for (const piece of pieces) chain.update(piece);
  return Buffer.concat([...pieces, chain.bytes]);
}

export function encodeHeader(header: CheckpointHeader): [prologue: Uint8Array, body: Uint8Array] {
  const body = encodeMsgpack(header);
  const prologue = Buffer.alloc(PROLOGUE_BYTES);
  MAGIC.copy(prologue);
  prologue.writeUInt32LE(FORMAT_VERSION, MAGIC.length);
  prologue.writeUInt32LE(body.length, MAGIC.length + 4);
  return [prologue, body];
}

/** @returns The length of the header. @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT, MAPEK_CHECKPOINT_UNKNOWN_VERSION */
export function decodePrologue(prologue: Buffer): number {
  if (!prologue.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt("it is no checkpoint");
  const version = prologue.readUInt32LE(MAGIC.length);
  if (version !== FORMAT_VERSION)
    throw new RuntimeError(
      "MAPEK_CHECKPOINT_UNKNOWN_VERSION",
      `format ${version}, this reader knows ${FORMAT_VERSION}`,
    );
  return prologue.readUInt32LE(MAGIC.length + 4);
}

export function decodeHeader(body: Uint8Array): CheckpointHeader {
  const header = headerSchema.safeParse(decodeMsgpack(body));
  if (!header.success) throw corrupt(`header: ${header.error.message}`);
  return header.data;
}

export function frameHead(kind: number, length: number): Uint8Array {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt8(kind);
  head.writeUInt32LE(length, 1);
  return head;
}

export function encodeParts(parts: readonly CheckpointPart[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const { seq, data } of parts) {
    const head = Buffer.alloc(12);
    head.writeDoubleLE(seq);
    head.writeUInt32LE(data.length, 8);
    pieces.push(head, data);
  }
  return Buffer.concat(pieces);
}

/** The parts of a frame, as views of its bytes. @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT */
export function* decodeParts(body: Buffer): Generator<CheckpointPart> {
  for (let at = 0; at < body.length; ) {
    if (at + 12 > body.length) throw corrupt("a part is cut off");
    const seq = body.readDoubleLE(at);
    const from = at + 12;
    at = from + body.readUInt32LE(at + 8);
    if (at > body.length) throw corrupt("a part is cut off");
    yield { seq, data: body.subarray(from, at) };
  }
}

export function encodeEnd({ through, parts }: CheckpointEnd): Uint8Array {
  const body = Buffer.alloc(END_BYTES);
  body.writeDoubleLE(through);
  body.writeUInt32LE(parts, 8);
  return body;
}

export function decodeEnd(body: Buffer): CheckpointEnd {
  if (body.length !== END_BYTES) throw corrupt("the last frame has a wrong length");
  return { through: body.readDoubleLE(), parts: body.readUInt32LE(8) };
}
