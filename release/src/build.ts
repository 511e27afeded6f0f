import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readAssets } from "@mapek/console/assets";
import { build as bundle } from "tsdown";
import { publishedManifest } from "./manifest.ts";
import { outputOf, type Published, ROOT, readManifest } from "./published.ts";

/**
 * True for a module that is bundled: of the workspace, or a helper of the compiler for lowered syntax. All others stay
 * dependencies.
 */
const isOwn = (module: string): boolean =>
  /^(?:@mapek\/|@oxc-project\/runtime|\0|[./\\]|[A-Za-z]:[\\/])/.test(module);

/** Builds a package into its folder `dist`, which is published unchanged. */
export async function build(published: Published): Promise<void> {
  const output = outputOf(published);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const { bundles } = await bundle({
    config: false,
    logLevel: "error",
    cwd: join(ROOT, published.folder),
    tsconfig: join(ROOT, "tsconfig.json"),
    entry: Object.fromEntries(
      Object.entries(published.entries).map(([name, path]) => [name, join(ROOT, path)]),
    ),
    outDir: join(output, "lib"),
    format: "esm",
    platform: "node",
    target: published.target,
    fixedExtension: false,
    hash: false,
    sourcemap: true,
    dts: published.declarations,
    deps: { neverBundle: (module) => !isOwn(module), alwaysBundle: [/^@mapek\//] },
    // Lets the bundler drop unused schemas: creating a schema has no other effect.
    treeshake: { manualPureFunctions: ["defineMessage", "z"] },
    outputOptions: {
      chunkFileNames: "shared/[name].js",
      comments: { legal: true, jsdoc: false, annotation: false },
      // The source maps hold files, lines and names. The sources themselves would double the size of the package.
      sourcemapExcludeSources: true,
    },
    plugins: [browserFilesInPlace()],
  });
  const chunks = bundles.flatMap((one) => one.chunks).filter((chunk) => chunk.type === "chunk");
  const built = new Set(chunks.map(({ fileName }) => fileName));
  const imported = chunks
    .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
    .filter((module) => !built.has(module));
  const source = readManifest(join(ROOT, published.folder));
  const files = ["lib", ...thirdPartyLicences(published, output)];
  const manifest = publishedManifest(source, imported, files);
  writeFileSync(join(output, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(ROOT, "LICENSE"), join(output, "LICENSE"));
  copyFileSync(join(ROOT, published.folder, "README.md"), join(output, "README.md"));
}

const ASSETS = fileURLToPath(import.meta.resolve("@mapek/console/assets"));

/**
 * Puts the browser's files into the built code. From sources, the console reads them from its folder and strips their
 * types at start. The published command has no such folder, and Node 22 warns about stripping.
 */
const browserFilesInPlace = () => ({
  name: "mapek:browser-files",
  load(id: string) {
    if (id !== ASSETS) return undefined;
    const entries = JSON.stringify([...readAssets()]);
    return {
      code: `export const readAssets = () => new Map(${entries});`,
      moduleType: "js" as const,
    };
  },
});

/** Copies uPlot's licence into the command, which contains uPlot's code. */
function thirdPartyLicences({ name }: Published, output: string): readonly string[] {
  if (name !== "mapek") return [];
  const manifest = createRequire(ASSETS).resolve("uplot/package.json");
  const licence = readFileSync(join(manifest, "..", "LICENSE"), "utf8");
  writeFileSync(join(output, "uplot.LICENSE"), licence);
  return ["uplot.LICENSE"];
}
