import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { RuntimeError } from "../errors.ts";
import {
  type CheckpointHeader,
  type CheckpointPart,
  CRC_BYTES,
  CrcChain,
  corrupt,
  decodeEnd,
  decodeHeader,
  decodeParts,
  decodePrologue,
  FRAME_HEAD_BYTES,
  FrameKind,
  PROLOGUE_BYTES,
} from "./checkpoint-format.ts";

const decompress = promisify(zstdDecompress);

/** Cuts a stream of chunks of any size into buffers of the asked-for size. */
class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT where fewer than `count` bytes are left. */
  async take(count: number): Promise<Buffer> {
    while (this.#heldBytes < count)
      if (!(await this.#fill())) throw corrupt("it ends before its end");
    const all = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : Buffer.concat(this.#held);
    this.#held = [all.subarray(count)];
    this.#heldBytes -= count;
    return Buffer.from(all.buffer, all.byteOffset, count);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#heldBytes === 0) if (!(await this.#fill())) return true;
    return false;
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done) return false;
    this.#held.push(value);
    this.#heldBytes += value.length;
    return true;
  }
}

export type ExpectedCheckpoint = Pick<CheckpointHeader, "service" | "partition" | "schema">;

/**
 * Reads a checkpoint that `CheckpointWriter` wrote.
 *
 * @returns The header and the parts. The iteration of the parts ends without an error only when every byte is intact:
 * a state that was built from the parts must not be used before that.
 * @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT, MAPEK_CHECKPOINT_UNKNOWN_VERSION (of the format or of the state),
 * MAPEK_CHECKPOINT_FOREIGN (of another service or partition).
 */
export async function readCheckpoint(
  pieces: AsyncIterable<Uint8Array>,
  expected: ExpectedCheckpoint,
): Promise<{ header: CheckpointHeader; parts: AsyncGenerator<CheckpointPart> }> {
  const source = new ByteSource(pieces);
  const crc = new CrcChain();
  const prologue = await source.take(PROLOGUE_BYTES);
  const body = await source.take(decodePrologue(prologue));
  crc.update(prologue);
  crc.update(body);
  crc.expect(await source.take(CRC_BYTES));
  const header = decodeHeader(body);
  if (header.service !== expected.service || header.partition !== expected.partition)
    throw new RuntimeError(
      "MAPEK_CHECKPOINT_FOREIGN",
      `it is of partition ${header.partition} of ${header.service}, expected ${expected.partition} of ${expected.service}`,
    );
  if (header.schema !== expected.schema)
    throw new RuntimeError(
      "MAPEK_CHECKPOINT_UNKNOWN_VERSION",
      `state of schema ${header.schema}, this reader knows ${expected.schema}`,
    );
  return { header, parts: readParts(source, crc) };
}

async function* readParts(source: ByteSource, crc: CrcChain): AsyncGenerator<CheckpointPart> {
  let parts = 0;
  let through = 0;
  for (;;) {
    const head = await source.take(FRAME_HEAD_BYTES);
    const body = await source.take(head.readUInt32LE(1));
    crc.update(head);
    crc.update(body);
    crc.expect(await source.take(CRC_BYTES));
    const kind = head.readUInt8();
    if (kind === FrameKind.end) {
      const end = decodeEnd(body);
      if (end.parts !== parts || end.through !== through)
        throw corrupt("the last frame does not match those before it");
      if (!(await source.isAtEnd())) throw corrupt("something follows its end");
      return;
    }
    if (kind !== FrameKind.parts) throw corrupt(`a frame of kind ${kind}`);
    for (const part of decodeParts(await decompressed(body))) {
      parts++;
      through = part.seq;
      yield part;
    }
  }
}

async function decompressed(body: Uint8Array): Promise<Buffer> {
  try {
    return await decompress(body);
  } catch (cause) {
    throw corrupt((cause as Error).message, cause);
  }
}
