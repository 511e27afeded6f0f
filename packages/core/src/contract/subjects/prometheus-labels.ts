/** Characters that a Prometheus label name may not have. */
const NOT_IN_LABEL_NAMES = /[^a-zA-Z0-9_]/g;
/** What Prometheus keeps for itself, and what may not begin a name. */
const NOT_A_LABEL_NAME = /^(?:__|\d)/;

/**
 * Adds a label under a name that Prometheus and Alertmanager know: other characters become `_`, and a name that is taken or
 * reserved gets `label_` before it. To Prometheus an empty label is none: it is left out.
 *
 * @param reserved Names that labels of a series may not have.
 */
export function addPrometheusLabel(
  labels: Record<string, string>,
  name: string,
  value: string,
  reserved: ReadonlySet<string>,
): void {
  if (value === "") return;
  let safe = name.replace(NOT_IN_LABEL_NAMES, "_");
  while (NOT_A_LABEL_NAME.test(safe) || reserved.has(safe) || Object.hasOwn(labels, safe))
    safe = `label_${safe}`;
  labels[safe] = value;
}
