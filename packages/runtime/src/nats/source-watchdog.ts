import { setTimeout as delay } from "node:timers/promises";
import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Registry } from "prom-client";
import type { Logger } from "../log.ts";
import { type Instrument, instrument } from "../metrics/instrument.ts";

export interface SourceWatchdogOptions {
  readonly nc: NatsConnection;
  /** Name of a replicated stream with one source. */
  readonly stream: string;
  /** Name of the stream that `stream` sources. */
  readonly origin: string;
  /** True in the one process that acts; called at each check. */
  readonly responsible: () => boolean;
  readonly registry: Registry;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 250;
/** Without a leader no answer comes, and a request that is repeated sooner sees the new leader sooner. */
const ANSWER_MS = 500;
/** Silence from which the source counts as lost; a live source gets a heartbeat every second. */
const QUIET_MS = 2_500;
/** Time within which a new leader must have heard its source; normally 0.4 s where the origin has a leader. */
const UNHEARD_MS = 1_000;
const COOL_DOWN_MS = 4_000;
/** Most hand-overs until the source is heard again; further ones would only disturb the stream's writers. */
const MAX_TRIES = 3;
const NANOS_PER_MS = 1e6;

/**
 * Restores the source of a replicated stream within seconds after a node is lost; the server alone can take more than
 * 30 s.
 *
 * The server reads a source through a consumer, which ends when the origin's leader changes. The server checks for
 * silence every 10 s, and waits 30 s for an answer from an origin without a leader (nats-server, `server/stream.go`).
 * A new leader of the stream asks the origin at once. So when the source is silent and the origin has a leader, the
 * watchdog asks the stream's leader to step down.
 *
 * Cost: 4 requests per second, at most 8 while the source is silent; none while not responsible.
 */
export class SourceWatchdog {
  readonly #options: SourceWatchdogOptions;
  readonly #stepDowns: Instrument<"mapek_source_stepdowns_total">;
  readonly #stop = new AbortController();
  /** The leader that has not heard the source yet, and since when (ms of `performance.now()`). */
  #unheard: { readonly leader: string | undefined; readonly since: number } | undefined;
  #tries = 0;
  #nextTryAt = 0;

  constructor(options: SourceWatchdogOptions) {
    this.#options = options;
    this.#stepDowns = instrument(options.registry, "mapek_source_stepdowns_total");
    void this.#run();
  }

  /** Ends the checks; a check under way starts no hand-over. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { nc, responsible, log } = this.#options;
    const jsm = await jetstreamManager(nc, { timeout: ANSWER_MS, checkAPI: false });
    while (!signal.aborted) {
      // No answer comes from a stream without a leader or from a lost server; the next check asks again.
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
    // Throws while the origin has no leader: a new leader of the stream would then wait 30 s for the origin as well.
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
