import { type Logger, pino } from "pino";

export type { Logger };

/** A service's logger: JSON lines on standard error, with the service and the process id; never payloads. */
export function createLogger(service: string, level: string): Logger {
  return pino(
    { level, base: { service, pid: process.pid } },
    pino.destination({ dest: 2, sync: false }),
  );
}
