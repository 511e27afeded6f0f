import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../support/wait-for.ts";
import { check, type Difference } from "./checker.ts";
import { inject } from "./faults.ts";
import { type Acknowledged, Flow } from "./flow.ts";
import { PARTITIONS, type SoakHouse } from "./house.ts";
import { Random } from "./random.ts";
import { read, settled } from "./reading.ts";
import type { Schedule } from "./schedule.ts";

/** What came of one schedule. */
export interface Outcome {
  readonly schedule: Schedule;
  readonly differences: readonly Difference[];
  /** Inputs that this schedule's flow had acknowledged. */
  readonly acknowledged: number;
  /** The longest time for which no signal of one of the systems was told of, ms: what a team sees of the fault. */
  readonly pauseMs: number;
  /** How often an instance ended by itself, other than by a fault that kills it. */
  readonly crashes: number;
  /** From the flow's beginning to the end of the check, ms. */
  readonly tookMs: number;
}

const LANES = 6;
const PAUSE_MS = 25;
const AFTER_MS = 300;
/** A flow goes on until more inputs than this are acknowledged: on a slow machine, too, a schedule has to show something. */
export const LEAST_ACKNOWLEDGED = 50;

/** What flows steadily while samples and signals do; of each family it is seen whether it flows again. */
const STREAMS_OF_OUTPUTS = [
  ["feedback", "actions"],
  ["recommendations", "thresholds", "anomalies"],
] as const;

/**
 * Lets inputs flow, does to the house what the schedule says, and compares everything that the house has
 * ever stored with a replay, once outputs flow again and all inputs are folded.
 *
 * @param earlier What was acknowledged in this house before; what this flow got acknowledged is added.
 * @throws {Error} where outputs do not come back or inputs are not folded in time.
 */
export async function runSchedule(
  house: SoakHouse,
  schedule: Schedule,
  earlier: Acknowledged[],
): Promise<Outcome> {
  const { nc, watch } = house;
  const { seed, kind, events } = schedule;
  const crashesBefore = crashesIn(house);
  const startedAt = performance.now();
  const systems = Array.from({ length: LANES }, (_, lane) => `s${seed}-${lane}`);
  const flow = new Flow({
    connections: [nc],
    random: new Random(seed),
    systems,
    startAt: Date.now(),
    pauseMs: PAUSE_MS,
    disorder: kind === "disorder" || kind === "mixed",
  }).start();
  earlier.push(flow.acknowledged);
  await Promise.all(
    events.map(async (event) => {
      await delay(event.atMs);
      await inject(house, event);
    }),
  );
  await delay(AFTER_MS);
  const over = performance.now();
  await waitFor("outputs flow again", () =>
    STREAMS_OF_OUTPUTS.every((families) => watch.hasSince(families, over)),
  );
  await waitFor("enough inputs are acknowledged", () => countOf(flow) > LEAST_ACKNOWLEDGED);
  const end = performance.now();
  await flow.stop();
  await settled(nc, PARTITIONS);
  const differences = check(await read(nc, PARTITIONS), {
    samples: earlier.flatMap(({ samples }) => samples),
    signals: earlier.flatMap(({ signals }) => signals),
  });
  const pauses = systems.map((system) =>
    watch.longestGapMs([`feedback.${system}`, `actions.${system}`], startedAt, end),
  );
  return {
    schedule,
    differences,
    acknowledged: countOf(flow),
    pauseMs: Math.round(Math.max(...pauses)),
    crashes: crashesIn(house) - crashesBefore,
    tookMs: Math.round(performance.now() - startedAt),
  };
}

const countOf = ({ acknowledged: { samples, signals } }: Flow): number =>
  samples.length + signals.length;

const crashesIn = ({ instances }: SoakHouse): number =>
  [...instances.values()].reduce((sum, { crashes }) => sum + crashes, 0);
