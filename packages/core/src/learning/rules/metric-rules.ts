import type {
  LearnerSettings,
  MetricSettings,
  SeriesId,
  SeriesSettings,
} from "../../contract/index.ts";

interface Rule {
  readonly system: RegExp;
  readonly metric: RegExp;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly changes: Partial<SeriesSettings>;
}

/**
 * The settings of each series: the defaults, overridden by every matching entry of `metrics`; later entries win.
 *
 * Series with the same matching entries share one object. Memory: an object for each such set of entries.
 */
export class MetricRules {
  readonly #defaults: SeriesSettings;
  readonly #rules: readonly Rule[];
  /** Settings by the indices of the matching entries. */
  readonly #resolved = new Map<string, SeriesSettings>();

  constructor(settings: LearnerSettings) {
    const { metrics, idle_series_seconds: _, max_series_of_system: __, ...defaults } = settings;
    this.#defaults = defaults;
    this.#rules = metrics.map(ruleOf);
  }

  /** Cost: O(entries). */
  settingsOf(id: SeriesId): SeriesSettings {
    const matching: number[] = [];
    for (const [i, rule] of this.#rules.entries()) if (matches(rule, id)) matching.push(i);
    if (matching.length === 0) return this.#defaults;
    const places = matching.join();
    let settings = this.#resolved.get(places);
    if (settings === undefined) {
      const changes = matching.map((i) => this.#rules[i]?.changes);
      settings = Object.assign({}, this.#defaults, ...changes) as SeriesSettings;
      this.#resolved.set(places, settings);
    }
    return settings;
  }
}

function ruleOf({ match, labels = {}, ...changes }: MetricSettings): Rule {
  const slash = match.indexOf("/");
  return {
    system: patternOf(match.slice(0, slash)),
    metric: patternOf(match.slice(slash + 1)),
    labels: Object.entries(labels),
    changes: changes as Partial<SeriesSettings>,
  };
}

/** Pattern for a whole text, in which `*` matches any characters and `?` one. */
function patternOf(glob: string): RegExp {
  const literal = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace(/\*+/g, ".*").replace(/\?/g, ".")}$`, "su");
}

const matches = ({ system, metric, labels }: Rule, id: SeriesId): boolean =>
  system.test(id.system) &&
  metric.test(id.metric) &&
  labels.every(([name, value]) => Object.hasOwn(id.labels, name) && id.labels[name] === value);
