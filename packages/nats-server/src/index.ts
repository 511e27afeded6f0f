export { NATS_SERVER_ERRORS, NatsServerError, type NatsServerErrorCode } from "./errors.ts";
export { type FindServerOptions, type FoundServer, findServer } from "./find-server.ts";
export { freePort } from "./free-port.ts";
export { ledMetaGroups, waitUntilSettled } from "./meta-group.ts";
export { type ResolvedServer, resolveServer } from "./resolve-server.ts";
export type { ServerExit } from "./server-process.ts";
export { type NatsCluster, type StartClusterOptions, startCluster } from "./start-cluster.ts";
export { type NatsServer, type StartServerOptions, startServer } from "./start-server.ts";
export { MINIMUM_VERSION } from "./version.ts";
