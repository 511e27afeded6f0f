import { setTimeout as delay } from "node:timers/promises";
import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Registry } from "prom-client";
import type { Logger } from "../log.ts";
import { type Instrument, instrument } from "../metrics/instrument.ts";

export interface SourceWatchdogOptions {
  readonly nc: NatsConnection;
  /** A replicated stream that has one source. */
  readonly stream: string;
  /** The stream that it sources. */
  readonly origin: string;
  /** Whether this process is the one that acts; asked at each look. */
  readonly responsible: () => boolean;
  readonly registry: Registry;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 250;
/** Without a leader no answer comes: the sooner it is asked again, the sooner it is seen. */
const ANSWER_MS = 500;
/** A living source hears a heartbeat each second. */
const QUIET_MS = 2_500;
/** A new leader hears its source within 0.4 s where the origin has a leader. */
const UNHEARD_MS = 1_000;
const COOL_DOWN_MS = 4_000;
/** Hand-overs until the source is heard again; more would only disturb who writes to the stream. */
const MAX_TRIES = 3;
const NANOS_PER_MS = 1e6;

/**
 * Sees to it that a replicated stream hears its source soon after a node was lost.
 *
 * The server reads a source through a consumer that ends with the origin's leader. It looks for silence
 * every 10 s, and waits 30 s for an answer that it asked of an origin without a leader (nats-server,
 * `server/stream.go`). A new leader of the stream asks at once: the present one is therefore asked to hand
 * over when its source is silent and the origin has a leader.
 *
 * Cost: four requests a second, eight while the source is silent; none while not responsible.
 */
export class SourceWatchdog {
  readonly #options: SourceWatchdogOptions;
  readonly #stepDowns: Instrument<"mapek_source_stepdowns_total">;
  readonly #stop = new AbortController();
  /** The leader that has never heard the source, and since when that is known. */
  #unheard: { readonly leader: string | undefined; readonly since: number } | undefined;
  #tries = 0;
  #nextTryAt = 0;

  constructor(options: SourceWatchdogOptions) {
    this.#options = options;
    this.#stepDowns = instrument(options.registry, "mapek_source_stepdowns_total");
    void this.#run();
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { nc, responsible, log } = this.#options;
    const jsm = await jetstreamManager(nc, { timeout: ANSWER_MS, checkAPI: false });
    while (!signal.aborted) {
      // A stream without a leader does not answer, nor does a server that is gone: the next look tells.
      if (responsible())
        await this.#look(jsm).catch((error: unknown) => log.debug({ err: error }, "no answer"));
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #look(jsm: JetStreamManager): Promise<void> {
    const { stream, origin, log } = this.#options;
    const info = await jsm.streams.info(stream);
    if (!this.#silent(info) || performance.now() < this.#nextTryAt || this.#tries > MAX_TRIES)
      return;
    const successor = info.cluster?.replicas?.find(({ current, offline }) => current && !offline);
    if (successor === undefined) return;
    // Only a leader answers. Without one the new leader's question would be lost as well.
    await jsm.streams.info(origin);
    this.#nextTryAt = performance.now() + COOL_DOWN_MS;
    if (++this.#tries > MAX_TRIES)
      log.error({ stream }, "hand-overs do not help: the server's own retry is waited for");
    else if (!this.#stop.signal.aborted) await this.#handOver(info.cluster?.leader, successor.name);
  }

  #silent({ sources, cluster }: StreamInfo): boolean {
    const nanos = sources?.[0]?.active ?? -1;
    if (nanos >= 0) {
      this.#unheard = undefined;
      const quiet = nanos >= QUIET_MS * NANOS_PER_MS;
      if (!quiet) this.#tries = 0;
      return quiet;
    }
    const now = performance.now();
    if (this.#unheard?.leader !== cluster?.leader) this.#unheard = undefined;
    this.#unheard ??= { leader: cluster?.leader, since: now };
    return now - this.#unheard.since >= UNHEARD_MS;
  }

  async #handOver(leader: string | undefined, successor: string): Promise<void> {
    const { nc, stream, log } = this.#options;
    this.#stepDowns.inc();
    log.warn(
      { stream, leader, successor },
      "a stream does not hear its source: its leader is asked to hand over",
    );
    const answer = await nc.request(
      `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`,
      JSON.stringify({ placement: { preferred: successor } }),
      { timeout: ANSWER_MS },
    );
    const { error } = answer.json<{ error?: object }>();
    if (error !== undefined) log.warn({ stream, error }, "the leader did not hand over");
  }
}
