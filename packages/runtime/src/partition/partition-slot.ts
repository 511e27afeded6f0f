import { isDeepStrictEqual } from "node:util";
import { encodeMsgpack, MessageError, type Request } from "@mapek/core/contract";
import type { Subscription } from "@nats-io/transport-node";
import { answer, type QueryBody } from "../doors/query.ts";
import { RuntimeError } from "../errors.ts";
import type { Role } from "../membership/balance.ts";
import { publishAtomically } from "../nats/atomic-batch.ts";
import { Partition } from "./partition.ts";
import type { PartitionOptions } from "./partition-options.ts";

export interface PartitionSlotOptions<State, Input>
  extends Omit<PartitionOptions<State, Input>, "follow" | "onClaimed"> {
  /** The settings that the actors must have; they reach the actors as a stored input. */
  readonly settings: object;
  /**
   * Input that the process must write for a partition because of its own condition, such as short memory; undefined
   * where none is due.
   */
  readonly owedInput?: ((state: State) => object | undefined) | undefined;
  /** Called when the role has changed, or when a follower has come close to the owner. */
  readonly onChange: () => void;
}

const MIN_TICK_MS = 1_000;
const SETTINGS_RETRY_MS = 5_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 500;
/** After a run of this length a lost partition starts again with the shortest pause. */
const STABLE_MS = 10_000;

/** What the health endpoint shows of one partition of this process. */
export interface PartitionStatus {
  readonly partition: number;
  readonly role: Exclude<Role, "none">;
  readonly restored: boolean;
  readonly settled: boolean;
  readonly historyTrimmed: boolean;
  /** Age of the last folded input while more inputs are stored, seconds; else 0. */
  readonly lagSeconds: number;
}

/**
 * The place of one partition in this process: runs one `Partition` after another, answers its queries and writes its
 * due inputs.
 */
export class PartitionSlot<State, Input> {
  readonly #options: PartitionSlotOptions<State, Input>;
  /** Settings of a state that were equal to the configured ones: a state has another object after each change. */
  #agreed: object | undefined;
  #partition: Partition<State, Input> | undefined;
  #owns = false;
  #done: Promise<void> = Promise.resolve();
  #queries: Subscription | undefined;
  #backoffMs = 0;
  /** No `Partition` starts before this time; ms of `performance.now()`. */
  #notBefore = 0;
  #tickedAt = Number.NEGATIVE_INFINITY;
  #settingsSentAt = Number.NEGATIVE_INFINITY;
  #owedSentAt = Number.NEGATIVE_INFINITY;

  constructor(options: PartitionSlotOptions<State, Input>) {
    this.#options = options;
  }

