import {
  ACTOR_SERVICES,
  type ActorService,
  encodeMsgpack,
  type Subjects,
} from "@mapek/core/contract";
import type { PartitionLogic } from "../actor.ts";
import { inputsOf } from "../doors/input-bundle.ts";
import { publicationsOf } from "../partition/publication.ts";
import type { Effect } from "./output-differences.ts";
import { withSettings } from "./with-settings.ts";

/** The logic of each service. */
// biome-ignore lint/suspicious/noExplicitAny: the states of three services
export type Logics = { readonly [S in ActorService]: PartitionLogic<any, any> };

/** Replaces the settings of a stored settings message. */
export type ChangeSettings = (service: ActorService, settings: object) => object;

/** Kinds of inputs that come from outside or from the runtime; all other kinds are sent by a service to a service. */
const FROM_OUTSIDE: ReadonlySet<unknown> = new Set([
  "samples",
  "settings",
  "admission",
  "control",
  "performance",
  "signal",
]);

/** Least time between two ticks, as in the runtime. */
const TICK_MS = 1_000;

interface Cell {
  // biome-ignore lint/suspicious/noExplicitAny: the states of three services
  readonly logic: PartitionLogic<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: the states of three services
  readonly state: any;
  readonly subject: string;
}

/**
 * All partitions of the three services in one process, without a server.
 *
 * A message from one service to another is folded at once, before the next input from outside. The same inputs in the
 * same order give the same outputs.
 */
export class SimulatedHouse {
  /** Inputs on which an actor threw. */
  failures = 0;
  readonly #subjects: Subjects;
  readonly #partitions: number;
  readonly #cells = new Map<string, Cell>();
  #clock = Number.NEGATIVE_INFINITY;

  constructor(logics: Logics, subjects: Subjects, partitions: number, change?: ChangeSettings) {
    this.#subjects = subjects;
    this.#partitions = partitions;
    for (const service of ACTOR_SERVICES) {
      const logic =
        change === undefined
          ? logics[service]
          : withSettings(logics[service], (settings) => change(service, settings));
      for (let partition = 0; partition < partitions; partition++) {
        const cell = {
          logic,
          state: logic.create(partition),
          subject: subjects.input(service, partition),
        };
        this.#cells.set(cell.subject, cell);
        if (service === "learner") this.#cells.set(subjects.samples(partition), cell);
      }
    }
  }

  /**
   * Folds the ticks that were due before a stored message, then the message and all messages that follow from it.
   * Stored ticks and messages between services are skipped: the simulation makes its own.
   *
   * @param storedAt Milliseconds since 1970, never smaller than in the call before.
   * @returns Public outputs, in order.
   */
  receive(subject: string, data: Uint8Array, storedAt: number): Effect[] {
    const outputs = this.#tickUntil(storedAt);
    const cell = this.#cells.get(subject);
    if (cell === undefined) return outputs;
    for (const input of subject === cell.subject ? inputsOf(data) : [data])
      this.#fold([{ subject, data: input, isFromOutside: true }], outputs);
    return outputs;
  }

  #tickUntil(now: number): Effect[] {
    const outputs: Effect[] = [];
    if (this.#clock === Number.NEGATIVE_INFINITY) this.#clock = now;
    for (;;) {
      if (this.#clock + TICK_MS > now) return outputs;
      const due = this.#due();
      if (due === undefined || due > now) break;
      const at = Math.max(due, this.#clock + TICK_MS);
      if (at > now) break;
      this.#clock = at;
      const data = encodeMsgpack({ version: 1, kind: "tick", time: at });
      for (const [subject, { logic, state, subject: own }] of this.#cells)
        if (subject === own && (logic.dueAt(state) ?? Number.POSITIVE_INFINITY) <= at)
          this.#fold([{ subject, data, isFromOutside: false }], outputs);
    }
    this.#clock = now;
    return outputs;
  }

  #due(): number | undefined {
    let earliest: number | undefined;
    for (const { logic, state } of this.#cells.values()) {
      const at = logic.dueAt(state);
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** First in, first out: messages that follow from an input go behind those that wait already. */
  #fold(waiting: Waiting[], outputs: Effect[]): void {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { subject, data, isFromOutside } = next;
      const { logic, state } = this.#cells.get(subject) as Cell;
      const input = logic.decode(subject, data);
      if (!input.ok || (isFromOutside && !FROM_OUTSIDE.has(input.value.kind))) continue;
      try {
        for (const output of logic.receive(state, input.value))
          for (const made of publicationsOf(output, this.#subjects, this.#partitions))
            if (made.isInput === true)
              waiting.push({ subject: made.subject, data: made.data, isFromOutside: false });
            else outputs.push(made);
      } catch {
        this.failures++;
      }
    }
  }
}

interface Waiting {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly isFromOutside: boolean;
}
