import { fileURLToPath } from "node:url";
import { SERVICES, type Service } from "@mapek/core/contract";

/** A process of `mapek up`: a service or the console. */
export type Program = Service | "console";

export const programsFor = (withConsole: boolean): readonly Program[] =>
  withConsole ? [...SERVICES, "console"] : SERVICES;

/**
 * Path of a program's main module, from the `imports` of this package: a source file of another package in this
 * repository, a built file beside this one in the published command.
 */
export const programPath = (program: Program): string =>
  fileURLToPath(import.meta.resolve(`#${program}`));
