import {
  type ActorService,
  anomaly,
  DEFAULT_PROFILE,
  encodeMsgpack,
  encodeSampleBatch,
  type Recommendation,
  recommendation,
  Subjects,
  seriesKey,
  type Threshold,
  threshold,
} from "@mapek/core/contract";
import { SIDES, type Side } from "@mapek/core/statistics";
import { SimulatedHouse } from "../../packages/runtime/src/replay/simulated-house.ts";
import { LOGICS } from "./logics.ts";
import type { TimedSeries } from "./synthetic-series.ts";

const SYSTEM = "s";
const METRIC = "m";

export interface ClosedLoopOptions {
  readonly exceedanceRate?: number;
  /** Thresholds that are learned. @default ["upper"] */
  readonly sides?: readonly Side[];
  /** What the optimizer has set; without it its default. */
  readonly learningRate?: number;
}

/** A sample, and what the house published upon it. */
export interface LoopStep {
  readonly time: number;
  readonly value: number;
  readonly thresholds: readonly Threshold[];
  readonly recommendations: readonly Recommendation[];
  /** Whether an anomaly is open: its samples are not learned from at first. */
  readonly isAnomalous: boolean;
}

/**
 * Runs a series through the three services' logic in the closed loop: nothing is published that a live house would not
 * have published at that sample. Cost: about 20 µs a sample.
 *
 * @throws where an actor failed on an input.
 */
export function* closedLoop(
  { times, values }: TimedSeries,
  { exceedanceRate = 0.05, sides = ["upper"], learningRate }: ClosedLoopOptions = {},
): Generator<LoopStep> {
  const subjects = new Subjects();
  const house = new SimulatedHouse(LOGICS, subjects, 1);
  const start = times[0] ?? 0;
  const tell = (service: ActorService, input: object) =>
    house.receive(
      subjects.input(service, 0),
      encodeMsgpack({ version: 1, time: start, ...input }),
      start,
    );
  tell("learner", {
    kind: "settings",
    settings: { exceedance_rate: exceedanceRate, thresholds: sides[1] ? "both" : sides[0] },
  });
  if (learningRate !== undefined) {
    const { healthy } = DEFAULT_PROFILE;
    const profile = { ...DEFAULT_PROFILE, healthy: { ...healthy, learning_rate: learningRate } };
    tell("optimizer", { kind: "settings", settings: { profile } });
    const performance = { version: 1, cpu_usage: 20, memory_usage: 20, timestamp: start };
    tell("optimizer", { kind: "performance", system: SYSTEM, performance });
  }
  const series = [seriesKey(SYSTEM, METRIC, {})];
  const ofThresholds = subjects.log("thresholds", SYSTEM);
  const ofAnomalies = subjects.log("anomalies", SYSTEM);
  let isAnomalous = false;
  const ofRecommendations = subjects.log("recommendations", SYSTEM);
  for (const [i, time] of times.entries()) {
    const value = values[i]!;
    const batch = encodeSampleBatch({
      series,
      index: Uint16Array.of(0),
      times: Float64Array.of(time),
      values: Float64Array.of(value),
      history: false,
    });
    const thresholds: Threshold[] = [];
    const recommendations: Recommendation[] = [];
    for (const { subject, data } of house.receive(subjects.samples(0), batch, time)) {
      if (subject.startsWith(ofThresholds)) thresholds.push(read(threshold.decode(data)));
      if (subject.startsWith(ofRecommendations))
        recommendations.push(read(recommendation.decode(data)));
      if (subject.startsWith(ofAnomalies))
        isAnomalous = read(anomaly.decode(data)).phase !== "closed";
    }
    if (house.failures > 0) throw new Error(`${house.failures} inputs failed`);
    yield { time, value, thresholds, recommendations, isAnomalous };
  }
}

/** The side that a message is about. */
export const sideOf = ({ side }: { readonly side?: Side | undefined }): Side => side ?? SIDES[0];

function read<T>(decoded: { ok: true; value: T } | { ok: false; error: Error }): T {
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
}
