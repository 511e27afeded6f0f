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

/** A higher level takes several times as long and saves little: most bytes of a state are floating-point numbers. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Longest time for which encoding keeps the event loop, milliseconds, plus the time of one actor. */
const SLICE_MS = 2;

/** What is written into a checkpoint. */
export interface CheckpointContent {
  readonly header: Omit<CheckpointHeader, "seq">;
  /** Encoded parts; the writer takes a part at the moment at which the part is written. */
  readonly parts: Iterable<Uint8Array>;
  /** Returns the sequence of the newest input that is folded at the time of the call. */
  readonly foldedSeq: () => number;
  /** Called before each part after the first; throws where the checkpoint would be useless. */
  readonly check: () => void;
}

/**
 * Turns a state into the bytes of a checkpoint while inputs are folded into the state.
 *
 * The writer copies nothing and does not stop folding: each actor is encoded when its turn comes, and its part carries
 * the sequence of the newest input that the actor had folded then. A restore folds the inputs again from the start of
 * the snapshot; each actor skips the inputs up to the sequence of its part.
 */
export class CheckpointWriter {
  /**
   * Sequence of the newest input that was folded when the snapshot began (`seq`) and when its last part was taken
   * (`through`).
   */
  seq = 0;
  through = 0;
  /** Compressed bytes written so far. */
  bytes = 0;
  /** Milliseconds spent on encoding actors, during which the event loop was blocked. */
  busyMs = 0;
  readonly #content: CheckpointContent;
  readonly #crc = new CrcChain();
  #parts = 0;

  constructor(content: CheckpointContent) {
    this.#content = content;
  }

  /** The bytes, piece by piece. Cost: O(state), in slices of `SLICE_MS`; compression runs on other threads. */
  async *bytesOf(): AsyncGenerator<Uint8Array> {
    const { header, parts, foldedSeq, check } = this.#content;
    this.seq = foldedSeq();
    // The header's sequence and the first part must be taken without an `await` in between: an input folded between
    // the two would be missing from the replay.
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
