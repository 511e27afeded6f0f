export * from "./errors.ts";
export * from "./house-streams.ts";
export * from "./key-folder.ts";
export * from "./roles.ts";
export * from "./server-config.ts";
