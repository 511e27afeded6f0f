import { type Labels, seriesKey } from "@mapek/core/contract";

const MINUTE = 60_000;
/** Two days and more, a sample every five minutes: by then the hours of a series are known. */
const USUAL = 650;
const STEP = 5 * MINUTE;
const STORM = 4;

/** A sample of a host, as `nats pub` would send it. */
export interface HostSample {
  readonly value: number;
  readonly timestamp: number;
  readonly labels: Labels;
}

/**
 * A system's hosts, usual for two days and then off one after the other, twenty seconds apart: one matter in many series, which
 * lie in several partitions. The later a host follows the less it is off.
 */
export class Storm {
  readonly hosts: readonly string[];
  /** When the first host went off, ms. */
  readonly beganAt: number;

  /** @param now The newest samples are older than this, ms. */
  constructor(hosts: number, now: number) {
    this.hosts = Array.from({ length: hosts }, (_, i) => `h${i}`);
    this.beganAt = Math.floor(now / MINUTE) * MINUTE - STORM * STEP - 10 * MINUTE;
  }

  /** The samples of a host before. */
  usual(host: number): HostSample[] {
    return Array.from({ length: USUAL }, (_, i) => this.#sample(host, i - USUAL, usualValue(i)));
  }

  /** The samples of a host in the storm. */
  off(host: number): HostSample[] {
    return Array.from({ length: STORM }, (_, i) => this.#sample(host, i, 5_000 - 100 * host + i));
  }

  /** So many samples of a host after it, which begin where the storm ended and are a second apart. */
  after(host: number, count: number): HostSample[] {
    const { timestamp } = this.#sample(host, STORM, 0);
    return Array.from({ length: count }, (_, i) => ({
      value: usualValue(i),
      timestamp: timestamp + i * 1_000,
      labels: this.labels(host),
    }));
  }

  labels(host: number): Labels {
    return { host: this.hosts[host] as string };
  }

  key(system: string, metric: string, host: number): string {
    return seriesKey(system, metric, this.labels(host));
  }

  #sample(host: number, step: number, value: number): HostSample {
    const timestamp = this.beganAt + step * STEP + host * 20_000;
    return { value, timestamp, labels: this.labels(host) };
  }
}

const usualValue = (i: number): number => 50 + 5 * Math.sin(i) + ((i * 7_919) % 100) / 100;
