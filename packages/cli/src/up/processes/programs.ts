import { fileURLToPath } from "node:url";
import { SERVICES, type Service } from "@mapek/core/messages";

/** What `mapek up` runs as processes: the services, and the console. */
export type Program = Service | "console";

export const programsFor = (withConsole: boolean): readonly Program[] =>
  withConsole ? [...SERVICES, "console"] : SERVICES;

/**
 * Where a program's main module is. The `imports` of the package name it: a source file of another package in this
 * repository, a built file beside this one in the published command.
 */
export const programPath = (program: Program): string =>
  fileURLToPath(import.meta.resolve(`#${program}`));
