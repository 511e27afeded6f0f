import type { MessageError } from "@mapek/core/messages";
import type { Counter, Registry } from "prom-client";
import type { Logger } from "../log.ts";
import { type CounterBySystem, instrument } from "../metrics/instrument.ts";

export interface LoudRefusalsOptions {
  readonly name: CounterBySystem;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Systems that get a value of the label of their own; names beyond come from outside and are counted together. */
const MAX_LABELS = 100;
/** Stands for all further systems; no system can be named so. */
const OTHERS = "…";
const LOG_EVERY_MS = 10_000;

/** Counts refusals by system, and says so in the log: at once, then every ten seconds while they go on. */
export class LoudRefusals {
  readonly #counter: Counter<"system">;
  readonly #log: Logger;
  readonly #systems = new Set<string>();
  #untold = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor({ name, registry, log }: LoudRefusalsOptions) {
    this.#counter = instrument(registry, name);
    this.#log = log;
  }

  /** Cost: O(1). @param count Refusals for which the error stands. */
  add(system: string, error: Pick<MessageError, "code" | "detail">, count = 1): void {
    const known = this.#systems.has(system) || this.#systems.size < MAX_LABELS;
    if (known) this.#systems.add(system);
    this.#counter.inc({ system: known ? system : OTHERS }, count);
    this.#untold += count;
    const now = performance.now();
    if (now - this.#toldAt < LOG_EVERY_MS) return;
    const { code, detail } = error;
    this.#log.warn({ system, code, refusals: this.#untold }, detail);
    this.#toldAt = now;
    this.#untold = 0;
  }
}
