import {
  AT,
  BLOCK,
  KEPT_OF_2,
  LAST_DEVIATION,
  meanOf,
  NUMBERS,
  NUMBERS_OF_2,
  NUMBERS_OF_3,
  push,
  RUN,
  SUDDEN,
  TREND,
} from "./change-numbers.ts";
import { clamp, clampFinite } from "./clamp.ts";
import { doubles } from "./doubles.ts";
import { requireFinite, requireSnapshot } from "./errors.ts";
import { medianOf } from "./median.ts";
import { WeeklyShape, type WeeklyShapeSnapshot } from "./weekly-shape.ts";

/** Least samples of a block: the median of three stands one outlier. */
const FEWEST = 3;
/**
 * Time that a block lasts, longer where that many samples do, ms. Chosen as what it was at one sample in five minutes, checked on
 * kpi, wsd and cloud: 12 minutes, which it was at one a minute, told 0.14 and 0.20 false changes a series and day there.
 */
const BLOCK_MS = 3_600_000;
/** Least time between two samples that are looked at, ms: a twelfth of a block, less what their times vary. */
const STEP_MS = 250_000;
/** Blocks from which on their deviation is known. */
const KNOWN_BLOCKS = 12;
/** On the first day they are for a sudden shift from these on. */
const FIRST_DAY_BLOCKS = 8;
/** Least weight of the newest block in the deviation, and in the level. */
const DEVIATION_RATE = 0.01;
const LEVEL_RATE = 1 / 48;
/** Deviation of a normal variable over its mean absolute deviation. */
const PER_MEAN_ABSOLUTE = 1.2533141373155;
/** A block's deviation is at least this share of its samples': the median of 12 has 0.36. */
const LEAST_SHARE = 0.3;
/**
 * Blocks of n independent samples are at most this far from their level, over √n, in distances of samples; where they use to be
 * further, a run must be longer by that factor, up to the second. Chosen on kpi and wsd (of 1.6 to 1.9, and 2 to 3), checked on
 * cloud and on synthetic level shifts, whose delay it leaves as it was.
 */
const INDEPENDENT = 1.7;
const MOST_WANDERING = 2;
/** It is also at least this share of what a line rises in a block: without noise there is nothing else but rounding. */
const LINE_SHARE = 0.1;
/** A block counts for at most this many deviations, so that one burst cannot be a change. */
const MOST = 4;
/** Deviations of each block that are tolerated (k of CUSUM), and what must gather beyond them (h). */
const TOLERATED = 1.5;
const GATHERED = 12;
/** Blocks after which a change that came slowly is one too. */
const SLOW_RUN = 24;
/** A level that is off by less than a change for so many blocks is the usual one. */
const SMALL_RUN = 72;
/** Least size of a change, in deviations of samples: shifts by two are told. */
const LEAST_SIZE = 1.8;
const MOST_SIZE = 1_000;
/** Share of the new level that an abrupt change has reached in its second to fourth block. */
const ABRUPT = 0.7;
/** Share of it that the blocks before had at most: those of a drift had much. Chosen on synthetic lines, checked on the corpora. */
const PRIOR = 0.35;
/** While the week is not known, a change of a series that follows the day must last longer than a weekend; one that begins with the week, longer than its workdays. */
const WEEK_HOURS = 192;
/** Until then the week of such a series is too little known for a sudden shift: its second weekend was one. Chosen on synthetic weeks. */
const SECOND_WEEK_HOURS = 360;
const WEEKEND_MS = 60 * 3_600_000;
const WORKDAYS_MS = 130 * 3_600_000;
/**
 * Up to this age what was learned of a season before a line was known is the line, for the most part, and is learned anew; within
 * the first week, so that no weekend is lost. Chosen on synthetic lines, checked on synthetic weeks and the corpora.
 */
