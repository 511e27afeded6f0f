import { requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import {
  type AnomalyFamily,
  EVIDENCE_FAMILIES,
  HOUR,
  RECORD,
  type Surprises,
} from "./anomaly-families.ts";
import { combinedSurprise, recordSurprise, youngDoubt } from "./combined-surprise.ts";
import {
  EvidenceFamilies,
  type EvidenceFamiliesSnapshot,
  LEVEL,
  SEASON,
  SIZES,
  type Size,
  STEP,
} from "./evidence/evidence-families.ts";
import { hourBegun } from "./evidence/hour-begun.ts";
import { HourMean } from "./evidence/hour-mean.ts";
import { HOUR_MS } from "./evidence/hourly-profile.ts";
import { type HourBegun, HourlyTail, type HourlyTailSnapshot } from "./evidence/hourly-tail.ts";
import { type OldDetectorSnapshot, recordsOf } from "./old-detector.ts";
import {
  confined,
  RecordDetector,
  type RecordDetectorSnapshot,
  VIEW_FAMILIES,
} from "./record-detector.ts";
import { NAMED_SURPRISE, unusualFamilies } from "./unusual-families.ts";

const VALUE = VIEW_FAMILIES.indexOf("value");

/** What is held of a surprise is so much less at each sample that is back where its hour usually is. */
const RELEASE = 0.85;

/** Surprise of each family at the last sample of any detector. */
const surprises = doubles(EVIDENCE_FAMILIES.length, 0);

/** Places of the numbers of the state. */
const SURPRISE = 0;
const EXPECTED = 1;
const EXPECTED_LOW = 2;
const EXPECTED_HIGH = 3;
const LAST_HOUR = 4;
const HELD = 5;
const NUMBERS = 6;

/** State of an `AnomalyDetector`: numbers and typed arrays. */
export interface AnomalyDetectorSnapshot {
  version: 7;
  seasonal: boolean;
  numbers: Float64Array;
  records: RecordDetectorSnapshot;
  families: EvidenceFamiliesSnapshot;
  tails: Record<Size, HourlyTailSnapshot>;
  hour: HourlyTailSnapshot | null;
}

/** State from before an hour's mean was looked at. */
interface SnapshotWithoutHour extends Omit<AnomalyDetectorSnapshot, "version" | "hour"> {
  version: 6;
}

/**
 * Online detector of unusual samples whose evidence calibrates itself: each family says how rare a sample is among the series' own
 * hours, so that one level means the same rate of false alarms on every series.
 *
 * Surprise is −log10 of the share of hours that hold so much. Four families (`EvidenceFamilies`) are calibrated on the series' own
 * hours (`HourlyTail`), silent for two days; records (`RecordDetector`) have the same law on every series; the mean of an
 * hour (`HourMean`) speaks with the first sample after it, where a job runs daily. The surprise of a sample is six tenths of the
 * largest of the four and four of their mean, or that of its record or of the hour where it is larger. In the first two days the records
 * alone speak, and are doubted.
 *
 * Each surprise depends on this and earlier samples only. Cost: O(1), about 1.2 µs a sample, more where each sample begins an hour; 8 KB when seasoned, 0.8 KB
 * more where a job runs daily.
 */
export class AnomalyDetector {
  readonly #numbers = doubles(NUMBERS, 0);
  #records = new RecordDetector();
  #families: EvidenceFamilies;
  #tails = SIZES.map(() => new HourlyTail());
  #hour = new HourMean();

  /** @param seasonal Whether the series may follow the hours of days and weeks. */
  constructor(seasonal = true) {
    this.#families = new EvidenceFamilies(seasonal);
  }

  get seasonal(): boolean {
    return this.#families.seasonal;
  }

  /** What was known of the season is let go of; one that is wanted anew is learned from now on. */
  set seasonal(wanted: boolean) {
    this.#families.seasonal = wanted;
  }

  /** Samples judged. */
  get count(): number {
    return this.#records.count;
  }

  /** Surprise of the last sample: −log10 of the share of hours that hold so much, from 0. */
  get surprise(): number {
    return this.#numbers[SURPRISE]!;
  }

  /**
   * The largest surprise of late, held as long as samples lie at least half as far from what their hours usually are, in surprise;
   * then it falls by a seventh a sample. What scores tell: an anomaly is as unusual in its middle as at its beginning.
   */
  get heldSurprise(): number {
    return this.#numbers[HELD]!;
  }

  /** Surprise of each of `EVIDENCE_FAMILIES` at the last sample. One list for all detectors: good until the next `update` of any. */
  get surprises(): readonly number[] {
    return surprises;
  }

  /** Whether the series' hours are known: before, records alone speak, and are doubted. */
  get isCalibrated(): boolean {
    return this.#tails[SEASON]!.isKnown;
  }

  /** By how much the last sample's surprise was doubted because the series is young. */
  get doubt(): number {
    return this.isCalibrated ? 0 : surprises[RECORD]! - this.surprise;
  }

  /** Surprise of how far the last sample lies from what its hour usually is; undefined while the hours are not known. */
  get levelSurprise(): number | undefined {
    return this.isCalibrated ? surprises[LEVEL]! : undefined;
  }

  /** The larger of that and of its step: what forgets at once. While hours are not known, that of a record of the value itself. */
  get directSurprise(): number {
    if (this.isCalibrated) return Math.max(surprises[LEVEL]!, surprises[STEP]!);
    return this.#records.excesses[VALUE]! > 0 ? this.surprise : 0;
  }

  /** What was expected of the last sample: its hour's usual value at the level of the last hours; the running mean before that is known. */
  get expected(): number {
    return this.#numbers[EXPECTED]!;
  }

  /** Ends of the range in which a sample like the last one stays in nine hours of ten; undefined before the second sample. */
  get expectedLow(): number | undefined {
    return this.count < 2 ? undefined : this.#numbers[EXPECTED_LOW]!;
  }

  get expectedHigh(): number | undefined {
    return this.count < 2 ? undefined : this.#numbers[EXPECTED_HIGH]!;
  }

  /** Usual milliseconds between two samples, 0 before the second. */
  get intervalMs(): number {
    return this.#records.intervalMs;
  }

  /** Whether a value lies within the range of the values so far; false before the second sample. Cost: two comparisons. */
  expects(value: number): boolean {
    return this.#records.expects(value);
  }

  /**
   * Judges the next sample, then learns from it.
   *
   * @param localMs Local time in milliseconds since 1970, for the hour of the day and the day of the week.
   * @param value Any finite number.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   */
  update(localMs: number, value: number): void {
    const records = this.#records;
    records.update(localMs, value);
    const x = confined(value);
    const families = this.#families;
    const hour = Math.floor(localMs / HOUR_MS);
    const line = records.lineAt(localMs);
    if (records.dayBegun !== undefined) families.beginDay(records.dayBegun);
    const begun = this.#beginHour(hour);
    this.#expect(hour, line);
    families.update(localMs, x, records.intervalMs, line);
    let largest = 0;
    let sum = 0;
    for (let family = 0; family < SIZES.length; family++) {
      const surprise = this.#tails[family]!.take(families.sizes[family]!);
      surprises[family] = surprise;
      sum += surprise;
      if (surprise > largest) largest = surprise;
    }
    surprises[RECORD] = recordSurprise(records.evidence);
    surprises[HOUR] = begun === undefined ? 0 : this.#judgeHour(begun);
    const surprise = this.#combine(largest, sum / SIZES.length);
    const numbers = this.#numbers;
    numbers[SURPRISE] = surprise;
    const held = numbers[HELD]!;
    const isOff = surprises[LEVEL]! >= Math.max(NAMED_SURPRISE, held / 2);
    numbers[HELD] = Math.max(surprise, isOff ? held : RELEASE * held);
  }

  /** What is unusual of the last sample, the most surprising first; of a record by which of its views, the furthest first. */
  unusual(): { families: AnomalyFamily[]; surprises: Surprises } {
    return unusualFamilies(surprises, this.#records.excesses);
  }

  /** The series has a new level: its hours differ as before. @param by Unit of the values. */
  shift(by: number): void {
    this.#families.shift(by);
  }

  snapshot(): AnomalyDetectorSnapshot {
    return {
      version: 7,
      seasonal: this.seasonal,
      numbers: Float64Array.from(this.#numbers),
      records: this.#records.snapshot(),
      families: this.#families.snapshot(),
      tails: Object.fromEntries(
        SIZES.map((size, i) => [size, this.#tails[i]!.snapshot()]),
      ) as Record<Size, HourlyTailSnapshot>,
      hour: this.#hour.snapshot(),
    };
  }

  /**
   * Continues where `snapshot` was taken, bit for bit. One from before there were tails goes on with its records, one from before an hour's
   * mean was looked at learns that from now on.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
   */
  static restore(
    snapshot: AnomalyDetectorSnapshot | SnapshotWithoutHour | OldDetectorSnapshot,
  ): AnomalyDetector {
    requireSnapshot(
      [4, 5, 6, 7].includes(snapshot.version),
      "not an anomaly detector of version 4 to 7",
    );
    if (!("tails" in snapshot)) {
      const restored = new AnomalyDetector(snapshot.season.seasonal);
      restored.#records = RecordDetector.restore(recordsOf(snapshot));
      return restored;
    }
    const { seasonal, numbers, records, families, tails } = snapshot;
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite),
      "the anomaly detector is damaged",
    );
    const restored = new AnomalyDetector(seasonal);
    numbers.forEach((number, at) => {
      restored.#numbers[at] = number;
    });
    restored.#records = RecordDetector.restore(records);
    restored.#families = EvidenceFamilies.restore(families, seasonal);
    restored.#tails = SIZES.map((size) => HourlyTail.restore(tails[size]));
    if (snapshot.version === 7) restored.#hour = HourMean.restore(snapshot.hour);
    return restored;
  }

  #combine(largest: number, mean: number): number {
    const record = surprises[RECORD]!;
    if (!this.isCalibrated) return Math.max(0, record - youngDoubt(this.count, this.intervalMs));
    return combinedSurprise(largest, mean, record, surprises[HOUR]!);
  }

  #judgeHour(begun: HourBegun): number {
    const over = this.#families.hourOver;
    return this.#hour.judge(begun, over, this.intervalMs, this.#tails[STEP]!, this.#tails[LEVEL]!);
  }

  #beginHour(hour: number): HourBegun | undefined {
    const numbers = this.#numbers;
    const over = numbers[LAST_HOUR]!;
    numbers[LAST_HOUR] = hour;
    if (hour === over || this.count < 2) return undefined;
    const begun = hourBegun(hour, over, this.intervalMs, this.#families.repeats);
    for (const tail of this.#tails) tail.beginHour(begun);
    return begun;
  }

  #expect(hour: number, line: number): void {
    const numbers = this.#numbers;
    const expected = this.#families.expectedAt(hour, line);
    const reach = this.#tails[SEASON]!.usualSize;
    if (expected === undefined || reach === undefined) {
      numbers[EXPECTED] = this.#records.expected;
      numbers[EXPECTED_LOW] = this.#records.expectedLow ?? 0;
      numbers[EXPECTED_HIGH] = this.#records.expectedHigh ?? 0;
      return;
    }
    numbers[EXPECTED] = expected;
    numbers[EXPECTED_LOW] = expected - reach;
    numbers[EXPECTED_HIGH] = expected + reach;
  }
}
