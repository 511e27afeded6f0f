import { fnv1a32, MessageError } from "@mapek/core/contract";
import { instrument, LoudRefusals, runService, WaitingRoom } from "@mapek/runtime";
import { ArrivalClock } from "./arrival-clock.ts";
import { Batcher } from "./batcher.ts";
import { configuredLoop } from "./collectors/collector-loop.ts";
import { Intake } from "./intake.ts";
import { startProtocols } from "./protocols/protocols.ts";
import { SeriesRegistry } from "./series-registry.ts";

/** Default `max_payload` of nats-server, used where the server has not told its own. */
const DEFAULT_MAX_PAYLOAD = 1_048_576;
const EXPIRY_CHECK_MS = 60_000;
/** Share of the process's memory limit that waiting samples may take: each of them can exist in up to four copies. */
const WAITING_SHARE = 1 / 8;

await runService(
  "monitor",
  async ({ config, connection, subjects, metrics, deadLetters, log, memory, owner }) => {
    const samples = instrument(metrics.registry, "mapek_samples_total");
    const lost = instrument(metrics.registry, "mapek_samples_lost_total");
    const waiting = instrument(metrics.registry, "mapek_samples_waiting");
    const waitingBytes = instrument(metrics.registry, "mapek_samples_waiting_bytes");
    const series = instrument(metrics.registry, "mapek_monitor_series");
    const { ingest, streams } = config;
    const room = new WaitingRoom({
      items: "samples",
      maxItems: ingest.max_waiting_samples,
      maxBytes: Math.min(ingest.max_waiting_bytes, memory.limitBytes * WAITING_SHARE),
      itemsPerSecond: ingest.max_samples_per_second_per_system,
    });
    const registry = new SeriesRegistry(
      streams.partitions,
      room,
      ingest.max_series_per_system,
      ingest.max_systems,
    );
    const batcher = new Batcher({
      js: connection.js,
      subjects,
      partitions: streams.partitions,
      batchSamples: ingest.batch_samples,
      maxBytes: connection.nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD,
      lingerMs: ingest.batch_linger_ms,
      room,
      onSettled: (count, failure) => {
        (failure === undefined ? samples : lost).inc(count);
        if (failure !== undefined)
          log.error({ samples: count, err: failure }, "a batch was not stored");
      },
    });
    const clock = new ArrivalClock(fnv1a32(owner));
    const intake = new Intake({
      nc: connection.nc,
      subjects,
      limits: ingest,
      batcher,
      registry,
      clock,
      deadLetters,
      room,
      memoryShort: () => memory.short,
      overloads: new LoudRefusals({
        name: "mapek_overload_refused_total",
        registry: metrics.registry,
        log,
      }),
      seriesRefusals: new LoudRefusals({
        name: "mapek_series_refused_total",
        registry: metrics.registry,
        log,
      }),
    });
    memory.onShort(() => intake.forgetRoutes());
    const loop = configuredLoop(config, {
      nc: connection.nc,
      subjects,
      log,
      onMetrics: (figures, time) => {
        for (const [metric, value] of Object.entries(figures)) {
          const entry = registry.entry(config.collectors.system, metric, undefined);
          if (entry instanceof MessageError) continue;
          entry.lastSeen = time;
          batcher.add(entry, time, value, undefined);
        }
      },
    });
    await loop?.start();
    const protocols = await startProtocols({
      ...{ config, subjects, intake, room, deadLetters, log },
      nc: connection.nc,
      registry: metrics.registry,
      memoryShort: () => memory.short,
    });
    const expiry = setInterval(() => {
      registry.expire(Date.now() - ingest.idle_series_seconds * 1_000);
      protocols.expire(Date.now());
    }, EXPIRY_CHECK_MS);
    return {
      ready: () => true,
      endpoints: [intake.endpoint],
      beforeMetrics: () => {
        waiting.set(room.items);
        waitingBytes.set(room.bytes);
        series.set(registry.size);
      },
      details: () => ({ protocols: protocols.addresses }),
      async drain() {
        clearInterval(expiry);
        loop?.stop();
        await protocols.drain();
        await intake.drain();
      },
    };
  },
);
