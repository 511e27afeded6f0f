import { requireSnapshot } from "../../errors.ts";
import { BUDGET_MS } from "../alarm-level.ts";
import { LabelledKinds, type LabelledKindsSnapshot } from "./labelled-kinds.ts";
import { MissedKinds, type MissedKindsSnapshot } from "./missed-kinds.ts";

/** For 48 samples after a silenced alarm, all samples below the bar of its kind are silenced too. */
export const SILENCED_SAMPLES = 48;

/** State of `ToldAlarms`: plain JSON. */
export interface ToldAlarmsSnapshot {
  repetition: number;
  repeated_at: number;
  silenced_at: number;
  silenced_bar: number;
  kinds: LabelledKindsSnapshot;
  missed: MissedKindsSnapshot | null;
}

/** The alarms of a series and the labels on these alarms. */
export class ToldAlarms {
  /** Weighted number of recent incidents at `repeatedAt`. */
  repetition = 0;
  repeatedAt = 0;
  /** Samples judged before the last silenced alarm, and the bar of its kind. */
  silencedAt = -SILENCED_SAMPLES;
  silencedBar = 0;
  kinds = new LabelledKinds();
  /** Undefined until the first report of a missed anomaly, to save memory. */
  missed: MissedKinds | undefined;

  repetitionAt(timeMs: number): number {
    if (this.repetition === 0) return 0;
    return this.repetition * Math.exp(-Math.max(0, timeMs - this.repeatedAt) / BUDGET_MS);
  }

  snapshot(): ToldAlarmsSnapshot {
    return {
      repetition: this.repetition,
      repeated_at: this.repeatedAt,
      silenced_at: this.silencedAt,
      silenced_bar: this.silencedBar,
      kinds: this.kinds.snapshot(),
      missed: this.missed?.snapshot() ?? null,
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: ToldAlarmsSnapshot): ToldAlarms {
    const { repetition, repeated_at, silenced_at, silenced_bar, kinds, missed } = snapshot;
    requireSnapshot(Number.isSafeInteger(silenced_at), "a count is out of range");
    requireSnapshot(
      repetition >= 0 && [repetition, repeated_at, silenced_bar].every(Number.isFinite),
      "a number is not finite",
    );
    const restored = new ToldAlarms();
    restored.repetition = repetition;
    restored.repeatedAt = repeated_at;
    restored.silencedAt = silenced_at;
    restored.silencedBar = silenced_bar;
    restored.kinds = LabelledKinds.restore(kinds);
    if (missed !== null) restored.missed = MissedKinds.restore(missed);
    return restored;
  }
}