const YOUNG_HOURS = 160;
/** Range of the hours from which on a series follows the day, in deviations of samples. */
const DAILY_RANGE = 4;
/** A value counts for at most this, so that no difference or sum overflows. */
const LARGEST = 1e300;
/** Days are counted from Monday. */
const FRIDAY = 4;
const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Drifts are told this far apart, and one to the same side within so long of the last is that one going on. Chosen on synthetic lines. */
const DRIFT_MS = 7 * DAY_MS;
const SAME_DRIFT_MS = 30 * DAY_MS;

/** A change of a series that lasts. Levels are what the series had, and had been expected to have, in its last blocks. */
export interface Change {
  readonly kind: "level_shift" | "drift";
  /** Milliseconds. */
  readonly since: number;
  readonly before: number;
  readonly after: number;
  /** Distance in standard deviations of the samples around their level; at most 1,000. */
  readonly size: number;
}

/** Numbers of a state, by its version. */
const LENGTHS = { 2: NUMBERS_OF_2, 3: NUMBERS_OF_3, 4: NUMBERS } as const;

/** State of a {@link ChangeDetector}. */
export interface ChangeDetectorSnapshot {
  readonly version: 4;
  readonly seasonal: boolean;
  readonly shape: WeeklyShapeSnapshot | null;
  readonly numbers: Float64Array;
}

/**
 * Finds lasting changes of a series: a level that shifts and settles, or drifts on.
 *
 * Samples at least 250 s apart, less the line that the series follows and what the hour of the day and of the week lets expect, are
 * taken together by medians of an hour, of three samples where these are longer: what is told does not depend on how often a
 * series is sampled. A two-sided CUSUM runs over these in units of their own long-run deviation; each block counts for a bounded
 * amount. What gathers is a level shift if it came at once and has settled, a drift if it went on for 24 blocks. A burst, or an
 * incident of fewer than 8 blocks, is neither; where blocks wander more than independent samples would make them, of up to 16.
 * A shift that is large against what blocks do is told earlier: see `SuddenShift`.
 * While the hours are not known, what began must last for a day, but for one large sudden shift, which may turn out to be the
 * day's; in the first week one that begins between Saturday and Monday must last 60 hours. A line is no change; one that begins
 * is one drift.
 *
 * Over 300 lines: one automaton, whose steps share its numbers.
 *
 * Cost: O(1) a sample, 0.5 µs (0.1 at one a minute, 0.02 at one a second); 0.8 KB, 1.3 KB from the second hour on. Shift and
 * scale equivariant.
 * Source: Page (1954), Biometrika 41, 100–115 (CUSUM).
 */
export class ChangeDetector {
  readonly #seasonal: boolean;
  #shape: WeeklyShape | undefined;
  /** By place: see `AT`. */
  #numbers = doubles(NUMBERS, 0);

