import { clamp, clampFinite } from "../clamp.ts";
import { requireFinite } from "../errors.ts";
import { mayBeWeek, SECOND_WEEK_HOURS, WEEK_HOURS } from "../season/week-doubt.ts";
import { WeeklyShape } from "../season/weekly-shape.ts";
import { isBlockOver, takeBlock } from "../window/block-of-samples.ts";
import { followRun, isRunComplete } from "../window/block-run.ts";
import { PER_MEAN_ABSOLUTE, sizeOf, unitOf } from "./block-scale.ts";
import { type Change, LEAST_SIZE } from "./change.ts";
import { AT, LAST_DEVIATION, meanOf, push, RUN, SUDDEN, TREND } from "./change-numbers.ts";
import {
  type AnyChangeDetectorSnapshot,
  type ChangeDetectorSnapshot,
  noChangeNumbers,
  restoredChangeNumbers,
} from "./change-snapshot.ts";
import { isNewDrift, judgeRun, SLOW_RUN } from "./run-verdict.ts";

/** Least time between two used samples, ms: a twelfth of a block, less an allowance for jitter. */
const STEP_MS = 250_000;
/** The deviation of blocks is known after 12 blocks. */
const KNOWN_BLOCKS = 12;
/** On the first day, sudden shifts need only 8 blocks. */
const FIRST_DAY_BLOCKS = 8;
/** Least weight of the newest block in the deviation (`DEVIATION_RATE`) and in the level (`LEVEL_RATE`). */
const DEVIATION_RATE = 0.01;
const LEVEL_RATE = 1 / 48;
/** A block counts as at most 4 units, so that one burst cannot be a change. */
const MOST = 4;
/**
 * A season that is younger than 160 h when a line becomes known is mostly the line, so the detector learns the season anew. The limit is
 * below a week, so that no weekend is lost. Chosen on synthetic lines, checked on synthetic weeks and the corpora.
 */
const YOUNG_HOURS = 160;
/** Values are limited to ±1e300, so that no difference or sum overflows. */
const LARGEST = 1e300;
const DAY_HOURS = 24;
const DAY_MS = 86_400_000;

/**
 * A `ChangeDetector` reports each lasting change of a series once: a level that shifts and settles, or a drift. A burst, or an incident
 * of fewer than 8 blocks (up to 16 if blocks wander, see `wanderingOf`), is no change.
 *
 * Samples at least 250 s apart are gathered in blocks (`takeBlock`), less the trend line (`TrendOfDays`) and the usual shape of day and
 * week (`WeeklyShape`). Blocks off the level to one side are a run (`followRun`); `judgeRun` judges a run that is long enough. A large
 * shift is reported earlier (`SuddenShift`). A steady line is no change; the beginning of a line is one drift.
 *
 * While the day is unknown, a change must last for a day, except one large sudden shift, which may turn out to be a part of the day.
 * While the week is unknown, a change must last longer than a possible part of the week (`mayBeWeek`).
 *
 * Cost: O(1) per sample, 0.5 µs (0.1 at one a minute, 0.02 at one a second); 0.8 KB, 1.3 KB from the second hour on. Shift and
 * scale equivariant.
 */
export class ChangeDetector {
  readonly #seasonal: boolean;
  #shape: WeeklyShape | undefined;
  /** By place: see `AT`. */
  #numbers = noChangeNumbers();

  /** @param seasonal Whether the series may follow days and weeks. */
  constructor(seasonal = true) {
    this.#seasonal = seasonal;
  }

