import { Random } from "./random.ts";

/** What is done to the house while inputs flow. */
export const FAULT_KINDS = [
  "kill",
  "zombie",
  "pause",
  "server restart",
  "server kill",
  "leader loss",
  "cut",
  "stall",
  "disorder",
  "clock",
  "disk full",
  "checkpoint flip",
  "mixed",
] as const;
type FaultKind = (typeof FAULT_KINDS)[number];

/** Instances of services that a house runs, and so the victims of faults. */
export const INSTANCES = [
  "monitor-0",
  "monitor-1",
  "learner-0",
  "learner-1",
  "optimizer-0",
  "optimizer-1",
  "feedback-0",
  "feedback-1",
] as const;
export type InstanceName = (typeof INSTANCES)[number];

/** Which house a schedule needs: one server, one with little room on its disk, or a cluster of three. */
export type HouseKind = "single" | "small disk" | "cluster";

export interface FaultEvent {
  readonly kind: Exclude<FaultKind, "mixed">;
  /** An instance, or the server. */
  readonly victim: InstanceName | "server";
  /** Since the flow's start. */
  readonly atMs: number;
  /** 0 where a fault has no length of its own. */
  readonly durationMs: number;
  /** Of a clock, ms; 0 for other kinds. */
  readonly shiftMs: number;
}

/** One run of the flow with what is done to the house meanwhile; follows from its seed alone. */
export interface Schedule {
  readonly seed: number;
  readonly kind: FaultKind;
  readonly house: HouseKind;
  readonly events: readonly FaultEvent[];
}

/** Kinds that a mixed schedule draws from: those that leave the server's disk and its cluster alone. */
const MIXABLE = ["kill", "zombie", "pause", "server kill", "cut", "stall", "clock"] as const;

/** Kinds of which a schedule has several events, one after the other, each with a victim of its own. */
const REPEATED: ReadonlySet<FaultKind> = new Set(["kill", "pause", "cut", "stall", "clock"]);

/** Least and most length by kind, ms; members are taken for dead after 2,500 ms. */
const DURATIONS: Readonly<Record<FaultEvent["kind"], readonly [number, number]>> = {
  kill: [0, 0],
  zombie: [3_200, 5_000],
  pause: [200, 1_500],
  "server restart": [0, 800],
  "server kill": [0, 800],
  "leader loss": [0, 0],
  cut: [200, 3_500],
  stall: [200, 3_500],
  disorder: [0, 0],
  clock: [500, 2_000],
  "disk full": [800, 2_000],
  "checkpoint flip": [0, 0],
};

const ON_SERVER: ReadonlySet<FaultKind> = new Set([
  "server restart",
  "server kill",
  "leader loss",
  "disk full",
  "disorder",
]);

const HALF_AN_HOUR_MS = 1_800_000;

/** The schedule of a seed; consecutive seeds go through all kinds in turn. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const kind = FAULT_KINDS[seed % FAULT_KINDS.length] as FaultKind;
  const kinds =
    kind === "mixed"
      ? Array.from({ length: random.int(2, 3) }, () => random.pick(MIXABLE))
      : Array.from({ length: REPEATED.has(kind) ? random.int(1, 3) : 1 }, () => kind);
  const house = kind === "leader loss" ? "cluster" : kind === "disk full" ? "small disk" : "single";
  let atMs = 0;
  const events = kinds.map((one) => {
    atMs += random.int(200, 900);
    return eventOf(one as FaultEvent["kind"], atMs, random);
  });
  return { seed, kind, house, events };
}

function eventOf(kind: FaultEvent["kind"], atMs: number, random: Random): FaultEvent {
  const [least, most] = DURATIONS[kind];
  // A checkpoint is read only by who takes over from its writer.
  const victims = kind === "checkpoint flip" ? INSTANCES.slice(2) : INSTANCES;
  return {
    kind,
    victim: ON_SERVER.has(kind) ? "server" : random.pick(victims),
    atMs,
    durationMs: random.int(least, most),
    shiftMs: kind === "clock" ? random.int(-HALF_AN_HOUR_MS, HALF_AN_HOUR_MS) : 0,
  };
}

/** One line a schedule, as it is printed before it runs. */
export function describeSchedule({ seed, kind, house, events }: Schedule): string {
  const told = events.map(({ kind: what, victim, atMs, durationMs, shiftMs }) => {
    const length = durationMs > 0 ? ` for ${durationMs} ms` : "";
    const shift = shiftMs === 0 ? "" : ` by ${shiftMs} ms`;
    return `${what} ${victim} at ${atMs} ms${length}${shift}`;
  });
  return `seed ${seed}, ${kind} (${house}): ${told.join("; ")}`;
}
