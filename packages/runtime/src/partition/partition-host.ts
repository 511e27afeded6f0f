import type { Member, Subjects } from "@mapek/core/messages";
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
  /** What the actors' settings shall be; they reach the actors as a message in their log. */
  readonly settings: object;
  readonly owner: string;
  /** After so long without a heartbeat a member is taken for dead. */
  readonly memberTtlMs: number;
  readonly checkpointIntervalMs: number;
  /** An input that the runtime owes a partition because of what its process has learned, such as that memory is short. */
  readonly owedInput?: ((state: State) => object | undefined) | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told of each input that was folded for the first time; `ageMs` since it was stored. */
  readonly onFolded: (input: Input, outputs: readonly Output[], ageMs: number) => void;
}

/** Positions without outputs: what a follower has to catch up with when it takes over. */
const POSITION_EVERY_MS = 1_000;
const BALANCE_EVERY_MS = 100;
const DUE_CHECK_MS = 250;
/** Longest time that folding and restoring keep the event loop to themselves. */
const SLICE_MS = 8;
/** How long a member that leaves waits for others to be ready. */
const LEAVE_MS = 2_000;

/**
 * Runs this process's share of the partitions of a service: claims, follows, restores, restarts and hands them over
 * as members come and go; drains them at the end.
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
  /** By partition, the key of the member that should run it; nothing is known before the first balance. */
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

  /** The partitions that this process has now. A settled one is restored and has the configured settings. */
  status(): PartitionStatus[] {
    return this.#slots.flatMap(({ status }) => status ?? []);
  }

  /** The live members of the service, this one among them, as far as it knows. */
  members(): readonly Member[] {
    return [...this.#members.live().values()];
  }

  /** Everything assigned to this process is settled here, or runs elsewhere until it is handed over. */
  get ready(): boolean {
    const assigned = this.#assigned;
    if (assigned === undefined || !this.#heartbeat.valid) return false;
    return this.#slots.every(
      (slot, partition) =>
        assigned[partition] !== this.#key || slot.settled || this.#heldByOther(partition),
    );
  }

  /** Figures of all owned partitions' states, summed by name. */
  gauges(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const state of this.states())
      for (const [name, value] of Object.entries(this.#options.logic.gauges(state)))
        sums[name] = (sums[name] ?? 0) + value;
    return sums;
  }

  /** States of the owned partitions, in order, for services that export figures per key. */
  states(): State[] {
    return this.#slots.flatMap(({ owned }) => owned?.state ?? []);
  }

  /**
   * Hands over to the others that are there, stores what was folded, and resolves when nothing is left to store.
   *
   * Cost: up to 2 s where others have to restore first.
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

  /** Whether waiting for others makes sense: somebody is there, and something is still owned. */
  #othersTakeOver(): boolean {
    const others = [...this.#live].some(([key, { leaving }]) => key !== this.#key && !leaving);
    return others && this.#heartbeat.valid && this.#slots.some(({ role }) => role === "owner");
  }

  /** Brings what runs here in line with who is there. Cost: O(partitions · members). */
  #balance(): void {
    if (this.#stopping) return;
    if (!this.#heartbeat.valid) {
      this.#hadLease = false;
      return;
    }
    this.#live = this.#members.live();
    // Until its own heartbeat has come back it may not know of others.
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
