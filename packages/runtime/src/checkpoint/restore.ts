import { setTimeout as delay } from "node:timers/promises";
import type { Position } from "@mapek/core/messages";
import type { PartitionLogic } from "../actor.ts";
import { RuntimeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Connection } from "../nats/connect.ts";
import { linkOf } from "../nats/link.ts";
import { inputStreamOf } from "../nats/streams.ts";
import type { TimeSlices } from "../partition/time-slices.ts";
import { corrupt } from "./checkpoint-format.ts";
import { readCheckpoint } from "./checkpoint-reader.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { SavedAt } from "./saved-at.ts";

/** The input stream of a partition, as the server has it now. */
export interface InputStream {
  /** When it was made. */
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export async function readInputStream(
  { nc, jsm }: Connection,
  service: string,
): Promise<InputStream> {
  const info = await linkOf(nc).answer(() => jsm.streams.info(inputStreamOf(service)));
  const { first_seq, last_seq } = info.state;
  return { created: String(info.created), firstSeq: first_seq, lastSeq: last_seq };
}

export interface RestoreOptions<State> {
  readonly logic: Pick<
    PartitionLogic<State, never>,
    "service" | "schema" | "create" | "restorePart"
  >;
  readonly partition: number;
  readonly store: CheckpointStore;
  /** Lets other work have its turns. */
  readonly slices: TimeSlices;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** A server that is busy, or has no leader, answers later; a log is longer to replay than this takes. */
const PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 100;

/** A state from which folding goes on. */
export interface RestoredState<State> {
  readonly state: State;
  /** Sequence after which inputs are to be folded; 0 = all. */
  readonly seq: number;
  /** What actors have folded of the inputs after `seq`; undefined where the state came from no checkpoint. */
  readonly savedAt: SavedAt | undefined;
  /** True where the stream has lost inputs between the checkpoint and the position, or was made anew. */
  readonly hasGap: boolean;
}

/**
 * The state of a partition by the newest checkpoint that its position names and that can be read; an empty
 * one where there is none. A checkpoint that is refused is told, by its code, and the next one is tried; one
 * that the server did not hand out in time is asked for again before.
 *
 * @param position As it was read; the partition need not be claimed.
 * @throws {RuntimeError} MAPEK_CHECKPOINT_UNREADABLE where the connection is lost.
 * Cost: about 0.1 s a million samples.
 */
export async function restoreState<State>(
  options: RestoreOptions<State>,
  { checkpoints, input_seq }: Position,
  stream: InputStream,
): Promise<RestoredState<State>> {
  const { logic, partition, store, metrics, log } = options;
  for (const { name } of checkpoints) {
    try {
      return await patiently(options, name, () => load(options, name, input_seq, stream));
    } catch (error) {
      if (!(error instanceof RuntimeError) || !store.isConnected) throw error;
      metrics.checkpointRefused.inc({ code: error.code });
      log.error(
        { partition, name, code: error.code, err: error },
        "a checkpoint is refused: the state is rebuilt from an older one or from the stream",
      );
    }
  }
  return { state: logic.create(partition), seq: 0, savedAt: undefined, hasGap: false };
}

async function patiently<State>(
  { partition, store, log }: RestoreOptions<State>,
  name: string,
  read: () => Promise<RestoredState<State>>,
): Promise<RestoredState<State>> {
  let firstFailure: number | undefined;
  for (;;)
    try {
      return await read();
    } catch (error) {
      firstFailure ??= performance.now();
      const isOver = performance.now() - firstFailure > PATIENCE_MS || !store.isConnected;
      if ((error as RuntimeError).code !== "MAPEK_CHECKPOINT_UNREADABLE" || isOver) throw error;
      log.warn({ partition, name, err: error }, "a checkpoint did not come; it is asked for again");
      await delay(ASK_AGAIN_MS);
    }
}

async function load<State>(
  { logic, partition, store, slices }: RestoreOptions<State>,
  name: string,
  inputSeq: number,
  stream: InputStream,
): Promise<RestoredState<State>> {
  const { service, schema } = logic;
  const state = logic.create(partition);
  const savedAt = new SavedAt();
  const { header, parts } = await readCheckpoint(store.read(name), { service, partition, schema });
  for await (const { seq, data } of parts) {
    const key = restored(logic, state, data);
    if (key !== undefined) savedAt.add(key, seq);
    while (slices.isOver) await slices.rest();
  }
  const isSameStream = header.stream === stream.created;
  // Of a stream that was made anew every input is new, whatever its sequence.
  const known = isSameStream ? stream.lastSeq : 0;
  savedAt.limit(known);
  const seq = Math.min(header.seq, known);
  const hasGap = !isSameStream || (stream.firstSeq > seq + 1 && inputSeq > seq);
  return { state, seq, savedAt, hasGap };
}

function restored<State>(
  logic: RestoreOptions<State>["logic"],
  state: State,
  part: Uint8Array,
): string | undefined {
  try {
    return logic.restorePart(state, part);
  } catch (cause) {
    throw corrupt(`a part: ${(cause as Error).message}`, cause);
  }
}
