import type { Measurements } from "./performance-window.ts";
import { CRITICAL_LINES } from "./states/state-machine.ts";

/**
 * The pressure on a system: the largest of CPU, memory and cycle latency, each as a share of its critical line.
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
