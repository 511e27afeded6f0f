import type { Member, Subjects } from "@mapek/core/contract";
import type { Output, PartitionLogic } from "../actor.ts";
import { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import { Checkpointer } from "../checkpoint/checkpointer.ts";
import type { Logger } from "../log.ts";
import { assignPartitions } from "../membership/assignment.ts";
import { stepFor } from "../membership/balance.ts";
import { Heartbeat } from "../membership/lease.ts";
import { Members } from "../membership/members.ts";
import type { Metrics } from "../metrics.ts";
import type { Connection } from "../nats/connect.ts";
import { Committer } from "./committer.ts";
import { PartitionSlot, type PartitionStatus } from "./partition-slot.ts";
import { TimeSlices } from "./time-slices.ts";

export interface PartitionHostOptions<State, Input> {
  readonly connection: Connection;
  readonly subjects: Subjects;
  readonly logic: PartitionLogic<State, Input>;
  readonly partitions: number;
  /** The settings that the actors must have; they reach the actors as a stored input. */
  readonly settings: object;
  readonly owner: string;
  /** A member without a heartbeat for this long counts as dead. */
  readonly memberTtlMs: number;
  readonly checkpointIntervalMs: number;
  /**
   * Input that the process must write for a partition because of its own condition, such as short memory; undefined
   * where none is due.
   */
  readonly owedInput?: ((state: State) => object | undefined) | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
  /**
   * Called for each input that is folded for the first time, not for a replayed one. `ageMs`: milliseconds since the
   * input was stored.
   */
  readonly onFolded: (input: Input, outputs: readonly Output[], ageMs: number) => void;
}

/** Interval at which positions without outputs are stored. A follower that takes over has about this much input left to fold. */
const POSITION_EVERY_MS = 1_000;
const BALANCE_EVERY_MS = 100;
const DUE_CHECK_MS = 250;
/** Longest time for which folding and restoring keep the event loop, ms. */
const SLICE_MS = 8;
/** How long a leaving member waits for the others to be ready. */
const LEAVE_MS = 2_000;

/**
 * Runs this process's share of a service's partitions: claims, follows, restores, restarts and releases partitions as
 * members come and go, and drains them at the end.
 */
export class PartitionHost<State, Input> {
  readonly #options: PartitionHostOptions<State, Input>;
  readonly #key: string;
  readonly #heartbeat: Heartbeat;
  readonly #members: Members;
  readonly #committer: Committer;
  readonly #checkpointer: Checkpointer<State>;
  readonly #slots: readonly PartitionSlot<State, Input>[];
  readonly #timers: NodeJS.Timeout[] = [];
  /** For each partition the key of the member that should run it; undefined before the first balance. */
  #assigned: readonly (string | undefined)[] | undefined;
  #candidates = "";
  #live: ReadonlyMap<string, Member> = new Map();
  #hadLease = false;
  #leaving = false;
  #stopping = false;

  constructor(options: PartitionHostOptions<State, Input>) {
    this.#options = options;
    const { connection, logic, owner, memberTtlMs, metrics, log } = options;
    const { service } = logic;
    this.#key = `${service}.${owner.replace(/[^A-Za-z0-9_-]/g, "_")}`;
    this.#heartbeat = new Heartbeat(connection, this.#key, { service, owner }, memberTtlMs);
    this.#members = new Members(connection, service, memberTtlMs, () => this.#balance());
    this.#committer = new Committer(connection.nc, metrics, log, this.#heartbeat);
    const store = new CheckpointStore(connection);
    const slices = new TimeSlices(SLICE_MS);
    this.#checkpointer = new Checkpointer({
      ...options,
      store,
      intervalMs: options.checkpointIntervalMs,
      sources: () => this.#slots.flatMap(({ owned }) => owned ?? []),
    });
    this.#slots = Array.from(
      { length: options.partitions },
      (_, partition) =>
        new PartitionSlot({
          ...options,
          partition,
          committer: this.#committer,
          store,
          slices,
          lease: this.#heartbeat,
          onChange: () => this.#balance(),
        }),
    );
  }

  start(): void {
    this.#checkpointer.start();
    this.#timers.push(
      setInterval(() => this.#balance(), BALANCE_EVERY_MS),
      setInterval(() => {
        for (const slot of this.#slots) slot.storePosition();
      }, POSITION_EVERY_MS),
      setInterval(() => {
        for (const slot of this.#slots) slot.writeDueInputs();
      }, DUE_CHECK_MS),
    );
  }

  /** The partitions that this process owns or follows. A settled one is restored and has the configured settings. */
  status(): PartitionStatus[] {
    return this.#slots.flatMap(({ status }) => status ?? []);
  }

  /** The live members of the service that this process knows of, itself included. */
  members(): readonly Member[] {
    return [...this.#members.live().values()];
  }

  /** True where every partition assigned to this process is settled here, or is still run by another member. */
  get ready(): boolean {
    const assigned = this.#assigned;
    if (assigned === undefined || !this.#heartbeat.valid) return false;
    return this.#slots.every(
      (slot, partition) =>
        assigned[partition] !== this.#key || slot.settled || this.#heldByOther(partition),
    );
  }

  /** The gauges of all owned partitions, added up by name. */
  gauges(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const state of this.states())
      for (const [name, value] of Object.entries(this.#options.logic.gauges(state)))
        sums[name] = (sums[name] ?? 0) + value;
    return sums;
  }

  /** The states of the owned partitions, in order. */
  states(): State[] {
    return this.#slots.flatMap(({ owned }) => owned?.state ?? []);
  }

  /**
   * Hands the partitions over to other members, stores everything folded, and resolves when nothing is left to store.
   *
   * Cost: up to 2 s where other members have to restore first.
   */
  async drain(): Promise<void> {
    this.#leaving = true;
    const written = this.#checkpointer.stop();
    this.#balance();
    const deadline = performance.now() + LEAVE_MS;
    while (this.#othersTakeOver() && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, BALANCE_EVERY_MS / 5));
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#committer.end();
    await written;
    await Promise.all(this.#slots.map((slot) => slot.release()));
    this.#members.stop();
    await this.#heartbeat.end();
  }

  /** True while waiting for a hand-over makes sense: another member stays, and this process still owns a partition. */
  #othersTakeOver(): boolean {
    const others = [...this.#live].some(([key, { leaving }]) => key !== this.#key && !leaving);
    return others && this.#heartbeat.valid && this.#slots.some(({ role }) => role === "owner");
  }

  /** Claims, follows and releases partitions according to the live members. Cost: O(partitions · members). */
  #balance(): void {
    if (this.#stopping) return;
    if (!this.#heartbeat.valid) {
      this.#hadLease = false;
      return;
    }
    this.#live = this.#members.live();
    // Before its own heartbeat has come back, this process may not have heard of other members yet.
    if (!this.#live.has(this.#key)) return;
    if (!this.#hadLease) for (const slot of this.#slots) slot.verify();
    this.#hadLease = true;
    const assigned = this.#assign();
    this.#slots.forEach((slot, partition) => {
      this.#bringInLine(slot, partition, assigned[partition]);
    });
    this.#announce();
  }

  #assign(): readonly (string | undefined)[] {
    const candidates = [...this.#live]
      .filter(([key, { leaving }]) => !leaving && !(this.#leaving && key === this.#key))
      .map(([key]) => key)
      .sort();
    if (this.#assigned !== undefined && candidates.join() === this.#candidates)
      return this.#assigned;
    this.#candidates = candidates.join();
    this.#assigned = assignPartitions(this.#slots.length, candidates);
    const mine = this.#assigned.filter((key) => key === this.#key).length;
    this.#options.log.info({ members: candidates.length, assigned: mine }, "members have changed");
    return this.#assigned;
  }

  #bringInLine(
    slot: PartitionSlot<State, Input>,
    partition: number,
    assignee: string | undefined,
  ): void {
    const step = stepFor({
      role: slot.role,
      mine: assignee === this.#key,
      heldByOther: this.#heldByOther(partition),
      assigneeReady:
        assignee !== undefined && this.#live.get(assignee)?.ready.includes(partition) === true,
    });
    if (step === "claim") slot.begin("owner");
    else if (step === "follow") slot.begin("follower");
    else if (step === "promote") slot.promote();
    else if (step === "release" || step === "drop") void slot.release();
  }

  #heldByOther(partition: number): boolean {
    for (const [key, { holds }] of this.#live)
      if (key !== this.#key && holds.includes(partition)) return true;
    return false;
  }

  #announce(): void {
    const where = (has: (slot: PartitionSlot<State, Input>) => boolean) =>
      this.#slots.flatMap((slot, partition) => (has(slot) ? [partition] : []));
    const holds = where(({ role }) => role === "owner");
    this.#options.metrics.ownedPartitions.set(holds.length);
    this.#heartbeat.announce({
      holds,
      ready: where(({ warm }) => warm),
      leaving: this.#leaving,
    });
  }
}