  /** "owner" includes a partition that is about to be claimed. */
  get role(): Role {
    if (this.#partition === undefined) return "none";
    return this.#owns ? "owner" : "follower";
  }

  /** The `Partition` that has claimed; undefined otherwise. */
  get owned(): Partition<State, Input> | undefined {
    return this.#partition?.claimed ? this.#partition : undefined;
  }

  /** True for a follower that has the state and could take over at once. */
  get warm(): boolean {
    return this.role === "follower" && this.#partition?.restored === true;
  }

  /** True for an owner that is restored and has the configured settings. */
  get settled(): boolean {
    const { owned } = this;
    if (owned?.restored !== true) return false;
    const { logic, settings } = this.#options;
    const held = logic.settings(owned.state);
    if (held !== this.#agreed && isDeepStrictEqual(held, settings)) this.#agreed = held;
    return held !== undefined && held === this.#agreed;
  }

  get status(): PartitionStatus | undefined {
    const { role } = this;
    if (this.#partition === undefined || role === "none") return undefined;
    const { index: partition, restored, historyTrimmed, behindSince } = this.#partition;
    const lagSeconds = Math.max(0, Date.now() - (behindSince ?? Date.now())) / 1_000;
    return { partition, role, restored, settled: this.settled, historyTrimmed, lagSeconds };
  }

  /** Starts a `Partition`; does nothing within the backoff (100 to 500 ms) after a failure. */
  begin(role: Exclude<Role, "none">): void {
    if (this.#partition !== undefined || performance.now() < this.#notBefore) return;
    this.#owns = role === "owner";
    const partition = new Partition<State, Input>({
      ...this.#options,
      follow: !this.#owns,
      onClaimed: () => {
        this.#queries = this.#serveQueries(partition);
      },
    });
    this.#partition = partition;
    this.#done = this.#live(partition);
  }

  /** Turns a follower into the owner. */
  promote(): void {
    this.#owns = true;
    void this.#partition?.promote();
  }

  /** Stops folding, stores everything folded, and resolves when nothing is left to store. */
  async release(): Promise<void> {
    this.#partition?.stop();
    await this.#done;
  }

  /** Ends the partition where another process has claimed it. */
  verify(): void {
    void this.owned?.verify();
  }

  storePosition(): void {
    if (this.owned !== undefined) void this.#options.committer.storePosition(this.owned);
  }

  /**
   * Stores settings that differ, an owed input and a due tick as inputs: the actors must not read the configuration or
   * the clock themselves, or a replay would give other outputs.
   */
  writeDueInputs(): void {
    const partition = this.#partition;
    if (partition === undefined || !this.#serves(partition)) return;
    const { logic, settings } = this.#options;
    const clock = performance.now();
    if (clock - this.#settingsSentAt >= SETTINGS_RETRY_MS && !this.settled) {
      this.#settingsSentAt = clock;
      this.#writeInput({ kind: "settings", settings });
    }
    const owed = this.#options.owedInput?.(partition.state);
    if (owed !== undefined && clock - this.#owedSentAt >= MIN_TICK_MS) {
      this.#owedSentAt = clock;
      this.#writeInput(owed);
    }
    const dueAt = logic.dueAt(partition.state);
    if (dueAt !== undefined && dueAt <= Date.now() && clock - this.#tickedAt >= MIN_TICK_MS) {
      this.#tickedAt = clock;
      this.#writeInput({ kind: "tick" });
    }
  }

  #serves(partition: Partition<State, Input>): boolean {
    return partition.claimed && partition.restored && partition.alive && this.#options.lease.valid;
  }

  async #live(partition: Partition<State, Input>): Promise<void> {
    const { committer, log, metrics, onChange } = this.#options;
    const startedAt = performance.now();
    try {
      await partition.run();
      // The other members learn that the partition is free only after everything folded is stored.
      if (partition.claimed) await committer.flush(partition);
    } catch (error) {
      const code = error instanceof RuntimeError ? error.code : "unexpected";
      log.warn(
        { partition: partition.index, code, err: error },
        "a partition lost its state and starts again",
      );
      partition.fail(error as Error);
      if (performance.now() - startedAt > STABLE_MS) this.#backoffMs = 0;
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(MIN_BACKOFF_MS, this.#backoffMs * 2));
      this.#notBefore = performance.now() + this.#backoffMs;
    }
    this.#queries?.unsubscribe();
    metrics.lag.remove({ partition: partition.index });
    this.#partition = undefined;
    this.#owns = false;
    onChange();
  }

  #writeInput(input: object): void {
    const { connection, subjects, logic, log, partition } = this.#options;
    const publication = {
      subject: subjects.input(logic.service, partition),
      data: encodeMsgpack({ version: 1, time: Date.now(), ...input }),
    };
    publishAtomically(connection.nc, [publication]).catch((error: unknown) => {
      log.warn(
        { partition, err: error },
        "a tick or settings message was not stored; it is tried again",
      );
    });
  }

  #serveQueries(partition: Partition<State, Input>): Subscription {
    const { connection, subjects, logic } = this.#options;
    return connection.nc.subscribe(subjects.query(logic.service, partition.index), {
      callback: (error, message) => {
        if (error !== null) return;
        answer(connection.nc, message, () => {
          if (!this.#serves(partition))
            throw new MessageError(
              "MAPEK_REQUEST_UNAVAILABLE",
              `partition ${partition.index} of ${logic.service} is being restored`,
            );
          const { verb, system, request } = message.json<QueryBody & { request: Request }>();
          return logic.query(partition.state, verb, system ?? undefined, request);
        });
      },
    });
  }
}