  /** @param seasonal Whether the series may follow days and weeks. */
  constructor(seasonal = true) {
    this.#seasonal = seasonal;
    this.#numbers[AT.level] = Number.NaN;
    this.#numbers[AT.takenAt] = Number.NEGATIVE_INFINITY;
    this.#numbers[AT.driftAt] = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes the next sample, in order of time.
   *
   * @param localTimeMs The time with the offset of the series' time zone.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE
   */
  update(timeMs: number, localTimeMs: number, sample: number): Change | undefined {
    const n = this.#numbers;
    SUDDEN.count(n);
    if (timeMs - n[AT.takenAt]! < STEP_MS) return undefined;
    requireFinite(sample, "value");
    const value = clamp(sample, -LARGEST, LARGEST);
    const gap = timeMs - n[AT.takenAt]!;
    n[AT.takenAt] = timeMs;
    this.#followTrend(localTimeMs, value);
    const shape = this.#shapeAt(localTimeMs, value);
    if (n[AT.count] === 0) {
      n[AT.blockAt] = timeMs;
      n[AT.blockLocalAt] = localTimeMs;
      n[AT.expected] = 0;
    }
    const expected = clampFinite(n[AT.offset]! + TREND.at(n, localTimeMs) + shape);
    const count = n[AT.count]! + 1;
    n[AT.expected] = n[AT.expected]! + (expected / count - n[AT.expected]! / count);
    n[AT.block + count - 1] = clampFinite(value - expected);
    n[AT.count] = count;
    const sudden = this.#followSudden(timeMs, localTimeMs, n[AT.block + count - 1]!);
    if (sudden !== undefined) return sudden;
    const isOver = count >= FEWEST && timeMs + gap - n[AT.blockAt]! >= BLOCK_MS;
    if (!isOver && count < BLOCK) return undefined;
    return this.#endBlock(timeMs);
  }

  snapshot(): ChangeDetectorSnapshot {
    return {
      version: 4,
      seasonal: this.#seasonal,
      shape: this.#shape?.snapshot() ?? null,
      numbers: Float64Array.from(this.#numbers),
    };
  }

  /**
   * Continues where `snapshot` was taken, bit for bit. One of version 3, which knew no sudden shifts, learns from then on what
   * they are; one of version 2, whose blocks had no length in time, keeps what it knows of the season and the level.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
   */
  static restore(
    snapshot: Omit<ChangeDetectorSnapshot, "version"> & { readonly version: 2 | 3 | 4 },
  ): ChangeDetector {
    const { version, seasonal, shape, numbers } = snapshot;
    const length = LENGTHS[version];
    requireSnapshot(length !== undefined, "not a change detector of version 2, 3 or 4");
    requireSnapshot(numbers.length === length, `a change detector has ${length} numbers`);
    const restored = new ChangeDetector(seasonal);
    if (shape !== null) restored.#shape = WeeklyShape.restore(shape);
    const places = version === 2 ? KEPT_OF_2 : numbers.keys();
    for (const place of places) restored.#numbers[place] = numbers[place]!;
    requireSnapshot(TREND.isSound(restored.#numbers), "a count is out of range");
    return restored;
  }

  /** What is known stays in force where a day begins with another slope; what was measured against the old one does not. */
  #followTrend(localTimeMs: number, value: number): void {
    const n = this.#numbers;
    const begun = TREND.update(n, localTimeMs, value);
    if (begun === undefined) return;
    n[AT.offset] = clampFinite(n[AT.offset]! + begun.rise);
    if (begun.tilt === 0) return;
    const isYoung = (this.#shape?.ageHours ?? 0) < YOUNG_HOURS;
    if (begun.isNew && isYoung) {
      if (this.#shape !== undefined) this.#shape = new WeeklyShape();
      this.#beginLevel(Number.NaN);
      n[AT.shaped] = 0;
      return;
    }
    this.#shape?.tilt(begun);
    if (n[AT.side] !== 0 && Math.abs(begun.tilt) * DAY_MS > this.#unit()) {
      n[AT.side] = 0;
      n[AT.count] = 0;
      n[AT.level] = Number.NaN;
      SUDDEN.end(n);
    }
  }

  /** What the hour lets expect beside offset, line and level; 0 where it is not known. */
  #shapeAt(localTimeMs: number, value: number): number {
    if (!this.#seasonal) return 0;
    this.#shape ??= new WeeklyShape();
    const n = this.#numbers;
    const typical = this.#shape.expected(localTimeMs);
    const known = !Number.isNaN(typical);
    const shaped = known || this.#shape.ageHours >= DAY_HOURS;
    // What began on the first day may be a part of the day until it has lasted for one.
    const isOpen = n[AT.side] !== 0 && n[AT.run]! < SLOW_RUN;
    if (shaped && n[AT.shaped] === 0 && !isOpen) {
      this.#beginLevel(0);
      n[AT.shaped] = 1;
    }
    const level = n[AT.shaped] === 1 ? n[AT.level]! : 0;
    const expected = clampFinite((known ? typical : 0) + (Number.isNaN(level) ? 0 : level));
    const difference = clampFinite(
      clampFinite(value - n[AT.offset]! - TREND.at(n, localTimeMs)) - expected,
    );
    this.#shape.update(
      localTimeMs,
      known ? this.#bounded(difference) : difference,
      n[AT.side] !== 0,
    );
    return known && n[AT.shaped] === 1 ? typical : 0;
  }

  /** What was measured of blocks does not hold where they are told from something else from now on. */
  #beginLevel(level: number): void {
    const n = this.#numbers;
    n[AT.level] = level;
    n[AT.spread] = 0;
    n[AT.blocks] = 0;
    n[AT.count] = 0;
    n[AT.side] = 0;
    n[AT.toldSide] = 0;
    SUDDEN.forget(n);
  }

  #bounded(difference: number): number {
    const n = this.#numbers;
    const knowsWeek = (this.#shape?.ageHours ?? 0) >= WEEK_HOURS;
    if (!knowsWeek && (n[AT.side] !== 0 || n[AT.blocks]! < KNOWN_BLOCKS)) return difference;
    const most = MOST * PER_MEAN_ABSOLUTE * (n[AT.noise]! + n[AT.spread]!);
    return clamp(difference, -most, most);
  }

  #endBlock(timeMs: number): Change | undefined {
    const n = this.#numbers;
    const count = n[AT.count]!;
    n[AT.count] = 0;
    const block = n.slice(AT.block, AT.block + count);
    const middle = medianOf(block);
    let distance = 0;
    for (const difference of block) distance += Math.abs(difference - middle) / (count - 1);
    const seen = n[AT.blocks]!;
    const rate = Math.max(DEVIATION_RATE, 1 / (seen + 1));
    if (Number.isNaN(n[AT.level]!)) n[AT.level] = middle;
    const deviation = middle - n[AT.level]!;
    const unit = this.#unit();
    n[AT.noise] = n[AT.noise]! + rate * (distance - n[AT.noise]!);
    const isHeld = this.#isFirstDay && (n[AT.toldSide] !== 0 || this.#isSuddenOnFirstDay(timeMs));
    const isKnown = seen >= KNOWN_BLOCKS || n[AT.side] !== 0 || isHeld;
    if (!isHeld) {
      n[AT.blocks] = seen + 1;
      const most = isKnown ? MOST * unit : Number.MAX_VALUE;
      n[AT.spread] = n[AT.spread]! + rate * (Math.min(most, Math.abs(deviation)) - n[AT.spread]!);
    }
    push(n, AT.deviations, deviation);
    push(n, AT.medians, middle + n[AT.expected]!);
    if (!isKnown) {
      n[AT.level] = n[AT.level]! + Math.max(LEVEL_RATE, 1 / (seen + 2)) * deviation;
      return undefined;
    }
    const z = unit > 0 ? clamp(deviation / unit, -MOST, MOST) : MOST * Math.sign(deviation);
    this.#follow(z, count);
    if (n[AT.side] === 0) {
      n[AT.level] = n[AT.level]! + LEVEL_RATE * deviation;
      return undefined;
    }
    const isLong = n[AT.run]! >= n[AT.needed]!;
    return n[AT.gathered]! >= GATHERED && isLong ? this.#judge(timeMs) : undefined;
  }

  /** Whether nothing is known of the day. A line that is told from days begins the season anew, but is no first day. */
  get #isFirstDay(): boolean {
    return this.#seasonal && this.#numbers[AT.shaped] === 0 && !TREND.isKnown(this.#numbers);
  }

  /** Such a run is none of the chance that blocks are measured by: few of them would hide it. */
  #isSuddenOnFirstDay(timeMs: number): boolean {
    const n = this.#numbers;
    return n[AT.blocks]! >= FIRST_DAY_BLOCKS && SUDDEN.isYoung(n, timeMs);
  }

