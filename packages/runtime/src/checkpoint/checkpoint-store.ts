import { createHash } from "node:crypto";
import { JsHeaders } from "@nats-io/jetstream";
import {
  Base64UrlPaddedCodec,
  type ObjectResult,
  type ObjectStore,
  Objm,
  setSha256Backend,
} from "@nats-io/obj";
import { type MsgHdrs, headers as newHeaders, nuid } from "@nats-io/transport-node";
import { RuntimeError } from "../errors.ts";
import type { Connection } from "../nats/connect.ts";
import { linkOf } from "../nats/link.ts";
import { CHECKPOINTS } from "../nats/streams.ts";
import { corrupt } from "./checkpoint-format.ts";

/** The library's SHA-256 in JavaScript takes ten times as long as Node's, and runs on the thread that folds. */
setSha256Backend("native");

const STREAM = `OBJ_${CHECKPOINTS}`;
const CHUNK_BYTES = 256 * 1_024;

/** Pieces of an object that is not complete are removed after this time: no write takes so long. */
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * Without this deadline a read would wait for ever when its consumer is gone. 20 s are longer than a process needs to
 * fold the messages that the server sent before the piece.
 */
const PIECE_DEADLINE_MS = 20_000;

const metaSubject = (name: string): string =>
  `$O.${CHECKPOINTS}.M.${Base64UrlPaddedCodec.encode(name)}`;
const chunkSubject = (id: string): string => `$O.${CHECKPOINTS}.C.${id}`;
/** An object's name as a part of a subject token: every character but letters, digits, `_` and `-` becomes `-`. */
const idPrefix = (name: string): string => name.replace(/[^A-Za-z0-9_-]/g, "-");
const padded = (base64: string): string => base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");

