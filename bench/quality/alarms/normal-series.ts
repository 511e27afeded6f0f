/** How often a series is sampled, and for how long. */
export interface Sampling {
  readonly stepMs: number;
  readonly points: number;
}

/** Five minutes a point, thirty days. */
const FIVE_MINUTES: Sampling = { stepMs: 300_000, points: 8_640 };
const DAY = 86_400;
const SHAPES = ["flat", "daily", "weekly", "office hours"] as const;
const TRENDS = ["level", "rising", "falling"] as const;
const NOISES = [
  "normal",
  "Laplace",
  "AR(1) 0.5",
  "AR(1) 0.9",
  "lognormal",
  "t, 3 degrees",
  "Poisson",
  "uniform",
] as const;
const AMPLITUDES = [0.5, 2, 6] as const;

export interface NormalSeries {
  readonly noise: (typeof NOISES)[number];
  readonly name: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Uniform and normal numbers from a seed. Source of the generator: mulberry32 (Ettinger, 2017). */
function randomOf(seed: number): { uniform: () => number; normal: () => number } {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

function poisson(mean: number, uniform: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(); product > limit; product *= uniform()) count++;
  return count;
}

/**
 * A series on which nothing happens, thirty days at five minutes unless said otherwise: a shape of the day or the week, a trend of two to six
 * standard deviations of the noise, and noise of one of eight kinds, each of about deviation 1. All 288 kinds come in turn.
 */
export function normalSeries(
  seed: number,
  { stepMs, points }: Sampling = FIVE_MINUTES,
): NormalSeries {
  const { uniform, normal } = randomOf(seed * 7_919 + 13);
  const shape = SHAPES[seed % 4] as (typeof SHAPES)[number];
  const trend = TRENDS[Math.floor(seed / 4) % 3] as (typeof TRENDS)[number];
  const noise = NOISES[Math.floor(seed / 12) % 8] as (typeof NOISES)[number];
  const amplitude = AMPLITUDES[Math.floor(seed / 96) % 3] as number;
  const phase = uniform() * DAY;
  const rise = (trend === "level" ? 0 : trend === "rising" ? 1 : -1) * (2 + 4 * uniform());
  let last = 0;
  const noises: Record<Exclude<NormalSeries["noise"], "Poisson">, () => number> = {
    normal,
    uniform: () => (uniform() - 0.5) * 3.46,
    Laplace: () => {
      const u = uniform() - 0.5;
      return (-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))) / Math.SQRT2;
    },
    "AR(1) 0.5": () => {
      last = 0.5 * last + normal() * Math.sqrt(0.75);
      return last;
    },
    "AR(1) 0.9": () => {
      last = 0.9 * last + normal() * Math.sqrt(0.19);
      return last;
    },
    lognormal: () => (Math.exp(0.6 * normal()) - Math.exp(0.18)) / 0.79,
    "t, 3 degrees": () =>
      normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3) / Math.sqrt(3),
  };
  const times = new Float64Array(points);
  const values = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    times[i] = 1_700_000_000_000 + i * stepMs;
    const usual = shapeAt(shape, (times[i] as number) / 1_000, phase);
    const drift = (rise * i) / points;
    values[i] =
      noise === "Poisson"
        ? poisson(Math.max(0.2, 10 + 3 * (amplitude * usual + drift)), uniform)
        : 50 + amplitude * usual + drift + noises[noise]();
  }
  return { noise, name: `${shape}, ${trend}, ${noise}, amplitude ${amplitude}`, times, values };
}

function shapeAt(shape: (typeof SHAPES)[number], seconds: number, phase: number): number {
  if (shape === "flat") return 0;
  const day = Math.floor(seconds / DAY) % 7;
  const weekend = day < 2;
  if (shape === "office hours") {
    const hour = (seconds % DAY) / 3_600;
    return !weekend && hour > 8 && hour < 18 ? 1.5 : 0;
  }
  const angle = (2 * Math.PI * ((seconds + phase) % DAY)) / DAY;
  const wave = Math.sin(angle) + 0.3 * Math.sin(2 * angle);
  return shape === "weekly" && weekend ? 0.5 * wave - 0.6 : wave;
}
