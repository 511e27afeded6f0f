import {
  checkSample,
  type InputReply,
  type Labels,
  MessageError,
  type MessageErrorCode,
  metricToken,
  TOKEN_PATTERN,
} from "@mapek/core/contract";
import {
  Converter,
  type HTTP_FORMATS,
  malformed,
  namePattern,
  type Parsed,
  type Reading,
} from "@mapek/ingest";
import {
  type Config,
  type DeadLetters,
  type Instrument,
  instrument,
  type WaitingRoom,
} from "@mapek/runtime";
import type { Registry } from "prom-client";
import type { Intake } from "../intake.ts";
import { Receipt } from "../receipt.ts";

/** Formats of other tools. A closed set, since the name is a label of metrics. */
export type Protocol = (typeof HTTP_FORMATS)[number]["name"] | "statsd" | "scrape";

/** The parsed readings of one request, message, scrape or interval. */
export interface Delivery {
  readonly protocol: Protocol;
  /** System of all readings; undefined: `system_label` or `default_system` decides for each reading. */
  readonly system: string | undefined;
  readonly parsed: Parsed;
  /** Origin and original bytes, for a dead letter. */
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** Result of a delivery once its samples are stored or given up. */
export interface Outcome {
  readonly reply: InputReply;
  /** Why nothing was taken in, or not everything was stored; the sender may send again where the code's consequence is retry. */
  readonly failure: MessageError | undefined;
}

export interface ProtocolIntakeOptions {
  readonly intake: Intake;
  readonly room: WaitingRoom;
  readonly deadLetters: DeadLetters;
  readonly registry: Registry;
  readonly config: Pick<Config, "ingest" | "protocols">;
}

/** Characters reserved for the suffixes that conversion appends to a metric's name, such as `_count_rate`. */
const MAX_SUFFIX = 16;
const MAX_NAME = 256 - MAX_SUFFIX;

/**
 * Takes readings in: finds the system of each, converts the readings into samples and stores these. A delivery that
 * could not be stored is undone in the memory of counters, so that a second attempt gives the same samples.
 */
export class ProtocolIntake {
  readonly #options: ProtocolIntakeOptions;
  readonly #converters = new Map<string, Converter>();
  readonly #counters: readonly RegExp[];
  readonly #readings: Instrument<"mapek_protocol_readings_total">;
  readonly #skipped: Instrument<"mapek_protocol_skipped_total">;

  constructor(options: ProtocolIntakeOptions) {
    this.#options = options;
    this.#counters = options.config.protocols.counters.map(namePattern);
    this.#readings = instrument(options.registry, "mapek_protocol_readings_total");
    this.#skipped = instrument(options.registry, "mapek_protocol_skipped_total");
  }

  /** Resolves once everything is stored or given up; never rejects. */
  async take(delivery: Delivery): Promise<Outcome> {
    const { protocol, parsed } = delivery;
    for (const [reason, count] of parsed.skipped) this.#skipped.inc({ protocol, reason }, count);
    const refusal = this.#takeSystems(delivery);
    const outcome = refusal instanceof MessageError ? refused(refusal) : await refusal;
    const [first] = outcome.reply.rejected;
    const fault =
      outcome.failure ??
      (first && new MessageError(first.code as MessageErrorCode, first.message)) ??
      (parsed.fault === undefined ? undefined : malformed(parsed.fault));
    if (fault !== undefined) this.refuse(delivery, fault);
    return outcome;
  }

  /** Keeps a dead letter of a delivery that was refused wholly or in part. */
  refuse({ subject, payload }: Pick<Delivery, "subject" | "payload">, error: MessageError): void {
    this.#options.deadLetters.add(subject, payload, error);
  }

  /** Forgets counters that have been silent. Cost: O(series). */
  expire(nowMs: number): void {
    for (const [system, converter] of this.#converters) {
      converter.forgetIdle(nowMs);
      if (converter.size === 0) this.#converters.delete(system);
    }
  }

