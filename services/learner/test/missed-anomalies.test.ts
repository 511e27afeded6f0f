// An anomaly that nobody was told of: what becomes of its kind once somebody reports it, from stored samples to the next alarm.
import { type LabelVerdict, seriesKey } from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { describe, expect, test } from "vitest";
import { RandomSource } from "../../../packages/core/test/statistics/random-source.ts";
import { at, logged, Partition, type Row, toFeedback } from "./fixtures.ts";

const LATENCY = seriesKey("checkout", "latency");
const HOUR = 3_600;
const DAY = 24 * HOUR;
const STEP = 300;
/** When an hour is two deviations higher than usual, which is too little to be told, and when values are lower and come back slowly. */
const FIRST = 12 * DAY + 3 * HOUR;
const NEXT_DAY = 13 * DAY + 10 * HOUR;
const OTHER_KIND = 15 * DAY + 16 * HOUR;
const NEXT_WEEK = 20 * DAY + 5 * HOUR;
const REPORTED = FIRST + 5 * HOUR;
const CONFIRMED = NEXT_DAY + 5 * HOUR;
const END = 21 * DAY;

function sampled(seed: number): Row[] {
  const random = new RandomSource(seed);
  const isHigh = (second: number) =>
    [FIRST, NEXT_DAY, NEXT_WEEK].some((from) => second >= from && second < from + HOUR);
  const low = (second: number) =>
    second < OTHER_KIND ? 0 : Math.exp((OTHER_KIND - second) / (3 * HOUR));
  return Array.from({ length: END / STEP }, (_, i): Row => {
    const second = i * STEP;
    return [LATENCY, second, 100 + random.normal() + (isHigh(second) ? 2 : 0) - 2.4 * low(second)];
  });
}

/** A partition that receives the samples, each label at its time. */
class House {
  readonly partition = new Partition();
  /** When anomalies opened, seconds. */
  readonly opened: number[] = [];
  readonly #rows: readonly Row[];
  #fed = 0;

  constructor(seed: number) {
    this.#rows = sampled(seed);
  }

  until(second: number): this {
    const rows = this.#rows.filter(([, time]) => time >= this.#fed && time < second);
    this.#fed = second;
    this.opened.push(...openings(this.partition.samples(rows)));
    return this;
  }

  /** What comes back of a label as the feedback service sends it, weighed by its trust in who said it. */
  label(verdict: LabelVerdict, second: number, weight = 1): string {
    const outputs = this.partition.command(
      `label.${this.#fed}.${verdict}`,
      {
        name: "scale_sensitivity",
        metric: "latency",
        labels: {},
        // The sensitivity alone is to change nothing here.
        factor: 1,
        known_kind_factor: 1,
        anomaly_opened_at: at(second),
        verdict,
        weight,
      },
      "checkout",
      this.#fed,
    );
    const [said] = toFeedback(outputs);
    return said?.kind === "confirmation" ? said.reason : "";
  }

  told(from: number): boolean {
    return this.opened.some((second) => second >= from && second < from + HOUR);
  }
}

const openings = (outputs: readonly Output[]): number[] =>
  logged<{ phase: string; opened_at: number }>(outputs, "anomalies")
    .filter(({ phase }) => phase === "opened")
    .map(({ opened_at }) => (opened_at - at(0)) / 1_000);

describe.each([38, 57, 58, 69])("an anomaly that was missed, series %i", (seed) => {
  test("is not told again while nobody reports it", () => {
    expect(new House(seed).until(END).opened).toEqual([]);
  });

  test("is told the next day and the next week once it was reported, and no other kind is", () => {
    const house = new House(seed).until(REPORTED);
    expect(house.label("false_negative", FIRST)).toBe(
      "sensitivity × 1, and its kind is told from now on",
    );
    house.until(END);
    expect(house.opened).toHaveLength(2);
    expect([NEXT_DAY, OTHER_KIND, NEXT_WEEK].map((from) => house.told(from))).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("a restart between all of these changes nothing", () => {
    const house = new House(seed).until(FIRST + 1_000);
    house.partition.restart();
    house.until(REPORTED).partition.restart();
    house.label("false_negative", FIRST);
    house.partition.restart();
    const lasting = new House(seed).until(REPORTED);
    lasting.label("false_negative", FIRST);
    expect(house.until(END).opened).toEqual(lasting.until(END).opened);
    expect(house.partition.state.series.get(LATENCY)?.learner.snapshot()).toEqual(
      lasting.partition.state.series.get(LATENCY)?.learner.snapshot(),
    );
  });

  test("a false alarm of its kind takes the report back", () => {
    const house = new House(seed).until(REPORTED);
    house.label("false_negative", FIRST);
    house.until(CONFIRMED);
    house.label("false_positive", house.opened[0] as number);
    expect(house.until(END).opened).toHaveLength(1);
  });

  test("a report whose action hurt is taken back by the time that it named", () => {
    const house = new House(seed).until(REPORTED);
    house.label("false_negative", FIRST);
    house.label("false_positive", FIRST);
    expect(house.until(END).opened).toEqual([]);
  });

  test("somebody who is hardly trusted changes hardly anything", () => {
    const house = new House(seed).until(REPORTED);
    house.label("false_negative", FIRST, 0.05);
    expect(house.until(END).opened).toEqual([]);
  });

  test("where nothing was unusual nothing is learned, and the answer says so", () => {
    const house = new House(seed).until(REPORTED);
    const quiet = quietHour(house);
    expect(house.label("false_negative", quiet)).toBe(
      "sensitivity × 1; no kind learned: around that time nothing was unusual that was not told",
    );
    expect(house.until(END).opened).toEqual([]);
  });
});

/** A time of the last days around which the series has no near miss. */
function quietHour({ partition }: House): number {
  const snapshot = partition.state.series.get(LATENCY)?.learner.snapshot();
  const near = snapshot?.judge.rule?.near_misses.map(({ openedAt }) => openedAt) ?? [];
  let second = FIRST - 12 * HOUR;
  while (near.some((time) => time > at(second - HOUR) - 1 && time < at(second + 3 * HOUR) + 1))
    second -= HOUR;
  return second;
}
