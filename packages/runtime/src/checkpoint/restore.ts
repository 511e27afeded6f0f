import { setTimeout as delay } from "node:timers/promises";
import type { Position } from "@mapek/core/contract";
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

/** State of a service's input stream on the server. */
export interface InputStream {
  /** Creation time. */
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
  /** Gives the event loop to other work between parts. */
  readonly slices: TimeSlices;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * How long an unreadable checkpoint is asked for again. A busy server, or one without a leader, answers later, and a
 * replay takes longer than this wait.
 */
const PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 100;

/** A state from which folding goes on. */
export interface RestoredState<State> {
  readonly state: State;
  /** Folding begins after this sequence; 0 folds all inputs. */
  readonly seq: number;
  /** Which actors have folded which of the inputs after `seq`; undefined where the state comes from no checkpoint. */
  readonly savedAt: SavedAt | undefined;
  /** True where the stream lost inputs between the checkpoint and the position, or is another stream of the same name. */
  readonly hasGap: boolean;
}

/**
 * Restores a partition from the newest readable checkpoint that its position names; without one, returns an empty
 * state.
 *
 * A refused checkpoint is logged and counted by its code, and the next older one is tried. A checkpoint that the
 * server does not hand out is asked for again for 10 s before that.
 *
 * @param position As it was read; the partition need not be claimed.
 * @throws {RuntimeError} MAPEK_CHECKPOINT_UNREADABLE where the connection is lost.
 * Cost: 0.2 to 0.7 s for each million samples (BENCHMARKS, Restore).
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
  // In another stream of the same name every input is new, whatever its sequence.
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