  #takeSystems({ protocol, system, parsed }: Delivery): MessageError | Promise<Outcome> {
    const { intake, room, config } = this.#options;
    const { readings } = parsed;
    const { max_samples_per_message: most } = config.ingest;
    if (readings.length > most)
      return new MessageError(
        "MAPEK_MESSAGE_TOO_LARGE",
        `${readings.length} readings, at most ${most}`,
      );
    this.#readings.inc({ protocol }, readings.length);
    const bySystem =
      system === undefined ? this.#bySystem(readings) : new Map([[system, readings]]);
    for (const name of bySystem.keys()) {
      const refusal =
        intake.refusal({ share: room.shareOf(name), system: name }) ?? this.#noRoomFor(name);
      if (refusal !== undefined) return refusal;
    }
    return new Promise((resolve) => {
      const undos: (() => void)[] = [];
      const receipt = new Receipt((reply, failure) => {
        if (failure !== undefined) for (const undo of undos) undo();
        resolve({ reply, failure });
      });
      const now = Date.now();
      for (const [name, some] of bySystem)
        undos.push(this.#takeSystem(protocol, name, some, now, receipt));
      receipt.close();
    });
  }

  /** @returns Undoes the effect of these readings on the memory of counters. */
  #takeSystem(
    protocol: Protocol,
    system: string,
    readings: readonly Reading[],
    now: number,
    receipt: Receipt,
  ): () => void {
    const latest = now + this.#options.config.ingest.max_ahead_seconds * 1_000;
    const sound: Reading[] = [];
    for (const [i, reading] of readings.entries()) {
      const fault = faultOf(reading, latest);
      if (fault === undefined) sound.push(this.#typed(reading));
      else receipt.reject(i, fault.code, fault.detail);
    }
    const conversion = this.#converterOf(system).convert(sound, now);
    for (const [reason, count] of conversion.omitted)
      this.#skipped.inc({ protocol, reason }, count);
    for (const [i, sample] of conversion.samples.entries()) {
      const refusal = this.#options.intake.addConverted(system, sample, now, receipt);
      if (refusal !== undefined) receipt.reject(i, refusal.code, refusal.detail);
    }
    return () => conversion.undo();
  }

  /** Readings by system: the one that `system_label` names, else `default_system`. */
  #bySystem(readings: readonly Reading[]): Map<string, Reading[]> {
    const { system_label: label, default_system: usual } = this.#options.config.protocols;
    const bySystem = new Map<string, Reading[]>();
    for (const reading of readings) {
      const system = (label && systemOf(reading.labels, label)) || usual;
      const some = bySystem.get(system);
      if (some === undefined) bySystem.set(system, [reading]);
      else some.push(reading);
    }
    return bySystem;
  }

  /** Turns a gauge into a cumulative counter where `protocols.counters` names its metric: some formats carry no types. */
  #typed(reading: Reading): Reading {
    if (reading.kind !== "gauge" || !this.#counters.some((one) => one.test(reading.metric)))
      return reading;
    return { ...reading, kind: "cumulative", startMs: undefined };
  }

  #noRoomFor(system: string): MessageError | undefined {
    const { max_systems: most } = this.#options.config.ingest;
    if (this.#converters.size < most || this.#converters.has(system)) return undefined;
    return new MessageError("MAPEK_SYSTEM_LIMIT", `there are ${most} systems, the limit`);
  }

  #converterOf(system: string): Converter {
    let converter = this.#converters.get(system);
    if (converter === undefined) {
      const { ingest, protocols } = this.#options.config;
      converter = new Converter({
        maxSeries: ingest.max_series_per_system,
        gapMs: protocols.gap_seconds * 1_000,
      });
      this.#converters.set(system, converter);
    }
    return converter;
  }
}

const refused = (failure: MessageError): Outcome => ({
  reply: { accepted: 0, rejected: [{ index: 0, code: failure.code, message: failure.detail }] },
  failure,
});

/** Checks a reading before a converter remembers its series: unchecked names and labels would make that memory unbounded. */
function faultOf({ metric, labels, timeMs }: Reading, latest: number): MessageError | undefined {
  if (metric.length > MAX_NAME)
    return new MessageError("MAPEK_MESSAGE_INVALID", `metric: more than ${MAX_NAME} characters`);
  const fault = checkSample({ value: 0, timestamp: timeMs, metric, labels });
  if (fault !== undefined) return new MessageError(fault.code, fault.message);
  if (timeMs !== undefined && timeMs > latest)
    return new MessageError("MAPEK_SAMPLE_IN_FUTURE", `timestamp ${timeMs} is ahead of the clock`);
  return undefined;
}

/** A label's value as the name of a system: characters that a name may not contain become `_`. */
function systemOf(labels: Labels, label: string): string | undefined {
  const value = labels[label];
  if (value === undefined || value === "") return undefined;
  return TOKEN_PATTERN.test(value) ? value : metricToken(value);
}
