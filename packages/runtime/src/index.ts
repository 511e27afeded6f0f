export * from "./actor.ts";
export { type ActorServiceOptions, runActorService } from "./actor-service.ts";
export { type HasFolded, SavedAt } from "./checkpoint/saved-at.ts";
export { type Config, configSchema } from "./config/config-schema.ts";
export { type ConfigSources, loadConfig } from "./config/load-config.ts";
export { environmentNames, type Setting, settingList } from "./config/setting-list.ts";
export { withoutSecrets } from "./config/without-secrets.ts";
export { admitControl, admitMessage } from "./doors/admit.ts";
export type { DeadLetters } from "./doors/dead-letters.ts";
export { type Admit, type Admitted, FrontDoor } from "./doors/front-door.ts";
export { inputsOf } from "./doors/input-bundle.ts";
export { LoudRefusals } from "./doors/loud-refusals.ts";
export { startQueryDoor } from "./doors/query-door.ts";
export { type Share, WaitingRoom } from "./doors/waiting-room.ts";
export { RUNTIME_ERRORS, RuntimeError } from "./errors.ts";
export { seriesOfOutput } from "./history/events-verb.ts";
export { type Explain, explainVerb, type Found, type Question } from "./history/explain-verb.ts";
export { readInputs, type StoredInput } from "./history/input-log.ts";
export {
  inOrder,
  linkOfInput,
  linkOfMissing,
  linkOfOutput,
  linkOfTrimmed,
  newestOf,
  settingsAt,
  settingsSince,
} from "./history/links.ts";
export { OutputLog, type OutputSelection } from "./history/output-log.ts";
export { type Trail, trailOf, transitionOf } from "./history/trail.ts";
export { createLogger, type Logger } from "./log.ts";
export type { MemoryWatch } from "./memory-watch.ts";
export { type Instrument, instrument, instrumentConfiguration } from "./metrics/instrument.ts";
export type { MetricDeclaration } from "./metrics/metric-declaration.ts";
export { METRICS } from "./metrics/metric-table.ts";
export type { Metrics } from "./metrics.ts";
export { type Publication, publishAtomically } from "./nats/atomic-batch.ts";
export { type Connection, connect } from "./nats/connect.ts";
export { EndpointStats } from "./nats/endpoint-stats.ts";
export { ensureStreams } from "./nats/ensure-streams.ts";
export { type Link, linkOf } from "./nats/link.ts";
export { BUCKETS, prefixesOf, STREAMS, streamDeclarations, subjectsOf } from "./nats/streams.ts";
export { type KeyedState, keyedPartition } from "./partition/keyed-partition.ts";
export { PartitionHost } from "./partition/partition-host.ts";
export { publicationsOf } from "./partition/publication.ts";
export { type RunningService, runService, type ServiceContext } from "./service.ts";
