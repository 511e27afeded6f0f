import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { TimeSlices } from "../partition/time-slices.ts";
import {
  type CheckpointHeader,
  type CheckpointPart,
  CrcChain,
  encodeEnd,
  encodeHeader,
  encodeParts,
  FRAME_BYTES,
  FrameKind,
  frameHead,
  sealed,
} from "./checkpoint-format.ts";

const compress = promisify(zstdCompress);

/** A higher level costs several times the time and gains little: most of a state is floating point numbers. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Longest time at a stretch for which inputs wait, without the last actor of a slice. */
const SLICE_MS = 2;

/** What is written into a checkpoint. */
export interface CheckpointContent {
  readonly header: Omit<CheckpointHeader, "seq">;
  /** Encoded actors; each is taken from here at the moment at which it is written. */
  readonly parts: Iterable<Uint8Array>;
  /** Sequence of the newest input that is folded at this moment. */
  readonly foldedSeq: () => number;
  /** Called before each part; throws where it makes no sense to go on. */
  readonly check: () => void;
}

/**
 * Turns a state into the bytes of a checkpoint while inputs are folded into it.
 *
 * No copy is made and nothing waits for the end: each actor is encoded as it is when its turn comes, and
 * its part says up to which input that is. Whoever restores it folds again from the beginning of the
 * snapshot and leaves out, for each actor, what that actor has folded already.
 */
export class CheckpointWriter {
  /** Sequence of the newest input folded when it began, and when its last part was taken. */
  seq = 0;
  through = 0;
  /** Bytes written until now, compressed. */
  bytes = 0;
  /** Milliseconds in which actors were encoded, and nothing else got its turn. */
  busyMs = 0;
  readonly #content: CheckpointContent;
  readonly #crc = new CrcChain();
  #parts = 0;

  constructor(content: CheckpointContent) {
    this.#content = content;
  }

  /** The bytes, piece by piece. Cost: O(state), in slices of a few milliseconds; compression runs on other threads. */
  async *bytesOf(): AsyncGenerator<Uint8Array> {
    const { header, parts, foldedSeq, check } = this.#content;
    this.seq = foldedSeq();
    // The first part is of the same moment as this sequence: nothing is awaited between.
    const iterator = parts[Symbol.iterator]();
    let next = this.#next(iterator);
    let seq = this.seq;
    yield this.#sealed(...encodeHeader({ ...header, seq: this.seq }));
    const slices = new TimeSlices(SLICE_MS);
    let frame: CheckpointPart[] = [];
    let frameBytes = 0;
    while (!next.done) {
      frame.push({ seq, data: next.value });
      this.through = seq;
      this.#parts++;
      frameBytes += next.value.length;
      if (frameBytes >= FRAME_BYTES) {
        yield await this.#partsFrame(frame);
        frame = [];
        frameBytes = 0;
      }
      if (slices.isOver) await slices.rest();
      check();
      seq = foldedSeq();
      next = this.#next(iterator);
    }
    if (frame.length > 0) yield await this.#partsFrame(frame);
    const end = encodeEnd({ through: this.through, parts: this.#parts });
    yield this.#sealed(frameHead(FrameKind.end, end.length), end);
  }

  #next(parts: Iterator<Uint8Array>): IteratorResult<Uint8Array> {
    const startedAt = performance.now();
    const next = parts.next();
    this.busyMs += performance.now() - startedAt;
    return next;
  }

  async #partsFrame(parts: readonly CheckpointPart[]): Promise<Uint8Array> {
    const body = await compress(encodeParts(parts), COMPRESSION);
    return this.#sealed(frameHead(FrameKind.parts, body.length), body);
  }

  #sealed(...pieces: readonly Uint8Array[]): Uint8Array {
    const bytes = sealed(this.#crc, ...pieces);
    this.bytes += bytes.length;
    return bytes;
  }
}
