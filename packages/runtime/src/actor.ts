import type {
  ActorService,
  Decoded,
  FeedbackInput,
  LearnerInput,
  OptimizerInput,
  OutputMessages,
  Rejected,
  Request,
  Threshold,
} from "@mapek/core/messages";
import type { HasFolded } from "./checkpoint/saved-at.ts";

interface LogMessages extends OutputMessages {
  rejected: Rejected;
}
type LogOutput = {
  [F in keyof LogMessages]: {
    to: "log";
    family: F;
    tokens: readonly string[];
    message: LogMessages[F];
  };
}[keyof LogMessages];

/**
 * What an actor wants done: data, never a side effect. The runtime stores the outputs of an input
 * and the position behind it in one atomic batch, so each input has its effects exactly once.
 */
export type Output =
  /** A public output: stored as `log.<family>.<tokens>`, republished as `<family>.<tokens>`. */
  | LogOutput
  /** The newest threshold of a series, by its bucket key; null: there is none any more. */
  | { to: "latest"; key: string; message: Threshold | null }
  /** An input of another actor: `key` decides its partition, `null` sends it to every partition. */
  | { to: "learner"; key: string | null; input: LearnerInput }
  | { to: "optimizer"; key: string; input: OptimizerInput }
  | { to: "feedback"; key: string; input: FeedbackInput };

/**
 * A pure, deterministic reducer over the inputs of one key.
 *
 * `receive` is synchronous and may change `state` in place; it reads nothing else: no clock, no
 * random, no I/O. The same inputs give a state with the same bytes and the same outputs.
 */
export interface Actor<State, Input> {
  create(key: string): State;
  receive(state: State, input: Input): Output[];
  /** Event time (ms) from which a tick would make a difference; undefined when only messages do. */
  dueAt(state: State): number | undefined;
  /** Answers a request from the state alone: items, oldest first. */
  query(state: State, verb: string, request: Request): unknown[];
  save(state: State): Uint8Array;
  load(bytes: Uint8Array): State;
}

/** The actors of one partition as the partition host sees them. */
export interface PartitionLogic<State, Input> {
  readonly service: ActorService;
  create(partition: number): State;
  /** Reads a stored input; never throws. A refused one becomes a dead letter and the partition moves on. */
  decode(subject: string, data: Uint8Array): Decoded<Input>;
  /**
   * Folds one input, in an order of the actors that does not depend on the order in which they were made.
   *
   * @param hasFolded Given while a checkpoint is replayed: names actors that have folded this input already and are left as they are.
   */
  receive(state: State, input: Input, hasFolded?: HasFolded): Output[];
  dueAt(state: State): number | undefined;
  /** `system` undefined asks about every system of the partition. */
  query(state: State, verb: string, system: string | undefined, request: Request): unknown[];
  /** Settings that the state holds now, to be compared with the configured ones; undefined before the first. Another object after each change. */
  settings(state: State): object | undefined;
  /**
   * Actors that were removed so far. Whether a new one may be made depends on how many there are, so a snapshot during
   * which one was removed is given up.
   */
  removed(state: State): number;
  /** Figures of the state for metrics, by name. */
  gauges(state: State): Readonly<Record<string, number>>;
  /** Number of the saved form of the state; one saved with another number is refused. */
  readonly schema: number;
  /**
   * The state in parts: first what all actors share, then the actors, one a part. A part is encoded when it is asked for,
   * and inputs may be folded between parts; equal states have equal parts, in any order. What is shared must follow from the
   * inputs alone; what follows from actors is noted while a snapshot is taken, in a further shared part at its end.
   */
  snapshot(state: State): Iterable<Uint8Array>;
  /** Puts a part into a state that began with `create`; the shared one comes first. @returns The actor's key, undefined for a shared part. */
  restorePart(state: State, part: Uint8Array): string | undefined;
}
