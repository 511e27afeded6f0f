import { isDeepStrictEqual } from "node:util";
import { encodeMsgpack, MessageError, type Request, type Subjects } from "@mapek/core/messages";
import type { Subscription } from "@nats-io/transport-node";
import type { Output, PartitionLogic } from "./actor.ts";
import { publishAtomically } from "./atomic-batch.ts";
import { Committer } from "./committer.ts";
import type { Connection } from "./connect.ts";
import { RuntimeError } from "./errors.ts";
import { linkOf } from "./link.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { Partition } from "./partition.ts";
import { answer, type QueryBody } from "./query.ts";

export interface PartitionHostOptions<State, Input> {
  readonly connection: Connection;
  readonly subjects: Subjects;
  readonly logic: PartitionLogic<State, Input>;
  readonly partitions: number;
  /** What the actors' settings shall be; they reach the actors as a message in their log. */
  readonly settings: object;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told of each input that was folded for the first time; `ageMs` since it was stored. */
  readonly onFolded: (input: Input, outputs: readonly Output[], ageMs: number) => void;
}

const POSITION_EVERY_MS = 5_000;
const TICK_CHECK_MS = 250;
const MIN_TICK_MS = 1_000;
const SETTINGS_RETRY_MS = 5_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 500;
/** A partition that ran for so long starts again at once when it is lost. */
const STABLE_MS = 10_000;

/** What the health endpoint says of one partition. */
export interface PartitionStatus {
  readonly partition: number;
  readonly restored: boolean;
  readonly settled: boolean;
  readonly historyTrimmed: boolean;
}

/**
 * Runs every partition of a service in this process: claims, restores and restarts them, writes
 * settings and ticks into their input, answers questions about their state, drains them at the end.
 */
export class PartitionHost<State, Input> {
  readonly #options: PartitionHostOptions<State, Input>;
  readonly #committer: Committer;
  readonly #slots: Slot<State, Input>[];
  readonly #timers: NodeJS.Timeout[] = [];
  #stopping = false;

  constructor(options: PartitionHostOptions<State, Input>) {
    this.#options = options;
    this.#committer = new Committer(options.connection.nc, options.metrics, options.log);
    this.#slots = Array.from({ length: options.partitions }, (_, index) => ({
      index,
      partition: undefined,
      done: Promise.resolve(),
      tickedAt: -Infinity,
      settingsSentAt: -Infinity,
    }));
  }

  start(): void {
    for (const slot of this.#slots) slot.done = this.#keepRunning(slot);
    this.#timers.push(setInterval(() => this.#storePositions(), POSITION_EVERY_MS));
    this.#timers.push(setInterval(() => this.#writeDueInputs(), TICK_CHECK_MS));
  }

  /** The partitions as they are now. A settled one is restored and has the configured settings. */
  status(): PartitionStatus[] {
    return this.#slots.map(({ index, partition }) => ({
      partition: index,
      restored: partition?.restored ?? false,
      settled: partition !== undefined && this.#isSettled(partition),
      historyTrimmed: partition?.historyTrimmed ?? false,
    }));
  }

  get ready(): boolean {
    return this.#slots.every(
      ({ partition }) => partition !== undefined && this.#isSettled(partition),
    );
  }

  /** Figures of all partitions' states, summed by name. */
  gauges(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { partition } of this.#slots) {
      if (partition === undefined) continue;
      for (const [name, value] of Object.entries(this.#options.logic.gauges(partition.state)))
        sums[name] = (sums[name] ?? 0) + value;
    }
    return sums;
  }

  /** States by partition, for services that export figures per key. */
  states(): State[] {
    return this.#slots.flatMap(({ partition }) =>
      partition === undefined ? [] : [partition.state],
    );
  }

  /** Stops folding, stores what was folded, and resolves when nothing is left to store. */
  async drain(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const { partition } of this.#slots) partition?.stop();
    await Promise.all(
      this.#slots.map(async (slot) => {
        if (slot.partition !== undefined) await this.#committer.flush(slot.partition);
        await slot.done;
      }),
    );
  }

  async #keepRunning(slot: Slot<State, Input>): Promise<void> {
    let backoffMs = 0;
    while (!this.#stopping) {
      await this.#pause(backoffMs);
      if (this.#stopping) return;
      const partition = new Partition<State, Input>({
        ...this.#options,
        partition: slot.index,
        committer: this.#committer,
      });
      slot.partition = partition;
      const queries = this.#serveQueries(partition);
      const startedAt = performance.now();
      this.#countOwned();
      try {
        await partition.run();
      } catch (error) {
        const code = error instanceof RuntimeError ? error.code : "unexpected";
        this.#options.log.warn(
          { partition: slot.index, code, err: error },
          "a partition lost its state and starts again",
        );
        partition.fail(error as Error);
        if (performance.now() - startedAt > STABLE_MS) backoffMs = 0;
        backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(MIN_BACKOFF_MS, backoffMs * 2));
      } finally {
        queries.unsubscribe();
        if (!this.#stopping) slot.partition = undefined;
        this.#countOwned();
      }
    }
  }

  /** Waits for as long as asked, and for a server. */
  async #pause(ms: number): Promise<void> {
    const link = linkOf(this.#options.connection.nc);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    await link.restored(() => this.#stopping);
  }

  #countOwned(): void {
    this.#options.metrics.ownedPartitions.set(
      this.#slots.filter(({ partition }) => partition !== undefined).length,
    );
  }

  #isSettled(partition: Partition<State, Input>): boolean {
    return (
      partition.restored &&
      isDeepStrictEqual(this.#options.logic.settings(partition.state), this.#options.settings)
    );
  }

  #storePositions(): void {
    for (const { partition } of this.#slots)
      if (partition !== undefined) void this.#committer.storePosition(partition);
  }

  /** Settings that differ and ticks that are due become inputs like any other. */
  #writeDueInputs(): void {
    const now = Date.now();
    const clock = performance.now();
    for (const slot of this.#slots) {
      const { partition } = slot;
      if (partition === undefined || !partition.restored || !partition.alive) continue;
      if (clock - slot.settingsSentAt >= SETTINGS_RETRY_MS && !this.#isSettled(partition)) {
        slot.settingsSentAt = clock;
        this.#writeInput(slot.index, {
          version: 1,
          kind: "settings",
          time: now,
          settings: this.#options.settings,
        });
      }
      const dueAt = this.#options.logic.dueAt(partition.state);
      if (dueAt !== undefined && dueAt <= now && clock - slot.tickedAt >= MIN_TICK_MS) {
        slot.tickedAt = clock;
        this.#writeInput(slot.index, { version: 1, kind: "tick", time: now });
      }
    }
  }

  #writeInput(partition: number, input: object): void {
    const { connection, subjects, logic, log } = this.#options;
    const publication = {
      subject: subjects.input(logic.service, partition),
      data: encodeMsgpack(input),
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
          if (!partition.restored || !partition.alive)
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

interface Slot<State, Input> {
  readonly index: number;
  partition: Partition<State, Input> | undefined;
  done: Promise<void>;
  /** Of the process's clock, which is never set back. */
  tickedAt: number;
  settingsSentAt: number;
}
