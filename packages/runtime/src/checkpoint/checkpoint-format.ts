import { crc32 } from "node:zlib";
import { decodeMsgpack, encodeMsgpack } from "@mapek/core/messages";
import { z } from "zod";
import { RuntimeError } from "../errors.ts";

/**
 * Layout of a checkpoint, numbers little endian:
 *
 * - prologue: 8 bytes magic, u32 format version, u32 length, header as MessagePack, u32 CRC
 * - frames: u8 kind, u32 length, body, u32 CRC
 *   - kind 1: parts, compressed with zstd; each is f64 sequence, u32 length, bytes
 *   - kind 2, the last: f64 sequence of the newest part, u32 number of parts
 *
 * Each CRC-32 goes on from the one before: frames that are changed, missing, doubled or out of place are found.
 */
const MAGIC = Buffer.from("mapek-cp");
const FORMAT_VERSION = 1;
export const PROLOGUE_BYTES = MAGIC.length + 8;
export const FRAME_HEAD_BYTES = 5;
export const CRC_BYTES = 4;
const END_BYTES = 12;

/** About how many bytes of parts one frame holds before they are compressed. */
export const FRAME_BYTES = 256 * 1_024;

export const FrameKind = { parts: 1, end: 2 } as const;

const headerSchema = z.object({
  service: z.string(),
  partition: z.number().int(),
  /** Number of the saved form of the logic's state. */
  schema: z.number().int(),
  /** Sequence of the newest input that was folded when the snapshot began. */
  seq: z.number().int().min(0),
  /** When the input stream was made: tells sequences of this stream from those of one with the same name. */
  stream: z.string(),
});

/** What a checkpoint is of. */
export type CheckpointHeader = z.infer<typeof headerSchema>;

/** The bytes of one actor, and the sequence of the newest input that they hold. */
export interface CheckpointPart {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** What the last frame says of those before it. */
export interface CheckpointEnd {
  /** Sequence of the newest input that any part holds. */
  readonly through: number;
  readonly parts: number;
}

/** A refusal. */
export const corrupt = (detail: string, cause?: unknown): RuntimeError =>
  new RuntimeError("MAPEK_CHECKPOINT_CORRUPT", detail, cause === undefined ? {} : { cause });

/** The chain of CRCs through a checkpoint; writer and reader each have one. */
export class CrcChain {
  #crc = 0;

  /** Takes bytes in. */
  update(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
  }

  /** The CRC of everything until now, as it is stored. */
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

/** Bytes with their checksum behind them. */
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
