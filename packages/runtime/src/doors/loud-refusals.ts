import type { MessageError } from "@mapek/core/contract";
import type { Counter, Registry } from "prom-client";
import type { Logger } from "../log.ts";
import { type CounterBySystem, instrument } from "../metrics/instrument.ts";

export interface LoudRefusalsOptions {
  readonly name: CounterBySystem;
  readonly registry: Registry;
  readonly log: Logger;
}

/**
 * Systems with a label value of their own. Names of systems come from outside: without a limit, they could create any
 * number of time series.
 */
const MAX_LABELS = 100;
/** Label value of all further systems; no system can have this name. */
const OTHERS = "…";
const LOG_EVERY_MS = 10_000;

/** Counts refusals by system, and logs a warning: at the first refusal, then at most every 10 s with the number since. */
export class LoudRefusals {
  readonly #counter: Counter<"system">;
  readonly #log: Logger;
  readonly #systems = new Set<string>();
  #unlogged = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor({ name, registry, log }: LoudRefusalsOptions) {
    this.#counter = instrument(registry, name);
    this.#log = log;
  }

  /**
   * Cost: O(1).
   *
   * @param count Number of refused items.
   */
  add(system: string, error: Pick<MessageError, "code" | "detail">, count = 1): void {
    const known = this.#systems.has(system) || this.#systems.size < MAX_LABELS;
    if (known) this.#systems.add(system);
    this.#counter.inc({ system: known ? system : OTHERS }, count);
    this.#unlogged += count;
    const now = performance.now();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    const { code, detail } = error;
    this.#log.warn({ system, code, refusals: this.#unlogged }, detail);
    this.#loggedAt = now;
    this.#unlogged = 0;
  }
}
