import {
  type Decoded,
  metricToken,
  type Parameters,
  parameters,
  type Threshold,
  threshold,
} from "@mapek/core/contract";
import { jetstream } from "@nats-io/jetstream";
import { type KV, Kvm, type KvWatchEntry } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { ClientError } from "../errors.ts";
import type { OutputFilter } from "./outputs.ts";
import { ContainedHandler, type Handler, type Subscription } from "./subscription.ts";

/** Buckets with the newest message of each key. */
export const LATEST_BUCKETS = {
  thresholds: "mapek_thresholds",
  parameters: "mapek_parameters",
} as const;

const STREAM_NOT_FOUND = 10059;

/** Reads and watches the thresholds and parameters in force. */
export class LatestValues {
  readonly #nc: NatsConnection;
  readonly #onError: (error: Error) => void;
  readonly #buckets = new Map<string, Promise<KV>>();

  constructor(nc: NatsConnection, onError: (error: Error) => void) {
    this.#nc = nc;
    this.#onError = onError;
  }

  /** Thresholds in force, ordered by system, metric and labels. Cost: one message for each threshold. */
  async thresholds(filter: OutputFilter): Promise<Threshold[]> {
    const found = await this.#read(LATEST_BUCKETS.thresholds, thresholdKeys(filter), (bytes) =>
      threshold.decode(bytes),
    );
    return found
      .filter((item) => filter.metric === undefined || item.metric === filter.metric)
      .sort((a, b) => compare(sortKey(a), sortKey(b)));
  }

  /** Every threshold in force, then every change of one. */
  watchThresholds(filter: OutputFilter, handler: Handler<Threshold>): Promise<Subscription> {
    const wanted: Handler<Threshold> = (item) =>
      filter.metric === undefined || item.metric === filter.metric ? handler(item) : undefined;
    return this.#watch(
      LATEST_BUCKETS.thresholds,
      thresholdKeys(filter),
      (bytes) => threshold.decode(bytes),
      wanted,
    );
  }

  /** The newest parameters of each system that is asked for. */
  async parameters(system: string | undefined): Promise<Parameters[]> {
    const found = await this.#read(LATEST_BUCKETS.parameters, system ?? ">", (bytes) =>
      parameters.decode(bytes),
    );
    return found.sort((a, b) => compare(a.system, b.system));
  }

  watchParameters(system: string | undefined, handler: Handler<Parameters>): Promise<Subscription> {
    return this.#watch(
      LATEST_BUCKETS.parameters,
      system ?? ">",
      (bytes) => parameters.decode(bytes),
      handler,
    );
  }

  async #read<T>(
    bucket: string,
    key: string | string[],
    decode: (bytes: Uint8Array) => Decoded<T>,
  ): Promise<T[]> {
    const entries = await this.#in(bucket, (kv) => kv.history({ key }));
    const found = new Map<string, T>();
    for await (const entry of entries) {
      found.delete(entry.key);
      if (entry.operation !== "PUT") continue;
      const decoded = decode(entry.value);
      if (decoded.ok) found.set(entry.key, decoded.value);
      else this.#onError(decoded.error);
    }
    return [...found.values()];
  }

  async #watch<T>(
    bucket: string,
    key: string | string[],
    decode: (bytes: Uint8Array) => Decoded<T>,
    handler: Handler<T>,
  ): Promise<Subscription> {
    const contained = new ContainedHandler(`bucket ${bucket}`, handler, this.#onError);
    const entries = await this.#in(bucket, (kv) => kv.watch({ key }));
    const end = (async () => {
      for await (const entry of entries as AsyncIterable<KvWatchEntry>) {
        if (entry.operation !== "PUT") continue;
        const decoded = decode(entry.value);
        if (decoded.ok) contained.handle(decoded.value);
        else contained.refuse(decoded.error);
      }
    })().catch((error: unknown) => this.#onError(error as Error));
    return {
      stats: contained.stats,
      stop: async () => {
        entries.stop();
        await end;
      },
    };
  }

  /** Runs work on a bucket. @throws {ClientError} MAPEK_CLIENT_NO_BUCKET where the bucket does not exist. */
  async #in<T>(bucket: string, work: (kv: KV) => Promise<T>): Promise<T> {
    try {
      let kv = this.#buckets.get(bucket);
      if (kv === undefined) {
        kv = new Kvm(jetstream(this.#nc)).open(bucket, { allow_direct: true });
        this.#buckets.set(bucket, kv);
      }
      return await work(await kv);
    } catch (cause) {
      this.#buckets.delete(bucket);
      if (this.#nc.isClosed())
        throw new ClientError("MAPEK_CLIENT_CLOSED", "the connection is closed", { cause });
      if ((cause as { code?: unknown }).code === STREAM_NOT_FOUND)
        throw new ClientError("MAPEK_CLIENT_NO_BUCKET", `bucket ${bucket} does not exist`, {
          cause,
        });
      throw new ClientError("MAPEK_CLIENT_TIMEOUT", `${bucket}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

/** Keys are `<system>.<metric token>`, then `.<hash>` for a labelled series, then `.lower` for a lower threshold. */
function thresholdKeys({ system, metric }: OutputFilter): string | string[] {
  if (metric === undefined) return system === undefined ? ">" : `${system}.>`;
  const base = `${system ?? "*"}.${metricToken(metric)}`;
  return [base, `${base}.>`];
}

const sortKey = (item: Threshold): string =>
  JSON.stringify([
    item.system,
    item.metric,
    Object.entries(item.labels).sort(),
    item.side === "lower",
  ]);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
