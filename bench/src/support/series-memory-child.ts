import { encodeSampleBatch, learnerSettings, seriesKey } from "@mapek/core/contract";
import { learnerLogic } from "../../../services/learner/src/actor.ts";
import type { LearnerState } from "../../../services/learner/src/state.ts";
import { normalValues } from "./result.ts";

/**
 * A process with one learner partition of so many series and samples each, since memory is measured in a process that
 * did nothing before. Started with `--expose-gc`; says what it found and ends.
 */

/** What one process found. */
export interface SeriesMemory {
  /** Objects in the heap and buffers outside of it more than before, bytes. */
  readonly live: number;
  /** What of it the windows of samples take, bytes. */
  readonly windows: number;
  /** Resident memory more than before, bytes. */
  readonly resident: number;
  /** CPU of a sample, decoding included, nanoseconds: of the samples after `samples`, by round. */
  readonly cpuNs: readonly number[];
}

const [series = 0, samples = 0, rounds = 0] = process.argv.slice(2).map(Number);
const START_MS = 1_760_000_000_000;
const STEP_MS = 60_000;
const BATCH = 2_000;
const WARM_ROWS = 110;
const values = normalValues(4_096, 51);
const settings = learnerSettings.parse({});
const learning = (): LearnerState => {
  const state = learnerLogic.create(0);
  learnerLogic.receive(state, { version: 1, kind: "settings", time: START_MS, settings });
  return state;
};

const keyOf = (i: number): string =>
  seriesKey("checkout", "request_latency_ms", { host: `node-${i}`, zone: `z${i % 3}` });

/** Stored batches of a sample of each series, made outside of the time. @returns CPU of decoding and folding them, ns. */
function feed(state: LearnerState, count: number, row: number): number {
  let used = 0;
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    const bytes = encodeSampleBatch({
      history: false,
      series: Array.from({ length: size }, (_, i) => keyOf(first + i)),
      index: Uint16Array.from({ length: size }, (_, i) => i),
      times: new Float64Array(size).fill(START_MS + row * STEP_MS),
      values: Float64Array.from(
        { length: size },
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

/** A last resort also frees compiled code, megabytes of it: the more so the longer a process has run. */
function collect(): void {
  if (globalThis.gc === undefined) throw new Error("start this with --expose-gc");
  const flavor = rounds > 0 ? "regular" : "last-resort";
  for (let i = 0; i < 2; i++) globalThis.gc({ type: "major", execution: "sync", flavor });
}

function memory(): { live: number; resident: number } {
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { live: heapUsed + arrayBuffers, resident: rss };
}

/** Everything is compiled, and the heap has its first size, before anything is measured. */
function warmUp(): void {
  const state = learning();
  for (let row = 0; row < WARM_ROWS; row++) feed(state, BATCH, row);
}

warmUp();
const before = memory();
const state = learning();
for (let row = 0; row < samples; row++) feed(state, series, row);
const after = memory();
let windows = 0;
for (const { learner } of state.series.values()) windows += learner.window.byteLength;
const cpuNs = Array.from({ length: rounds }, (_, i) => feed(state, series, samples + i) / series);
process.send?.({
  live: after.live - before.live,
  windows,
  resident: after.resident - before.resident,
  cpuNs,
} satisfies SeriesMemory);
if (state.series.size !== series) throw new Error(`${state.series.size} series of ${series}`);
process.disconnect();
