/** Characters that a Prometheus label name may not have. */
const NOT_IN_LABEL_NAMES = /[^a-zA-Z0-9_]/g;
/** Prefixes that Prometheus reserves or does not allow. */
const NOT_A_LABEL_NAME = /^(?:__|\d)/;

/**
 * Adds a label under a name that Prometheus and Alertmanager accept: other characters become `_`, and a taken or reserved
 * name gets the prefix `label_`. An empty label is left out, since Prometheus treats an empty label as absent.
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
