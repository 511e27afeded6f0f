import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file that browsers get. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

const BROWSER = join(import.meta.dirname, "browser");
const UPLOT = fileURLToPath(import.meta.resolve("uplot/package.json")).replace(
  "package.json",
  "dist/",
);
const JAVASCRIPT = "text/javascript; charset=utf-8";
/** Browsers know addresses only. */
const BARE_IMPORT = 'from "uplot"';

/**
 * Everything that browsers get, by path. Modules keep the names of their sources: their types are taken out here,
 * and lines and columns stay what they were.
 */
export function readAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(BROWSER, { recursive: true, encoding: "utf8" })) {
    const path = `/app/${name.replaceAll("\\", "/")}`;
    const text = () => readFileSync(join(BROWSER, name), "utf8");
    if (name.endsWith(".ts")) assets.set(path, { type: JAVASCRIPT, body: scriptOf(text()) });
    if (name.endsWith(".css")) assets.set(path, { type: "text/css; charset=utf-8", body: text() });
    if (name.endsWith(".svg")) assets.set(path, { type: "image/svg+xml", body: text() });
    if (name === "index.html") assets.set("/", { type: "text/html; charset=utf-8", body: text() });
  }
  const vendor = (file: string) => readFileSync(join(UPLOT, file), "utf8");
  assets.set("/app/vendor/uplot.js", { type: JAVASCRIPT, body: vendor("uPlot.esm.js") });
  assets.set("/app/vendor/uplot.css", {
    type: "text/css; charset=utf-8",
    body: vendor("uPlot.min.css"),
  });
  return assets;
}

const scriptOf = (source: string): string =>
  stripTypeScriptTypes(source).replaceAll(BARE_IMPORT, 'from "/app/vendor/uplot.js"');
