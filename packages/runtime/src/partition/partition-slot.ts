import { isDeepStrictEqual } from "node:util";
import { encodeMsgpack, MessageError, type Request } from "@mapek/core/messages";
import type { Subscription } from "@nats-io/transport-node";
import { answer, type QueryBody } from "../doors/query.ts";
import { RuntimeError } from "../errors.ts";
import type { Role } from "../membership/balance.ts";
import { publishAtomically } from "../nats/atomic-batch.ts";
import { Partition } from "./partition.ts";
import type { PartitionOptions } from "./partition-options.ts";

export interface PartitionSlotOptions<State, Input>
  extends Omit<PartitionOptions<State, Input>, "follow" | "onClaimed"> {
  /** What the actors' settings shall be; they reach the actors as a message in their log. */
  readonly settings: object;
  /** An input that the runtime owes a partition because of what its process has learned, such as that memory is short. */
  readonly owedInput?: ((state: State) => object | undefined) | undefined;
  /** Told when the role has changed, or when a follower has come close to the owner. */
  readonly onChange: () => void;
}

const MIN_TICK_MS = 1_000;
const SETTINGS_RETRY_MS = 5_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 500;
/** A partition that ran for so long starts again at once when it is lost. */
const STABLE_MS = 10_000;

/** What the health endpoint says of one partition that this process has. */
export interface PartitionStatus {
  readonly partition: number;
  readonly role: Exclude<Role, "none">;
  readonly restored: boolean;
  readonly settled: boolean;
  readonly historyTrimmed: boolean;
  /** Seconds by which the partition is behind its input. */
  readonly lagSeconds: number;
}

/** The place of one partition in this process: one life of it after another, and what is done for it meanwhile. */
export class PartitionSlot<State, Input> {
  readonly #options: PartitionSlotOptions<State, Input>;
  #partition: Partition<State, Input> | undefined;
  #owns = false;
  #done: Promise<void> = Promise.resolve();
  #queries: Subscription | undefined;
  #backoffMs = 0;
  /** Of the process's clock, which is never set back. */
  #notBefore = 0;
  #tickedAt = Number.NEGATIVE_INFINITY;
  #settingsSentAt = Number.NEGATIVE_INFINITY;
  #owedSentAt = Number.NEGATIVE_INFINITY;

  constructor(options: PartitionSlotOptions<State, Input>) {
    this.#options = options;
  }

  /** An owner has claimed the partition, or is about to. */
  get role(): Role {
    if (this.#partition === undefined) return "none";
    return this.#owns ? "owner" : "follower";
  }

  /** The life that owns the partition. */
  get owned(): Partition<State, Input> | undefined {
    return this.#partition?.claimed ? this.#partition : undefined;
  }

  /** A follower that could take over at once. */
  get warm(): boolean {
    return this.role === "follower" && this.#partition?.restored === true;
  }

  /** An owner that is restored and has the configured settings. */
  get settled(): boolean {
    const { owned } = this;
    const { logic, settings } = this.#options;
    return owned?.restored === true && isDeepStrictEqual(logic.settings(owned.state), settings);
  }

  get status(): PartitionStatus | undefined {
    const { role } = this;
    if (this.#partition === undefined || role === "none") return undefined;
    const { index: partition, restored, historyTrimmed, behindSince } = this.#partition;
    const lagSeconds = Math.max(0, Date.now() - (behindSince ?? Date.now())) / 1_000;
    return { partition, role, restored, settled: this.settled, historyTrimmed, lagSeconds };
  }

  /** Starts a life; does nothing soon after one has failed. */
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

  /** Makes an owner of a follower. */
  promote(): void {
    this.#owns = true;
    void this.#partition?.promote();
  }

  /** Stops folding, stores what was folded, and resolves when nothing is left to store. */
  async release(): Promise<void> {
    this.#partition?.stop();
    await this.#done;
  }

  /** Gives the partition up where another process has claimed it. */
  verify(): void {
    void this.owned?.verify();
  }

  storePosition(): void {
    if (this.owned !== undefined) void this.#options.committer.storePosition(this.owned);
  }

  /** Settings that differ and ticks that are due become inputs like any other. */
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
      // Others are told that the partition is free after everything folded is stored.
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