/** The same bytes in chunks of `CHUNK_BYTES`; the last chunk may be shorter. */
async function* inChunks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (let piece of pieces) {
    while (heldBytes + piece.length >= CHUNK_BYTES) {
      const taken = CHUNK_BYTES - heldBytes;
      yield Buffer.concat([...held, piece.subarray(0, taken)]);
      piece = piece.subarray(taken);
      held = [];
      heldBytes = 0;
    }
    if (piece.length > 0) held.push(piece);
    heldBytes += piece.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

/**
 * Checkpoints as objects of the object store `mapek_checkpoints`.
 *
 * Every call rejects as soon as the connection is lost. An object becomes visible only when all its pieces are stored.
 */
export class CheckpointStore {
  readonly #connection: Connection;
  readonly #pieceDeadlineMs: number;
  #bucket: ObjectStore | undefined;

  /** @param pieceDeadlineMs How long a read waits for the next piece of an object. */
  constructor(connection: Connection, pieceDeadlineMs = PIECE_DEADLINE_MS) {
    this.#connection = connection;
    this.#pieceDeadlineMs = pieceDeadlineMs;
  }

  /** False while there is no server: an error then says nothing about the object. */
  get isConnected(): boolean {
    return linkOf(this.#connection.nc).connected;
  }

  /**
   * Stores an object under a name that is used once.
   *
   * The id of the pieces begins with the object's name, so that {@link removeFragmentsBefore} can attribute pieces
   * whose writer died. The library's own `put` takes a random id.
   *
   * @throws {RuntimeError} MAPEK_CHECKPOINT_NOT_WRITTEN; an error of `pieces` is passed on. After an error nothing
   * stays stored, except where the connection is lost: {@link removeFragmentsBefore} removes those pieces later.
   */
  async write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const id = `${idPrefix(name)}-${nuid.next()}`;
    const hash = createHash("sha256");
    let size = 0;
    let chunks = 0;
    const storeChunk = async (chunk: Uint8Array) => {
      hash.update(chunk);
      size += chunk.length;
      chunks++;
      await this.#publish(name, chunkSubject(id), chunk);
    };
    try {
      const before = await this.#write(name, (bucket) => bucket.info(name));
      for await (const chunk of inChunks(pieces)) await storeChunk(chunk);
      const info = {
        ...{ bucket: CHECKPOINTS, name, nuid: id, size, chunks, deleted: false },
        ...{ description: "", options: { max_chunk_size: CHUNK_BYTES } },
        ...{
          mtime: new Date().toISOString(),
          digest: `SHA-256=${padded(hash.digest("base64url"))}`,
        },
      };
      const header = newHeaders();
      header.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
      await this.#publish(name, metaSubject(name), JSON.stringify(info), header);
      if (before !== null) await this.#purge(chunkSubject(before.nuid)).catch(() => {});
    } catch (error) {
      if (chunks > 0) await this.#purge(chunkSubject(id)).catch(() => {});
      throw error;
    }
  }

  /**
   * An object's bytes, piece by piece. Errors are thrown by the iteration.
   *
   * @throws {RuntimeError} MAPEK_CHECKPOINT_MISSING; MAPEK_CHECKPOINT_CORRUPT where pieces are gone or changed;
   * MAPEK_CHECKPOINT_UNREADABLE where the server does not answer.
   */
  async *read(name: string): AsyncGenerator<Uint8Array> {
    try {
      const object = await this.#ask((bucket) => bucket.info(name));
      if (object === null || object.deleted)
        throw new RuntimeError("MAPEK_CHECKPOINT_MISSING", `${name}: no such object`);
      const subject = chunkSubject(object.nuid);
      // Without this check the library would wait for ever for a missing piece.
      const chunks = (await this.#subjects(subject)).get(subject) ?? 0;
      if (chunks !== object.chunks) throw corrupt(`${name}: ${chunks} of ${object.chunks} pieces`);
      const stored = await this.#ask((bucket) => bucket.get(name));
      const pieces = (stored as ObjectResult).data.getReader();
      try {
        for (;;) {
          const piece = await this.#ask(() => this.#inTime(pieces.read()));
          if (piece.done) return;
          yield piece.value;
        }
      } finally {
        pieces.cancel().catch(() => {});
      }
    } catch (cause) {
      if (cause instanceof RuntimeError) throw cause;
      const { message } = cause as Error;
      if (message.includes("digests do not match")) throw corrupt(`${name}: ${message}`, cause);
      throw new RuntimeError("MAPEK_CHECKPOINT_UNREADABLE", `${name}: ${message}`, { cause });
    }
  }

  /** Purges an object and its pieces. The library's own `delete` would leave a tombstone for each object. */
  async remove(name: string): Promise<void> {
    const object = await this.#ask((bucket) => bucket.info(name));
    await this.#purge(metaSubject(name));
    if (object !== null) await this.#purge(chunkSubject(object.nuid));
  }

  /** Names of all objects. Cost: one request. */
  async names(): Promise<string[]> {
    const prefix = metaSubject("");
    return [...(await this.#subjects(`${prefix}*`)).keys()].map((subject) =>
      Buffer.from(subject.slice(prefix.length), "base64url").toString(),
    );
  }

  /**
   * Removes the pieces that earlier owners of a partition left without an object: their owner died or lost its
   * connection during a write.
   *
   * @param prefix The beginning of the names of the partition's objects; the epoch of the writer follows it.
   * @param epoch Epoch of the present owner. Pieces of lower epochs have no writer that could still complete them.
   * Cost: one request, and one for each object of the partition where such pieces exist.
   */
  async removeFragmentsBefore(prefix: string, epoch: number): Promise<void> {
    const start = chunkSubject(idPrefix(prefix));
    const loose = [...(await this.#subjects(chunkSubject("*"))).keys()].filter(
      (subject) =>
        subject.startsWith(start) && Number(subject.slice(start.length).split("-")[0]) < epoch,
    );
    if (loose.length === 0) return;
    const whole = new Set<string>();
    for (const name of await this.names()) {
      if (!name.startsWith(prefix)) continue;
      const object = await this.#ask((bucket) => bucket.info(name));
      if (object !== null) whole.add(chunkSubject(object.nuid));
    }
    for (const subject of loose) if (!whole.has(subject)) await this.#purge(subject);
  }

  /**
   * Removes all pieces older than one hour that belong to no object, of any writer.
   *
   * @param now Unix time, milliseconds.
   * Cost: one request for each object, and one for each set of pieces without an object.
   */
  async removeFragments(now: number): Promise<void> {
    const { jsm } = this.#connection;
    const loose = new Set((await this.#subjects(chunkSubject("*"))).keys());
    for (const name of await this.names()) {
      const object = await this.#ask((bucket) => bucket.info(name));
      if (object !== null) loose.delete(chunkSubject(object.nuid));
    }
    for (const subject of loose) {
      const newest = await this.#ask(() =>
        jsm.streams.getMessage(STREAM, { last_by_subj: subject }),
      );
      if (newest !== null && now - newest.time.getTime() >= ABANDONED_AFTER_MS)
        await this.#purge(subject);
    }
  }

  async #inTime<T>(piece: Promise<T>): Promise<T> {
    const ms = this.#pieceDeadlineMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no piece came for ${ms} ms`)), ms);
    });
    return await Promise.race([piece, late]).finally(() => clearTimeout(timer));
  }

  async #subjects(filter: string): Promise<Map<string, number>> {
    const { jsm } = this.#connection;
    const info = await this.#ask(() => jsm.streams.info(STREAM, { subjects_filter: filter }));
    return new Map(Object.entries(info.state.subjects ?? {}));
  }

  async #purge(filter: string): Promise<void> {
    await this.#ask(() => this.#connection.jsm.streams.purge(STREAM, { filter }));
  }

  async #publish(
    name: string,
    subject: string,
    data: Uint8Array | string,
    headers?: MsgHdrs,
  ): Promise<void> {
    const options = headers === undefined ? {} : { headers };
    await this.#write(name, () => this.#connection.js.publish(subject, data, options));
  }

  /** Runs a request of {@link write}: a failure becomes MAPEK_CHECKPOINT_NOT_WRITTEN. */
  async #write<T>(name: string, request: (bucket: ObjectStore) => Promise<T>): Promise<T> {
    try {
      return await this.#ask(request);
    } catch (cause) {
      const detail = `${name}: ${(cause as Error).message}`;
      throw new RuntimeError("MAPEK_CHECKPOINT_NOT_WRITTEN", detail, { cause });
    }
  }

  #ask<T>(request: (bucket: ObjectStore) => Promise<T>): Promise<T> {
    const { nc, js } = this.#connection;
    return linkOf(nc).answer(async () => {
      this.#bucket ??= await new Objm(js).open(CHECKPOINTS, false);
      return await request(this.#bucket);
    });
  }
}
