import type { SeriesSettings } from "../../contract/index.ts";
import { type DecayingFactor, factorAt, steadyFactor, UNMOVED } from "../rules/decaying-factor.ts";

const MIN_SENSITIVITY = 0.1;
const MAX_SENSITIVITY = 10;

/** State of a {@link SeriesSensitivity}. */
export interface SensitivitySnapshot {
  readonly own: DecayingFactor;
  readonly system: DecayingFactor;
}

/**
 * The sensitivity of a series, 0.1–10: the setting, times the factor of the system, times the factor of the series.
 * Immutable, so that all series without a factor share one object.
 */
export class SeriesSensitivity {
  /** The sensitivity of a series without factors. */
  static readonly UNMOVED = new SeriesSensitivity(UNMOVED, UNMOVED);

  /** Factor of the series itself, moved by labels and operators. */
  readonly own: DecayingFactor;
  readonly system: DecayingFactor;

  private constructor(own: DecayingFactor, system: DecayingFactor) {
    this.own = own;
    this.system = system;
  }

  /** @param time Event time, ms. */
  at(settings: SeriesSettings, time: number): number {
    return bounded(
      shared(this.system, settings, time) * factorAt(this.own, time, halfLife(settings)),
    );
  }

  /** The same sensitivity with another factor of the system. */
  under(system: DecayingFactor): SeriesSensitivity {
    return system === this.system ? this : new SeriesSensitivity(this.own, system);
  }

  /** Multiplies the sensitivity for a label; the change decays. The product is clamped to 0.1–10, so that no excess accumulates. */
  scaled(factor: number, settings: SeriesSettings, time: number): SeriesSensitivity {
    const wanted = bounded(this.at(settings, time) * factor);
    const { base } = this.own;
    const own = { base, factor: wanted / shared(this.system, settings, time), since: time };
    return new SeriesSensitivity(own, this.system);
  }

  /** Sets the sensitivity within 0.1–10; the change does not decay. */
  set(sensitivity: number, settings: SeriesSettings, time: number): SeriesSensitivity {
    const own = steadyFactor(bounded(sensitivity) / shared(this.system, settings, time));
    return new SeriesSensitivity(own, this.system);
  }

  snapshot(): SensitivitySnapshot {
    return { own: this.own, system: this.system };
  }

  static restore({ own, system }: SensitivitySnapshot): SeriesSensitivity {
    return isUnmoved(own) && isUnmoved(system)
      ? SeriesSensitivity.UNMOVED
      : new SeriesSensitivity(own, system);
  }
}

const isUnmoved = ({ base, factor, since }: DecayingFactor): boolean =>
  base === UNMOVED.base && factor === UNMOVED.factor && since === UNMOVED.since;

const halfLife = (settings: SeriesSettings): number =>
  settings.sensitivity_half_life_seconds * 1_000;

/** The sensitivity that all series of the system with these settings share. */
const shared = (system: DecayingFactor, settings: SeriesSettings, time: number): number =>
  settings.sensitivity * factorAt(system, time, halfLife(settings));

const bounded = (sensitivity: number): number =>
  Math.min(MAX_SENSITIVITY, Math.max(MIN_SENSITIVITY, sensitivity));
