import type { Acknowledged } from "./flow.ts";
import { SoakHouse } from "./house.ts";
import { type Outcome, runSchedule } from "./run-schedule.ts";
import { describeSchedule, type HouseKind, type Schedule, scheduleOf } from "./schedule.ts";
import { whyNoSmallDisk } from "./small-disk.ts";

export interface SoakOptions {
  /** Of the first schedule; each further one has the next. */
  readonly seed: number;
  readonly schedules: number;
  /** No schedule begins after so many minutes. @default no limit */
  readonly minutes?: number | undefined;
  readonly print: (line: string) => void;
  /** @default SoakHouse.start */
  readonly start?: (kind: HouseKind) => Promise<SoakHouse>;
}

interface Failure {
  readonly schedule: Schedule;
  readonly reason: string;
}

export interface SoakResult {
  readonly outcomes: readonly Outcome[];
  readonly failures: readonly Failure[];
  /** Attempts to start a house, or to clear it away, that failed, with the schedule that was to run. Each start is tried twice. */
  readonly houseFailures: readonly Failure[];
  /** Schedules that this machine cannot run, with the reason. */
  readonly skipped: readonly Failure[];
}

/** Schedules that go through their houses before further ones are begun: so each kind comes early. */
const ROUND = 39;
/** Schedules of one house's life: its log is replayed whole after each. */
const HOUSE_LIFE = 15;
const SHOWN_DIFFERENCES = 20;
const START_ATTEMPTS = 2;
const HOUSES: readonly HouseKind[] = ["single", "small disk", "cluster"];

/** Runs schedules one after the other; a house in which one failed is given up, and the next gets a new one. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { seed, schedules, minutes, print, start = SoakHouse.start } = options;
  const deadline = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const result: Collected = { outcomes: [], failures: [], houseFailures: [], skipped: [] };
  const noDisk = await whyNoSmallDisk();
  const all = Array.from({ length: schedules }, (_, i) => scheduleOf(seed + i));
  for (let from = 0; from < all.length; from += ROUND)
    for (const kind of HOUSES) {
      const round = all.slice(from, from + ROUND).filter(({ house }) => house === kind);
      if (kind === "small disk" && noDisk !== undefined) {
        for (const schedule of round) {
          print(`skipped: ${describeSchedule(schedule)}: no small disk: ${noDisk}`);
          result.skipped.push({ schedule, reason: noDisk });
        }
        continue;
      }
      while (round.length > 0 && performance.now() < deadline) {
        const house = await startedHouse(round, () => start(kind), print, result);
        if (house !== undefined) await liveInHouse(round, house, deadline, print, result);
      }
    }
  return result;
}

interface Collected {
  readonly outcomes: Outcome[];
  readonly failures: Failure[];
  readonly houseFailures: Failure[];
  readonly skipped: Failure[];
}

/** A house for the first schedule of a round. Where none starts at the second attempt either, that schedule has failed. */
async function startedHouse(
  round: Schedule[],
  start: () => Promise<SoakHouse>,
  print: SoakOptions["print"],
  { failures, houseFailures }: Collected,
): Promise<SoakHouse | undefined> {
  const [schedule] = round;
  if (schedule === undefined) return undefined;
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt++) {
    try {
      return await start();
    } catch (error) {
      const reason = `the house failed to start: ${(error as Error).message}`;
      houseFailures.push({ schedule, reason });
      print(`${reason} (attempt ${attempt} of ${START_ATTEMPTS}: ${describeSchedule(schedule)})`);
      if (attempt === START_ATTEMPTS) failures.push({ schedule, reason });
    }
  }
  round.shift();
  return undefined;
}

async function liveInHouse(
  round: Schedule[],
  house: SoakHouse,
  deadline: number,
  print: SoakOptions["print"],
  result: Collected,
): Promise<void> {
  const last = round[0] as Schedule;
  try {
    await runIn(round, house, deadline, print, result);
  } finally {
    await house[Symbol.asyncDispose]().catch((error: unknown) => {
      const reason = `the house was not cleared away: ${(error as Error).message}`;
      result.houseFailures.push({ schedule: last, reason });
      print(reason);
    });
  }
}

/** Takes schedules from the front of a round for as long as the house lives. */
async function runIn(
  round: Schedule[],
  house: SoakHouse,
  deadline: number,
  print: SoakOptions["print"],
  { outcomes, failures }: Collected,
): Promise<void> {
  const acknowledged: Acknowledged[] = [];
  for (let age = 0; age < HOUSE_LIFE && performance.now() < deadline; age++) {
    const schedule = round.shift();
    if (schedule === undefined) return;
    print(describeSchedule(schedule));
    const fail = (reason: string) => {
      failures.push({ schedule, reason });
      print(`FAILED. Again: pnpm soak --seed ${schedule.seed} --schedules 1\n${reason}`);
      print(house.logs());
    };
    try {
      const outcome = await runSchedule(house, schedule, acknowledged);
      outcomes.push(outcome);
      const { differences, pauseMs, tookMs } = outcome;
      print(
        `  ${outcome.acknowledged} acknowledged, ${differences.length} differences, longest pause ${pauseMs} ms, took ${tookMs} ms`,
      );
      if (differences.length === 0) continue;
      const shown = differences.slice(0, SHOWN_DIFFERENCES);
      fail(shown.map((one) => `${one.kind}: ${one.where}: ${one.detail.slice(0, 600)}`).join("\n"));
    } catch (error) {
      fail((error as Error).stack ?? String(error));
    }
    return;
  }
}
