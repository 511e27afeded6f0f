import type { Service } from "@mapek/core/contract";

/** Ports of the console and of the services' health endpoints where the configuration names none. */
export const DEFAULT_PORTS: Readonly<Record<Service | "console", number>> = {
  console: 7410,
  monitor: 7411,
  learner: 7412,
  optimizer: 7413,
  feedback: 7414,
};
