// A job that runs every night: what is told when it is skipped, takes twice as long or comes an hour late, as users see it.
import { analyze } from "@mapek/core/learning";
import { describe, expect, test } from "vitest";
import { RandomSource } from "../packages/core/test/statistics/random-source.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 2025-09-01, a Monday. */
const START_MS = 1_756_684_800_000;
const DAYS = 31;
const ODD_NIGHT = 28;
const SEEDS = [1, 2, 3, 4, 5];

interface Run {
  /** Minutes of the day. */
  readonly from: number;
  readonly to: number;
}

interface Kind {
  /** The run of the odd night; null where there is none. */
  readonly odd: Run | null;
  /** Deviation of the noise: the job raises the load by 50. */
  readonly noise: number;
  /** Deviation of when the job starts and of how long it takes, minutes. */
  readonly jitter: number;
  readonly restsOnWeekends?: boolean;
}

const USUAL: Run = { from: 120, to: 150 };
const SKIPPED: Kind = { odd: null, noise: 1, jitter: 0 };

/** A daily cycle with noise, and a job of half an hour at two in the night. */
function nights(
  { odd, noise, jitter, restsOnWeekends = false }: Kind,
  minutes: number,
  seed: number,
) {
  const random = new RandomSource(101 * seed + minutes);
  const runs = Array.from({ length: DAYS }, (_, night) => {
    const [late, longer] = [jitter * random.normal(), jitter * random.normal()];
    if (night === ODD_NIGHT) return odd;
    if (restsOnWeekends && night % 7 > 4) return null;
    return { from: USUAL.from + late, to: USUAL.to + late + longer };
  });
  const rows = (DAYS * DAY_MS) / (minutes * MINUTE_MS);
  const times = Array.from({ length: rows }, (_, i) => START_MS + i * minutes * MINUTE_MS);
  const values = times.map((time) => {
    const since = time - START_MS;
    const minute = (since % DAY_MS) / MINUTE_MS;
    const run = runs[Math.floor(since / DAY_MS)];
    const works = run != null && minute >= run.from && minute < run.to;
    const wave = 8 * Math.sin((2 * Math.PI * since) / DAY_MS);
    return 20 + wave + (works ? 50 : 0) + noise * random.normal();
  });
  return analyze(times, values).anomalies;
}

const ODD_AT = START_MS + ODD_NIGHT * DAY_MS + USUAL.from * MINUTE_MS;
const tellsIt = ({ opened_at }: { opened_at: number }) =>
  opened_at >= ODD_AT && opened_at <= ODD_AT + 2 * HOUR_MS;

/** By then every hour of a week came once: a job's first weekend off is odd. */
const isAfterAWeek = ({ opened_at }: { opened_at: number }) => opened_at > START_MS + 7 * DAY_MS;

const KINDS: Readonly<Record<string, Kind>> = {
  "is skipped": SKIPPED,
  "is skipped, among much noise": { ...SKIPPED, noise: 5 },
  "takes twice as long": { ...SKIPPED, odd: { from: 120, to: 180 } },
  "comes an hour late": { ...SKIPPED, odd: { from: 180, to: 210 } },
};

describe.each([1, 5])("a nightly job of half an hour, sampled every %i min,", (minutes) => {
  test.each(Object.entries(KINDS))("that %s is told once, and over in two hours", (_, kind) => {
    for (const seed of SEEDS) {
      const told = nights(kind, minutes, seed).filter(tellsIt);
      expect(told, `seed ${seed}`).toHaveLength(1);
      expect(told[0]!.closed_at, `seed ${seed}`).not.toBeNull();
      expect(told[0]!.closed_at! - told[0]!.opened_at).toBeLessThanOrEqual(2 * HOUR_MS);
    }
  });

  test("that is skipped says that its hour was odd", () => {
    for (const seed of SEEDS) {
      const [told] = nights(SKIPPED, minutes, seed).filter(tellsIt);
      expect(told?.families, `seed ${seed}`).toContain("hour");
    }
  });

  test.each([
    ["every night", false],
    ["from Monday to Friday", true],
  ])("that runs as ever %s is not told", (_, restsOnWeekends) => {
    for (const seed of SEEDS) {
      const steady = { odd: USUAL, noise: 1, jitter: 0, restsOnWeekends };
      const told = nights(steady, minutes, seed).filter(isAfterAWeek);
      expect(told, `seed ${seed}`).toEqual([]);
      // A minute that is odd by itself is told as ever; an hour is not.
      const wavering = nights({ ...steady, jitter: 1 }, minutes, seed).filter(isAfterAWeek);
      const byHour = wavering.filter(({ families }) => families.includes("hour"));
      expect(byHour, `seed ${seed}`).toEqual([]);
    }
  });
});
