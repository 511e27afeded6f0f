import type { ActorService, Subjects } from "@mapek/core/contract";
import type { Output, PartitionLogic } from "./actor.ts";
import type { Config } from "./config/config-schema.ts";
import { type Admit, FrontDoor } from "./doors/front-door.ts";
import { LoudRefusals } from "./doors/loud-refusals.ts";
import { type QueryDoorOptions, startQueryDoor } from "./doors/query-door.ts";
import { eventsVerb } from "./history/events-verb.ts";
import { SourceWatchdog } from "./nats/source-watchdog.ts";
import { inputStreamOf, STREAMS } from "./nats/streams.ts";
import { PartitionHost } from "./partition/partition-host.ts";
import type { PartitionStatus } from "./partition/partition-slot.ts";
import { type RunningService, runService, type ServiceContext } from "./service.ts";

/** What a service with actors adds to the runtime. */
export interface ActorServiceOptions<State, Input> {
  readonly logic: PartitionLogic<State, Input>;
  /** The settings that the actors must have. A partition whose settings differ gets these as an input. */
  readonly settings: (config: Config) => object;
  /** Public subjects of its front door. */
  readonly listen: (subjects: Subjects) => readonly string[];
  readonly admit: (config: Config) => Admit;
  /** Verbs that are answered from streams instead of states. */
  readonly verbs?: (context: ServiceContext) => NonNullable<QueryDoorOptions["verbs"]>;
  /**
   * Input that the process must write for a partition because of its own condition, such as short memory; undefined
   * where none is due. Called every 250 ms; an input is written at most once per second.
   */
  readonly owedInput?: (context: ServiceContext) => (state: State) => object | undefined;
  readonly instruments?: (context: ServiceContext) => Instruments<State, Input>;
}

/** Callbacks by which a service keeps its own metrics. */
interface Instruments<State, Input> {
  /**
   * Called for each input that is folded for the first time, not for a replayed one. `ageMs`: milliseconds since the
   * input was stored.
   */
  readonly onFolded?: (input: Input, outputs: readonly Output[], ageMs: number) => void;
  /** Called at each request for `/metrics`, with the states of all owned partitions and the sums of their gauges. */
  readonly onScrape?: (states: readonly State[], gauges: Readonly<Record<string, number>>) => void;
}

/** Runs a service that keeps actors: partition host, front door and query door on one connection. */
export function runActorService<State, Input>(
  options: ActorServiceOptions<State, Input>,
): Promise<void> {
  const { service } = options.logic;
  return runService(service, async (context) => startActors(service, options, context));
}

/** The health endpoint reports "lagging" while any partition is more than this far behind its input. */
const LAGGING_SECONDS = 10;

function startActors<State, Input>(
  service: ActorService,
  options: ActorServiceOptions<State, Input>,
  context: ServiceContext,
): RunningService {
  const { config, connection, subjects } = context;
  const { partitions } = config.streams;
  const instruments = options.instruments?.(context) ?? {};
  const host = new PartitionHost({
    ...context,
    logic: options.logic,
    settings: options.settings(config),
    partitions,
    memberTtlMs: config.membership.ttl_seconds * 1_000,
    checkpointIntervalMs: config.checkpoints.interval_seconds * 1_000,
    owedInput: options.owedInput?.(context),
    onFolded: instruments.onFolded ?? (() => {}),
  });
  const door = new FrontDoor({
    ...connection,
    subjects,
    service,
    partitions,
    deadLetters: context.deadLetters,
    listen: options.listen(subjects),
    maxPayloadBytes: config.ingest.max_payload_bytes,
    admit: options.admit(config),
    memoryShort: () => context.memory.short,
    overloads: new LoudRefusals({
      name: "mapek_overload_refused_total",
      registry: context.metrics.registry,
      log: context.log,
    }),
  });
  const verbs = {
    ...options.verbs?.(context),
    events: eventsVerb(service, context),
    durability: async () => [await context.durability()],
  };
  const queries = startQueryDoor({ nc: connection.nc, subjects, service, partitions, verbs });
  host.start();
  const watchdog = watchInput(service, context, () => ownsFirst(host.status()));
  return {
    ready: () => host.ready,
    endpoints: [...door.endpoints, queries.endpoint],
    beforeMetrics() {
      for (const { partition, lagSeconds } of host.status())
        context.metrics.lagSeconds.set({ partition }, lagSeconds);
      instruments.onScrape?.(host.states(), host.gauges());
    },
    condition: () =>
      host.status().some(({ lagSeconds }) => lagSeconds > LAGGING_SECONDS) ? "lagging" : undefined,
    details: () => ({ members: host.members().length, partitions: host.status() }),
    async drain() {
      watchdog?.stop();
      await Promise.all([door.drain(), queries.drain()]);
      await host.drain();
    },
  };
}

const ownsFirst = (status: readonly PartitionStatus[]): boolean =>
  status.some(({ partition, role }) => partition === 0 && role === "owner");

/**
 * Watches the learner's input stream, which sources commands from the knowledge stream. Not needed where a service
 * reads the knowledge stream itself, or where streams have one replica.
 */
function watchInput(
  service: ActorService,
  { config, connection, metrics, log }: ServiceContext,
  responsible: () => boolean,
): SourceWatchdog | undefined {
  const stream = inputStreamOf(service);
  const origin = STREAMS.knowledge;
  if (stream === origin || config.streams.replicas === 1) return undefined;
  const { nc } = connection;
  const { registry } = metrics;
  return new SourceWatchdog({ nc, stream, origin, responsible, registry, log });
}
