import { encodeSampleBatch, learnerSettings, seriesKey } from "@mapek/core/messages";
import { learnerLogic } from "../../services/learner/src/learner.ts";
import { normalValues } from "./result.ts";

/**
 * A process with one learner partition of so many series and samples each, since memory is measured in a process that
 * did nothing before. Started with `--expose-gc`; says what it found and ends.
 */

/** What one process found. */
export interface SeriesMemory {
  /** Resident memory more than before, bytes. */
  readonly resident: number;
  /** CPU of a sample, decoding included, nanoseconds: of the samples after `samples`, by round. */
  readonly cpuNs: readonly number[];
}

const [series = 0, samples = 0, rounds = 0] = process.argv.slice(2).map(Number);
const START_MS = 1_760_000_000_000;
const STEP_MS = 60_000;
const BATCH = 2_000;
const values = normalValues(4_096, 51);
const state = learnerLogic.create(0);
const settings = learnerSettings.parse({});
learnerLogic.receive(state, { version: 1, kind: "settings", time: START_MS, settings });

const keyOf = (i: number): string =>
  seriesKey("checkout", "request_latency_ms", { host: `node-${i}`, zone: `z${i % 3}` });

/** Stored batches of a sample of each series, made outside of the time. @returns CPU of decoding and folding them, ns. */
function feed(row: number): number {
  let used = 0;
  for (let first = 0; first < series; first += BATCH) {
    const count = Math.min(BATCH, series - first);
    const bytes = encodeSampleBatch({
      history: false,
      series: Array.from({ length: count }, (_, i) => keyOf(first + i)),
      index: Uint16Array.from({ length: count }, (_, i) => i),
      times: new Float64Array(count).fill(START_MS + row * STEP_MS),
      values: Float64Array.from(
        { length: count },
        (_, i) => 50 + 5 * (values[(row * 31 + first + i) & 4_095] as number),
      ),
    });
    const before = process.cpuUsage();
    const decoded = learnerLogic.decode("mapek-kb.samples.0", bytes);
    if (!decoded.ok) throw decoded.error;
    learnerLogic.receive(state, decoded.value);
    const { user, system } = process.cpuUsage(before);
    used += (user + system) * 1_000;
  }
  return used;
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error("start this with --expose-gc");
  globalThis.gc();
  globalThis.gc();
}

collect();
const before = process.memoryUsage().rss;
for (let row = 0; row < samples; row++) feed(row);
collect();
const resident = process.memoryUsage().rss - before;
const cpuNs = Array.from({ length: rounds }, (_, i) => feed(samples + i) / series);
process.send?.({ resident, cpuNs } satisfies SeriesMemory);
process.disconnect();
