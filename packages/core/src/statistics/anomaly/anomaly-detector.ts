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

/** Factor of the held surprise at each sample that is back near its hour's usual value. */
const RELEASE = 0.85;

/** Surprise of each family at the last sample. All detectors share this list. */
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

/** State of version 6, from before `HourMean` existed. */
interface SnapshotWithoutHour extends Omit<AnomalyDetectorSnapshot, "version" | "hour"> {
  version: 6;
}

/**
 * Online detector of unusual samples with calibrated evidence: each family gives the rarity of a sample among the series' own hours, so
 * one level means the same rate of false alarms on every series.
 *
 * Surprise is −log10 of the share of hours that hold as much as a sample does. Four families (`EvidenceFamilies`) are calibrated on the
 * series' own hours (`HourlyTail`), and are silent for two days. Records (`RecordDetector`) have the same law on every series. The mean
 * of an hour with a daily job (`HourMean`) counts for the first sample after the hour. `combinedSurprise` combines all of these. In the
 * first two days only records count, reduced by `youngDoubt`.
 *
 * A surprise depends on its own sample and earlier samples only. Cost: O(1), about 1.2 µs per sample, more if each sample begins an
 * hour; 8 KB of memory when seasoned, 0.8 KB more with a daily job.
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

  /** A change of this setting discards the hourly profile; the detector learns a wanted profile from the next sample on. */
  set seasonal(wanted: boolean) {
    this.#families.seasonal = wanted;
  }

  /** Samples judged. */
  get count(): number {
    return this.#records.count;
  }

  /** Surprise of the last sample, at least 0. */
  get surprise(): number {
    return this.#numbers[SURPRISE]!;
  }

  /**
   * The source of scores, so that an anomaly has the same score in its middle as at its beginning. The largest recent surprise is held
   * while the level surprise is at least half of the held surprise, and at least `NAMED_SURPRISE`; then it falls by 15 % per sample.
   */
  get heldSurprise(): number {
    return this.#numbers[HELD]!;
  }

  /** Surprises at the last sample, by `EVIDENCE_FAMILIES`. All detectors share this list: the next `update` of any detector overwrites it. */
  get surprises(): readonly number[] {
    return surprises;
  }

  /** Whether the series' hours are known. Until then only records count. */
  get isCalibrated(): boolean {
    return this.#tails[SEASON]!.isKnown;
  }

  /** Reduction of the last sample's surprise because the series is young. */
  get doubt(): number {
    return this.isCalibrated ? 0 : surprises[RECORD]! - this.surprise;
  }

  /** Surprise of the last sample's distance from its hour's usual value; undefined while the hours are unknown. */
  get levelSurprise(): number | undefined {
    return this.isCalibrated ? surprises[LEVEL]! : undefined;
  }

  /** The larger surprise of level and step, the families that forget an incident at once; while hours are unknown, of a record value. */
  get directSurprise(): number {
    if (this.isCalibrated) return Math.max(surprises[LEVEL]!, surprises[STEP]!);
    return this.#records.excesses[VALUE]! > 0 ? this.surprise : 0;
  }

  /** Expected value of the last sample: its hour's usual value at the level of the last hours, or the running mean while hours are unknown. */
  get expected(): number {
    return this.#numbers[EXPECTED]!;
  }

  /** Lower end of the expected range, which samples leave in one hour of ten; undefined before the second sample. */
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

  /** The unusual families of the last sample: see `unusualFamilies`. */
  unusual(): { families: AnomalyFamily[]; surprises: Surprises } {
    return unusualFamilies(surprises, this.#records.excesses);
  }

  /** Moves the learned hours to the series' new level. @param by Unit of the values. */
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
   * Continues where `snapshot` was taken, bit for bit. Version 4 or 5 keeps the records only; version 6 keeps all, and learns the means
   * of hours from now on.
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
