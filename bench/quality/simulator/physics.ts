/**
 * What the managed system is made of; README.md says why. Every study states to which of these its
 * result is sensitive.
 */
export interface Physics {
  /** Cores of the host on which the service, the loop and its corrections run. */
  readonly cores: number;
  /** Share of the cores that requests use on an ordinary day. */
  readonly baseLoad: number;
  /** CPU seconds of a request, mean and squared coefficient of variation. */
  readonly serviceSeconds: number;
  readonly serviceScv: number;
  /** Requests that are served at the same time at most; the others wait outside. */
  readonly workers: number;
  /** Seconds of waiting after which a request is given up. */
  readonly timeoutSeconds: number;
  /** CPU seconds of one look: a fixed part, and a part for each sample that the analysis looks at. */
  readonly lookSeconds: number;
  readonly sampleSeconds: number;
  /** Coefficient of variation of one sample of the response time, and of one estimate of what is wrong. */
  readonly sampleCv: number;
  /** Standard deviation of one sample of the utilization. */
  readonly utilizationSd: number;
  /** A correction's wall-clock seconds on an idle host, and its CPU seconds. */
  readonly correctionSeconds: number;
  readonly correctionCpuSeconds: number;
  /** Mean seconds after which an incident ends by itself. */
  readonly selfEndSeconds: number;
}

export const PHYSICS: Physics = {
  cores: 4,
  baseLoad: 0.45,
  serviceSeconds: 0.05,
  serviceScv: 2,
  workers: 32,
  timeoutSeconds: 10,
  lookSeconds: 0.5,
  sampleSeconds: 0.01,
  sampleCv: 1,
  utilizationSd: 0.25,
  correctionSeconds: 3,
  correctionCpuSeconds: 0.5,
  selfEndSeconds: 7_200,
};

/** A problem is what an analysis finds beyond one of these, whatever the policy. */
export const LINES = { utilization: 0.7, responseFactor: 1.5, memoryPercent: 80 } as const;

/** Memory of a system that does not leak, %. */
const IDLE_MEMORY = 40;
/** What a full leak adds: % of memory, and to the service time (collecting garbage). */
const LEAK_MEMORY = 50;
const LEAK_INFLATION = 0.5;
/** Seconds over which what requests and looks meet is averaged. */
const LATELY_SECONDS = 20;

/** What incidents do to the system at one second. */
export interface Disturbance {
  /** Share of the capacity that is lost. */
  loss: number;
  /** What is added to the service time, and to the load, as shares of themselves. */
  inflation: number;
  surge: number;
  /** 0 none, 1 full. */
  leak: number;
}

/**
 * One host: a queue with k cores, second by second.
 *
 * Work that arrives in a second is compound Poisson, taken as normal with its mean and variance; what the
 * cores cannot do stays as backlog (Lindley's recursion). The waiting inside a second, which the step does not
 * see, is that of M/G/k in Sakasegawa's approximation at the load of the last 20 seconds.
 *
 * Sources: Lindley (1952), Proc. Cambridge Phil. Soc. 48(2), 277-289; Sakasegawa (1977), Ann. Inst.
 * Statist. Math. 29, 67-75.
 */
export class Host {
  private backlog = 0;
  /** Busy share of the capacity in the last second. */
  utilization: number;
  /** Means of the last 20 seconds: utilization, and seconds that the backlog takes. */
  private load: number;
  private waiting = 0;
  private capacity: number;
  private inflation = 0;
  private leak = 0;
  private readonly physics: Physics;

  constructor(physics: Physics) {
    this.physics = physics;
    this.load = physics.baseLoad;
    this.utilization = physics.baseLoad;
    this.capacity = physics.cores;
  }

  /**
   * One second.
   *
   * @param demand Load as a multiple of the ordinary one.
   * @param background CPU seconds that the loop and its corrections need in it; they compete with the requests.
   * @param noise Standard normal.
   */
  step(demand: number, background: number, noise: number, disturbance: Disturbance): void {
    const { loss, inflation, surge, leak } = disturbance;
    const { cores, baseLoad, serviceSeconds, serviceScv, timeoutSeconds } = this.physics;
    this.capacity = cores * (1 - loss);
    this.inflation = inflation + leak * LEAK_INFLATION;
    this.leak = leak;
    const service = serviceSeconds * (1 + this.inflation);
    const mean = baseLoad * cores * demand * (1 + surge) * (1 + this.inflation);
    const arrived = Math.max(0, mean + Math.sqrt(mean * service * (1 + serviceScv)) * noise);
    const work = this.backlog + arrived + background;
    this.utilization = Math.min(1, work / this.capacity);
    this.backlog = Math.min(Math.max(0, work - this.capacity), timeoutSeconds * this.capacity);
    this.load += (this.utilization - this.load) / LATELY_SECONDS;
    this.waiting += (this.backlog / this.capacity - this.waiting) / LATELY_SECONDS;
  }

  /** By which factor sharing the cores makes a process slower than on an idle host. */
  slowdown(): number {
    const { cores, workers, serviceScv } = this.physics;
    const shared = 1 + waitingFactor(Math.min(this.load, 0.999), cores, serviceScv);
    return Math.min(shared, (workers + 1) / cores);
  }

  /** Mean utilization of the last 20 seconds. */
  get utilizationLately(): number {
    return this.load;
  }

  /** Mean response time of a request now, as a multiple of the ordinary one. */
  responseFactor(): number {
    const { serviceSeconds, baseLoad, cores, serviceScv } = this.physics;
    const now = serviceSeconds * (1 + this.inflation) * this.slowdown() + this.waiting;
    return now / (serviceSeconds * (1 + waitingFactor(baseLoad, cores, serviceScv)));
  }

  /** Whether requests feel that something is wrong: what an analysis without noise would see. */
  isHarmed(): boolean {
    return (
      this.load > LINES.utilization ||
      this.memoryPercent > LINES.memoryPercent ||
      this.responseFactor() > LINES.responseFactor
    );
  }

  get memoryPercent(): number {
    return IDLE_MEMORY + LEAK_MEMORY * this.leak;
  }
}

/** Mean waiting in M/G/k as a multiple of the service time. */
const waitingFactor = (load: number, cores: number, scv: number): number =>
  (load ** (Math.sqrt(2 * (cores + 1)) - 1) / (cores * (1 - load))) * ((1 + scv) / 2);
