import type { SeriesSettings } from "../messages/index.ts";
import { type DecayingFactor, factorAt, steadyFactor, UNMOVED } from "./decaying-factor.ts";

const MIN_SENSITIVITY = 0.1;
const MAX_SENSITIVITY = 10;

/** State of a {@link SeriesSensitivity}. */
export interface SensitivitySnapshot {
  readonly own: DecayingFactor;
  readonly system: DecayingFactor;
}

/** The sensitivity of a series: the setting's, times the system's factor, times its own; 0.1–10. */
export class SeriesSensitivity {
  /** What labels and operators made of the series' own. */
  own: DecayingFactor = UNMOVED;
  system: DecayingFactor = UNMOVED;

  /** @param time Event time, ms. */
  at(settings: SeriesSettings, time: number): number {
    return bounded(
      shared(this.system, settings, time) * factorAt(this.own, time, halfLife(settings)),
    );
  }

  /** A label multiplies what the series has; this decays. Beyond the bounds nothing winds up. */
  scale(factor: number, settings: SeriesSettings, time: number): void {
    const wanted = bounded(this.at(settings, time) * factor);
    const { base } = this.own;
    this.own = { base, factor: wanted / shared(this.system, settings, time), since: time };
  }

  /** Makes the sensitivity the one asked for; this stays. */
  set(sensitivity: number, settings: SeriesSettings, time: number): void {
    this.own = steadyFactor(bounded(sensitivity) / shared(this.system, settings, time));
  }

  snapshot(): SensitivitySnapshot {
    return { own: this.own, system: this.system };
  }

  static restore({ own, system }: SensitivitySnapshot): SeriesSensitivity {
    const restored = new SeriesSensitivity();
    restored.own = own;
    restored.system = system;
    return restored;
  }
}

const halfLife = (settings: SeriesSettings): number =>
  settings.sensitivity_half_life_seconds * 1_000;

/** What all series of the system with these settings have. */
const shared = (system: DecayingFactor, settings: SeriesSettings, time: number): number =>
  settings.sensitivity * factorAt(system, time, halfLife(settings));

const bounded = (sensitivity: number): number =>
  Math.min(MAX_SENSITIVITY, Math.max(MIN_SENSITIVITY, sensitivity));
