/** The present page: the parts of the path after `#/`, and the query. */
export interface Route {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** Reads the route from the address; an empty one means `systems`. */
export function currentRoute(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { parts: parts.length === 0 ? ["systems"] : parts, query: new URLSearchParams(query) };
}

/** The address of a page. */
export function link(
  parts: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, value);
  const text = search.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

interface SeriesName {
  readonly system: string;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const seriesLink = ({ system, metric, labels }: SeriesName): string =>
  link(["series", system, metric], {
    labels: Object.keys(labels).length === 0 ? undefined : JSON.stringify(labels),
  });
