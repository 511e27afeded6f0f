import { statfs } from "node:fs/promises";
import { loadavg } from "node:os";
import si from "systeminformation";

/** Figures of this machine, by metric. A figure that this machine does not give is left out. */
export type MachineMetrics = Readonly<Record<string, number>>;

/**
 * Reads this machine: CPU and memory in %, load, disk in % and bytes/s, network in bytes/s.
 * Rates are since the call before; the first call has none.
 *
 * Cost: some milliseconds, most of them waiting.
 */
export async function readMachine(): Promise<MachineMetrics> {
  const [load, memory, disk, io, network] = await Promise.allSettled([
    si.currentLoad(),
    si.mem(),
    statfs("/"),
    si.disksIO(),
    si.networkStats("*"),
  ]);
  const figures: Record<string, number | null | undefined> = { load_1m: loadavg()[0] };
  if (load.status === "fulfilled") figures.cpu_usage = load.value.currentLoad;
  if (memory.status === "fulfilled")
    figures.memory_usage = (100 * memory.value.active) / memory.value.total;
  if (disk.status === "fulfilled")
    figures.disk_usage = 100 * (1 - disk.value.bavail / disk.value.blocks);
  if (io.status === "fulfilled" && io.value !== null)
    figures.disk_operations_per_second = io.value.tIO_sec;
  if (network.status === "fulfilled") {
    figures.network_received_bytes_per_second = sum(network.value.map((one) => one.rx_sec));
    figures.network_sent_bytes_per_second = sum(network.value.map((one) => one.tx_sec));
  }
  return Object.fromEntries(
    Object.entries(figures).filter((figure): figure is [string, number] =>
      Number.isFinite(figure[1]),
    ),
  );
}

const sum = (values: readonly (number | null)[]): number | null =>
  values.length === 0 || values.some((value) => value === null)
    ? null
    : values.reduce<number>((total, value) => total + (value ?? 0), 0);
