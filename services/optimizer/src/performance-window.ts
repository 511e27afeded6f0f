import { PERFORMANCE_FIELDS } from "@mapek/core/contract";

export type PerformanceField = (typeof PERFORMANCE_FIELDS)[number];
export type Measurements = { readonly [F in PerformanceField]?: number | undefined };

/** Index of each measure in {@link PerformanceWindow.means}: the order of `PERFORMANCE_FIELDS`. */
export const FIELD = {
  cpu_usage: 0,
  memory_usage: 1,
  cycle_latency: 2,
  decisions_per_minute: 3,
  decision_quality: 4,
  anomaly_detection_accuracy: 5,
  false_positive_rate: 6,
} as const satisfies Record<PerformanceField, number>;

/** Number of reports whose means decide the state. */
export const WINDOW_REPORTS = 10;

const FIELD_COUNT = PERFORMANCE_FIELDS.length;

/**
 * The last 10 performance reports and the mean of each measure over those that carry it.
 *
 * Each update recomputes a mean from the whole ring, so rounding errors do not accumulate.
 * Cost: about 70 additions a report, 700 bytes.
 */
export class PerformanceWindow {
  /** Length 7, indexed by {@link FIELD}; NaN where no report of the window carries the measure. */
  readonly means = new Float64Array(FIELD_COUNT).fill(Number.NaN);
  /** 10 slots for each measure, in the order of {@link FIELD}; NaN where a report lacks the measure. */
  private readonly values = new Float64Array(FIELD_COUNT * WINDOW_REPORTS).fill(Number.NaN);
  private slot = 0;
  private total = 0;

  /** Reports folded since the beginning. */
  get reports(): number {
    return this.total;
  }

  update(report: Measurements): void {
    const slot = this.slot;
    this.put(FIELD.cpu_usage, slot, report.cpu_usage);
    this.put(FIELD.memory_usage, slot, report.memory_usage);
    this.put(FIELD.cycle_latency, slot, report.cycle_latency);
    this.put(FIELD.decisions_per_minute, slot, report.decisions_per_minute);
    this.put(FIELD.decision_quality, slot, report.decision_quality);
    this.put(FIELD.anomaly_detection_accuracy, slot, report.anomaly_detection_accuracy);
    this.put(FIELD.false_positive_rate, slot, report.false_positive_rate);
    this.slot = slot + 1 === WINDOW_REPORTS ? 0 : slot + 1;
    this.total++;
  }

  /** Forgets the history of the measures that `report` carries, then folds it: their means are its values. */
  replace(report: Measurements): void {
    for (const field of PERFORMANCE_FIELDS) {
      if (report[field] === undefined) continue;
      const start = FIELD[field] * WINDOW_REPORTS;
      this.values.fill(Number.NaN, start, start + WINDOW_REPORTS);
    }
    this.update(report);
  }

  /** Value of a measure in the newest report; NaN where the report lacks the measure. */
  newest(field: PerformanceField): number {
    const slot = this.slot === 0 ? WINDOW_REPORTS - 1 : this.slot - 1;
    return this.values[FIELD[field] * WINDOW_REPORTS + slot] as number;
  }

  /** The values of a measure in the window, in no order; reports without the measure are left out. */
  recent(field: PerformanceField): number[] {
    const start = FIELD[field] * WINDOW_REPORTS;
    return [...this.values.subarray(start, start + WINDOW_REPORTS)].filter(
      (value) => !Number.isNaN(value),
    );
  }

  /** How many reports of the window carry a measure. */
  carriers(field: PerformanceField): number {
    const start = FIELD[field] * WINDOW_REPORTS;
    let count = 0;
    for (let i = start; i < start + WINDOW_REPORTS; i++) if (!Number.isNaN(this.values[i])) count++;
    return count;
  }

  /** The means that exist, by name. */
  meansByName(): Record<string, number> {
    const named: Record<string, number> = {};
    for (const field of PERFORMANCE_FIELDS) {
      const mean = this.means[FIELD[field]] as number;
      if (!Number.isNaN(mean)) named[field] = mean;
    }
    return named;
  }

  snapshot(): WindowSnapshot {
    const values = Array.from(this.values, (value) => (Number.isNaN(value) ? null : value));
    return { slot: this.slot, total: this.total, values };
  }

  static restore(snapshot: WindowSnapshot): PerformanceWindow {
    const window = new PerformanceWindow();
    for (let i = 0; i < window.values.length; i++)
      window.values[i] = snapshot.values[i] ?? Number.NaN;
    for (let field = 0; field < FIELD_COUNT; field++) window.recompute(field);
    window.slot = snapshot.slot;
    window.total = snapshot.total;
    return window;
  }

  private put(field: number, slot: number, value: number | undefined): void {
    const at = field * WINDOW_REPORTS + slot;
    if (value !== undefined) this.values[at] = value;
    else if (Number.isNaN(this.values[at])) return;
    else this.values[at] = Number.NaN;
    this.recompute(field);
  }

  /**
   * Sums deviations from the first value, so that the mean of equal values is exactly that value.
   * A full ring, the usual case, is summed in two chains without a branch.
   */
  private recompute(field: number): void {
    const values = this.values;
    const start = field * WINDOW_REPORTS;
    const end = start + WINDOW_REPORTS;
    const first = values[start] as number;
    let even = 0;
    let odd = 0;
    for (let i = start; i < end; i += 2) {
      even += (values[i] as number) - first;
      odd += (values[i + 1] as number) - first;
    }
    const sum = even + odd;
    this.means[field] = Number.isNaN(sum)
      ? this.meanOfPresent(start, end)
      : first + sum / WINDOW_REPORTS;
  }

  private meanOfPresent(start: number, end: number): number {
    let first = Number.NaN;
    let sum = 0;
    let count = 0;
    for (let i = start; i < end; i++) {
      const value = this.values[i] as number;
      if (Number.isNaN(value)) continue;
      if (count === 0) first = value;
      sum += value - first;
      count++;
    }
    return count === 0 ? Number.NaN : first + sum / count;
  }
}

export interface WindowSnapshot {
  slot: number;
  total: number;
  values: (number | null)[];
}
