import type { Measurements } from "./performance-window.ts";
import { CRITICAL_LINES } from "./states/state-machine.ts";

/**
 * How near a system is to critical: the largest of its measures as a share of their critical lines.
 *
 * @returns 1 at the line, above 1 beyond it; NaN where none of the three measures is known.
 */
export function pressureOf(report: Measurements): number {
  const { cpu_usage: cpu, memory_usage: memory, cycle_latency: latency } = report;
  let pressure = -1;
  if (cpu !== undefined) pressure = cpu / CRITICAL_LINES.cpu_usage;
  if (memory !== undefined) pressure = Math.max(pressure, memory / CRITICAL_LINES.memory_usage);
  if (latency !== undefined) pressure = Math.max(pressure, latency / CRITICAL_LINES.cycle_latency);
  return pressure < 0 ? Number.NaN : pressure;
}