  /**
   * Takes the next sample, in order of time.
   *
   * @param localTimeMs `timeMs` with the offset of the series' time zone.
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
    return isBlockOver(n, timeMs + gap) ? this.#endBlock(timeMs) : undefined;
  }

  snapshot(): ChangeDetectorSnapshot {
    return {
      version: 4,
      seasonal: this.#seasonal,
      shape: this.#shape?.snapshot() ?? null,
      numbers: Float64Array.from(this.#numbers),
    };
  }

  /** Continues where `snapshot` was taken, bit for bit if it is of version 4. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AnyChangeDetectorSnapshot): ChangeDetector {
    const restored = new ChangeDetector(snapshot.seasonal);
    restored.#numbers = restoredChangeNumbers(snapshot);
    if (snapshot.shape !== null) restored.#shape = WeeklyShape.restore(snapshot.shape);
    return restored;
  }

  /**
   * Keeps the level when a day begins with another slope: the offset takes over the rise of the line, and a run that was measured
   * against the old slope ends.
   */
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
    if (n[AT.side] !== 0 && Math.abs(begun.tilt) * DAY_MS > unitOf(n)) {
      n[AT.side] = 0;
      n[AT.count] = 0;
      n[AT.level] = Number.NaN;
      SUDDEN.end(n);
    }
  }

  /** The usual value of the hour beside offset, line and level; 0 while unknown. */
  #shapeAt(localTimeMs: number, value: number): number {
    if (!this.#seasonal) return 0;
    this.#shape ??= new WeeklyShape();
    const n = this.#numbers;
    const typical = this.#shape.expected(localTimeMs);
    const known = !Number.isNaN(typical);
    const shaped = known || this.#shape.ageHours >= DAY_HOURS;
    // A run that began on the first day may be a part of the day until the run has lasted for a day.
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

  /** Restarts the level and the deviation of blocks: the deviation around the old level would be too large or too small. */
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

  /** Limits the difference that an hour learns once the deviation of blocks is known, so that no burst becomes usual. */
  #bounded(difference: number): number {
    const n = this.#numbers;
    const knowsWeek = (this.#shape?.ageHours ?? 0) >= WEEK_HOURS;
    if (!knowsWeek && (n[AT.side] !== 0 || n[AT.blocks]! < KNOWN_BLOCKS)) return difference;
    const most = MOST * PER_MEAN_ABSOLUTE * (n[AT.noise]! + n[AT.spread]!);
    return clamp(difference, -most, most);
  }

  /** Updates level, deviation and run with the complete block. */
  #endBlock(timeMs: number): Change | undefined {
    const n = this.#numbers;
    const { count, median, distance } = takeBlock(n);
    const seen = n[AT.blocks]!;
    const rate = Math.max(DEVIATION_RATE, 1 / (seen + 1));
    if (Number.isNaN(n[AT.level]!)) n[AT.level] = median;
    const deviation = median - n[AT.level]!;
    const unit = unitOf(n);
    n[AT.noise] = n[AT.noise]! + rate * (distance - n[AT.noise]!);
    const isHeld = this.#isFirstDay && (n[AT.toldSide] !== 0 || this.#isSuddenOnFirstDay(timeMs));
    const isKnown = seen >= KNOWN_BLOCKS || n[AT.side] !== 0 || isHeld;
    if (!isHeld) {
      n[AT.blocks] = seen + 1;
      const most = isKnown ? MOST * unit : Number.MAX_VALUE;
      n[AT.spread] = n[AT.spread]! + rate * (Math.min(most, Math.abs(deviation)) - n[AT.spread]!);
    }
    push(n, AT.deviations, deviation);
    push(n, AT.medians, median + n[AT.expected]!);
    if (!isKnown) {
      n[AT.level] = n[AT.level]! + Math.max(LEVEL_RATE, 1 / (seen + 2)) * deviation;
      return undefined;
    }
    const z = unit > 0 ? clamp(deviation / unit, -MOST, MOST) : MOST * Math.sign(deviation);
    followRun(n, z, count);
    if (n[AT.side] === 0) {
      n[AT.level] = n[AT.level]! + LEVEL_RATE * deviation;
      return undefined;
    }
    return isRunComplete(n) ? this.#judge(timeMs) : undefined;
  }

  /** Whether the day is unknown. A known line takes days, so a season that restarts with a line is no first day. */
  get #isFirstDay(): boolean {
    return this.#seasonal && this.#numbers[AT.shaped] === 0 && !TREND.isKnown(this.#numbers);
  }

  /** Whether a sudden shift may be going on. Its blocks do not count in the deviation, because a few of them would hide the shift. */
  #isSuddenOnFirstDay(timeMs: number): boolean {
    const n = this.#numbers;
    return n[AT.blocks]! >= FIRST_DAY_BLOCKS && SUDDEN.isYoung(n, timeMs);
  }

  /**
   * Reports a sudden shift. On the first day the level stays: if the shift is a part of the day, its run ends and nothing must be
   * undone; if the shift lasts for a day, `#judge` accepts the shift without a second report.
   */
  #followSudden(timeMs: number, localMs: number, difference: number): Change | undefined {
    const n = this.#numbers;
    const level = n[AT.level]!;
    if (Number.isNaN(level)) return undefined;
    const median = SUDDEN.take(n, timeMs, localMs, clampFinite(difference - level));
    const isFirstDay = this.#isFirstDay;
    const known = isFirstDay ? FIRST_DAY_BLOCKS : KNOWN_BLOCKS;
    if (Number.isNaN(median) || n[AT.blocks]! < known) return undefined;
    const unit = unitOf(n);
    SUDDEN.follow(n, median, unit, meanOf(n, AT.deviations + RUN / 2, RUN / 2));
    const mayBeDay = isFirstDay
      ? n[AT.toldSide] !== 0 || n[AT.side] === 0
      : this.#seasonal && n[AT.shaped] === 0;
    if (mayBeDay) return undefined;
    const moved = SUDDEN.moved(n, timeMs, unit, isFirstDay);
    const size = sizeOf(n, moved);
    const [since, sinceLocal] = [SUDDEN.runAt(n), SUDDEN.runLocalAt(n)];
    if (moved === 0 || size < LEAST_SIZE) return undefined;
    if (mayBeWeek(n, this.#shape, SECOND_WEEK_HOURS, sinceLocal, timeMs - since)) return undefined;
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

  /** Accepts the change of a complete run, and reports the change unless it was reported before or is too small. */
  #judge(timeMs: number): Change | undefined {
    const n = this.#numbers;
    const lastedMs = timeMs - n[AT.runAt]!;
    if (mayBeWeek(n, this.#shape, WEEK_HOURS, n[AT.runLocalAt]!, lastedMs)) return undefined;
    const isShaped = n[AT.shaped] === 1 || !this.#seasonal;
    const verdict = judgeRun(n, isShaped);
    if (verdict === undefined) return undefined;
    const { change, moved } = verdict;
    const isShift = change.kind === "level_shift";
    const wasTold = isShift && n[AT.toldSide] === Math.sign(moved);
    n[AT.toldSide] = 0;
    this.#accept(moved, n[AT.runLocalAt]!, AT.deviations);
    if (wasTold || change.size < LEAST_SIZE) return undefined;
    if (isShift) return change;
    return isShaped && isNewDrift(n, timeMs, moved) ? change : undefined;
  }

  /**
   * Makes the new level the usual one: the offset takes over the move, so neither the level nor the hours must learn the move.
   *
   * @param firstAt Place of the deviation of the first block at the new level.
   */
  #accept(moved: number, sinceLocalMs: number, firstAt: number): void {
    const n = this.#numbers;
    this.#shape?.unlearn(sinceLocalMs, this.#bounded(moved));
    n[AT.offset] = clampFinite(n[AT.offset]! + moved);
    n[AT.side] = 0;
    SUDDEN.end(n);
    for (let i = firstAt; i <= LAST_DEVIATION; i++) n[i] = n[i]! - moved;
  }
}
