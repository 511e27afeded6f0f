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
} from "@mapek/core/contract";
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
 * An effect that an actor asks for, as data. The runtime stores the outputs of an input and the position behind it in
 * one atomic batch, so each input has its effects exactly once.
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
 * `receive` is synchronous and may change `state` in place. `receive` depends on `state` and `input` alone: no clock,
 * no random numbers, no I/O. The same inputs give the same outputs and a state with the same bytes.
 */
export interface Actor<State, Input> {
  create(key: string): State;
  receive(state: State, input: Input): Output[];
  /** Event time (ms) from which a tick changes the state or gives outputs; undefined while no tick can. */
  dueAt(state: State): number | undefined;
  /**
   * Answers a request from the state alone.
   *
   * @returns Items, oldest first.
   */
  query(state: State, verb: string, request: Request): unknown[];
  save(state: State): Uint8Array;
  load(bytes: Uint8Array): State;
}

/** The actors of one partition as the partition host sees them. */
export interface PartitionLogic<State, Input> {
  readonly service: ActorService;
  create(partition: number): State;
  /** Decodes a stored input; never throws. An input that cannot be decoded becomes a dead letter, and folding goes on. */
  decode(subject: string, data: Uint8Array): Decoded<Input>;
  /**
   * Folds one input. An input for several actors is folded in an order that does not depend on when the actors were
   * made: a restored state holds its actors in another order.
   *
   * @param hasFolded Given while inputs are folded again after a checkpoint. An actor for whose key `hasFolded` is
   * true has folded this input already and must stay unchanged.
   */
  receive(state: State, input: Input, hasFolded?: HasFolded): Output[];
  dueAt(state: State): number | undefined;
  /** @param system Undefined asks about every system of the partition. */
  query(state: State, verb: string, system: string | undefined, request: Request): unknown[];
  /**
   * Settings that the state holds now; undefined before the first settings input. Each settings input leads to another
   * object: a checkpoint compares by identity to see that settings changed.
   */
  settings(state: State): object | undefined;
  /**
   * Number of actors that were removed so far. A checkpoint is abandoned when this number changes while it is written:
   * whether an actor may be created depends on how many exist, so the replay would create other actors.
   */
  removed(state: State): number;
  /** Values of gauges, by name; the gauges of several states are added up. */
  gauges(state: State): Readonly<Record<string, number>>;
  /** Version of the saved form of the state. A checkpoint with another version is refused. */
  readonly schema: number;
  /**
   * The state in parts: first the part that all actors share, then one part for each actor. A part is encoded when the
   * iterator is asked for it, and inputs may be folded between two parts. Equal states have equal parts, in any order.
   *
   * The first shared part must follow from the inputs alone. Shared data that follows from actors goes into a further
   * shared part at the end.
   */
  snapshot(state: State): Iterable<Uint8Array>;
  /**
   * Puts a part into a state that `create` made; the first shared part comes first.
   *
   * @returns The actor's key; undefined for a shared part.
   */
  restorePart(state: State, part: Uint8Array): string | undefined;
}