  /**
   * A shift that is large against what blocks do. On the first day it is told, once, but not accepted: if it is a part of the
   * day, the run ends with it and nothing need be taken back; if it lasts for a day, it is accepted like any other.
   */
  #followSudden(timeMs: number, localMs: number, difference: number): Change | undefined {
    const n = this.#numbers;
    const level = n[AT.level]!;
    if (Number.isNaN(level)) return undefined;
    const median = SUDDEN.take(n, timeMs, localMs, clampFinite(difference - level));
    const isFirstDay = this.#isFirstDay;
    const known = isFirstDay ? FIRST_DAY_BLOCKS : KNOWN_BLOCKS;
    if (Number.isNaN(median) || n[AT.blocks]! < known) return undefined;
    const unit = this.#unit();
    SUDDEN.follow(n, median, unit, meanOf(n, AT.deviations + RUN / 2, RUN / 2));
    const mayBeDay = isFirstDay
      ? n[AT.toldSide] !== 0 || n[AT.side] === 0
      : this.#seasonal && n[AT.shaped] === 0;
    if (mayBeDay) return undefined;
    const moved = SUDDEN.moved(n, timeMs, unit, isFirstDay);
    const size = this.#sizeOf(moved);
    const [since, sinceLocal] = [SUDDEN.runAt(n), SUDDEN.runLocalAt(n)];
    if (moved === 0 || size < LEAST_SIZE) return undefined;
    if (this.#mayBeWeek(SECOND_WEEK_HOURS, sinceLocal, timeMs - since)) return undefined;
    const after = clampFinite(n[AT.expected]! + level + moved);
    const before = clampFinite(after - moved);
    SUDDEN.told(n, timeMs, unit);
    if (isFirstDay) n[AT.toldSide] = Math.sign(moved);
    else {
      let first = LAST_DEVIATION + 1;
      while (first > AT.deviations && n[first - 1]! / moved > 0.5) first--;
      this.#accept(moved, sinceLocal, first);
      n[AT.count] = 0;
    }
    return { kind: "level_shift", since, before, after, size };
  }

