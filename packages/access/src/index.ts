export * from "./errors.ts";
export * from "./house-streams.ts";
export * from "./key-folder.ts";
export * from "./permissions.ts";
export * from "./server-config.ts";
export * from "./service-permissions.ts";
export * from "./team-permissions.ts";
