import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file served to browsers. */
export interface Asset {
  readonly type: string;
  /** Read at the first request: removing the types from all modules at once would delay the start. */
  readonly body: string;
}

const BROWSER = join(import.meta.dirname, "browser");
const UPLOT = fileURLToPath(import.meta.resolve("uplot/package.json")).replace(
  "package.json",
  "dist/",
);
const JAVASCRIPT = "text/javascript; charset=utf-8";
const STYLES = "text/css; charset=utf-8";
/** Modules of other packages that pages use, by import name; {@link scriptOf} replaces the names by addresses. */
const VENDOR = {
  uplot: join(UPLOT, "uPlot.esm.js"),
  "@mapek/core/anomaly-words": fileURLToPath(import.meta.resolve("@mapek/core/anomaly-words")),
  "@mapek/core/curve": fileURLToPath(import.meta.resolve("@mapek/core/curve")),
  "@mapek/client/redraw": fileURLToPath(import.meta.resolve("@mapek/client/redraw")),
};
const BARE_IMPORT = /(?<=from ")(?![./])[^"]+(?=")/g;
const addressOf = (module: string): string => `/app/vendor/${module.replace(/.*\//, "")}.js`;

/**
 * All files served to browsers, by path. Modules keep the names of their sources; removing the types keeps lines and
 * columns as they are, so that errors in a browser point into the source.
 */
export function readAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(BROWSER, { recursive: true, encoding: "utf8" })) {
    const path = `/app/${name.replaceAll("\\", "/")}`;
    const text = () => readFileSync(join(BROWSER, name), "utf8");
    if (name.endsWith(".ts"))
      assets.set(
        path,
        lazy(JAVASCRIPT, () => scriptOf(text())),
      );
    if (name.endsWith(".css")) assets.set(path, lazy(STYLES, text));
    if (name.endsWith(".svg")) assets.set(path, lazy("image/svg+xml", text));
    if (name === "index.html") assets.set("/", lazy("text/html; charset=utf-8", text));
  }
  for (const [module, file] of Object.entries(VENDOR)) {
    const text = () => readFileSync(file, "utf8");
    const read = file.endsWith(".ts") ? () => scriptOf(text()) : text;
    assets.set(addressOf(module), lazy(JAVASCRIPT, read));
  }
  const styles = () => readFileSync(join(UPLOT, "uPlot.min.css"), "utf8");
  assets.set("/app/vendor/uplot.css", lazy(STYLES, styles));
  return assets;
}

function lazy(type: string, read: () => string): Asset {
  let body: string | undefined;
  return {
    type,
    get body() {
      body ??= read();
      return body;
    },
  };
}

const scriptOf = (source: string): string =>
  stripTypeScriptTypes(source).replaceAll(BARE_IMPORT, addressOf);