  /** How much longer than those of independent samples runs have to be: 1 … 3, by how far blocks use to be from their level. */
  #wandering(count: number): number {
    const n = this.#numbers;
    const independent = (n[AT.noise]! * INDEPENDENT) / Math.sqrt(count);
    if (!(n[AT.spread]! > independent)) return 1;
    return Math.min(MOST_WANDERING, n[AT.spread]! / independent);
  }

  /** Deviation of a block's median; wider while it rests on few. */
  #unit(): number {
    const n = this.#numbers;
    const widened = 1 + 6 / Math.max(1, n[AT.blocks]!);
    const line = LINE_SHARE * Math.abs(TREND.slope(n)) * BLOCK_MS;
    return PER_MEAN_ABSOLUTE * widened * Math.max(n[AT.spread]!, LEAST_SHARE * n[AT.noise]!, line);
  }

  /** One side at a time: a run ends when nothing is gathered any more. @param count Samples of the block. */
  #follow(z: number, count: number): void {
    const n = this.#numbers;
    let side = n[AT.side]!;
    // A run that chance began is not the beginning of a change.
    if (n[AT.gathered]! < TOLERATED && side * z > 2 * TOLERATED) side = n[AT.side] = 0;
    if (side !== 0) {
      n[AT.gathered] = n[AT.gathered]! + side * z - TOLERATED;
      if (n[AT.gathered]! <= 0) side = n[AT.side] = 0;
    }
    if (side === 0) {
      if (Math.abs(z) <= TOLERATED) return;
      n[AT.side] = Math.sign(z);
      n[AT.gathered] = Math.abs(z) - TOLERATED;
      n[AT.run] = 0;
      n[AT.early] = 0;
      n[AT.needed] = RUN * this.#wandering(count);
      n[AT.prior] = meanOf(n, AT.deviations + RUN / 2 - 1, RUN / 2);
      n[AT.runAt] = n[AT.blockAt]!;
      n[AT.runLocalAt] = n[AT.blockLocalAt]!;
    } else if (n[AT.gathered]! > 4 * GATHERED) n[AT.gathered] = 4 * GATHERED;
    if (n[AT.run]! >= 1 && n[AT.run]! <= 3) n[AT.early] = n[AT.early]! + n[LAST_DEVIATION]! / 3;
    n[AT.run] = n[AT.run]! + 1;
  }

  #judge(timeMs: number): Change | undefined {
    const n = this.#numbers;
    if (this.#mayBeWeek(WEEK_HOURS, n[AT.runLocalAt]!, timeMs - n[AT.runAt]!)) return undefined;
    const earlier = meanOf(n, AT.deviations, RUN / 2);
    const later = meanOf(n, AT.deviations + RUN / 2, RUN / 2);
    const moved = (earlier + later) / 2;
    const settled =
      Math.abs(later - earlier) <= 0.3 * Math.abs(moved) + this.#unit() &&
      n[LAST_DEVIATION]! / moved >= 0.5;
    const abrupt = n[AT.early]! / later >= ABRUPT && n[AT.prior]! / later <= PRIOR;
    const slow = n[AT.run]! >= SLOW_RUN;
    const shaped = n[AT.shaped] === 1 || !this.#seasonal;
    if (!(slow || (shaped && abrupt && settled))) return undefined;
    const size = this.#sizeOf(moved);
    if (size < LEAST_SIZE && n[AT.run]! < SMALL_RUN) return undefined;
    const isShift = settled && abrupt;
    const isDrift = !isShift && shaped;
    const after = meanOf(n, AT.medians, RUN);
    const change: Change = {
      kind: isShift ? "level_shift" : "drift",
      since: n[AT.runAt]!,
      before: clampFinite(after - moved),
      after: clampFinite(after),
      size,
    };
    const wasTold = isShift && n[AT.toldSide] === Math.sign(moved);
    n[AT.toldSide] = 0;
    this.#accept(moved, n[AT.runLocalAt]!, AT.deviations);
    if (wasTold) return undefined;
    if (size < LEAST_SIZE || !(isShift || isDrift)) return undefined;
    if (isDrift) {
      const since = timeMs - n[AT.driftAt]!;
      const goesOn = n[AT.driftSide] === Math.sign(moved) && since < SAME_DRIFT_MS;
      if (since >= DRIFT_MS) n[AT.driftSide] = Math.sign(moved);
      if (since >= DRIFT_MS || goesOn) n[AT.driftAt] = timeMs;
      if (since < DRIFT_MS || goesOn) return undefined;
    }
    return change;
  }

  /** @param lastedMs How long that which began at a local time has lasted. */
  #mayBeWeek(knownHours: number, beganLocalMs: number, lastedMs: number): boolean {
    const shape = this.#shape;
    if (shape === undefined || this.#numbers[AT.shaped] === 0 || shape.ageHours >= knownHours)
      return false;
    const isDaily = this.#isDaily(shape);
    const beganOnWorkday = weekdayOf(beganLocalMs - shape.ageHours * HOUR_MS) < FRIDAY;
    if (!isDaily && (beganOnWorkday || shape.ageHours >= WEEK_HOURS)) return false;
    const begun = weekdayOf(beganLocalMs);
    const nearWeekend = begun > FRIDAY || begun === 0;
    return lastedMs < (nearWeekend ? WORKDAYS_MS : WEEKEND_MS);
  }

  #isDaily(shape: WeeklyShape): boolean {
    return shape.dailyRange >= DAILY_RANGE * this.#numbers[AT.noise]! * PER_MEAN_ABSOLUTE;
  }

  #sizeOf(moved: number): number {
    const noise = this.#numbers[AT.noise]! * PER_MEAN_ABSOLUTE;
    return Math.abs(moved) < MOST_SIZE * noise ? Math.abs(moved) / noise : MOST_SIZE;
  }

  /** From now on the new level is the usual one, since a local time and since the block whose deviation is at a place. */
  #accept(moved: number, sinceLocalMs: number, firstAt: number): void {
    const n = this.#numbers;
    this.#shape?.unlearn(sinceLocalMs, this.#bounded(moved));
    n[AT.offset] = clampFinite(n[AT.offset]! + moved);
    n[AT.side] = 0;
    SUDDEN.end(n);
    for (let i = firstAt; i <= LAST_DEVIATION; i++) n[i] = n[i]! - moved;
  }
}

/** 1970-01-01 was a Thursday. */
const weekdayOf = (localMs: number): number => (((Math.floor(localMs / DAY_MS) + 3) % 7) + 7) % 7;
