import { SERVICES, type Service } from "@mapek/core/messages";

/** What `mapek up` runs as processes: the services, and the console. */
export type Program = Service | "console";

export const programsFor = (withConsole: boolean): readonly Program[] =>
  withConsole ? [...SERVICES, "console"] : SERVICES;
