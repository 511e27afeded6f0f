import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readAssets } from "@mapek/console/assets";
import { build as bundle } from "tsdown";
import { publishedManifest } from "./manifest.ts";
import { outputOf, type Published, ROOT, readManifest } from "./published.ts";

/** A module of the workspace, or a helper of the compiler (for lowered syntax); everything else stays a dependency. */
const isOwn = (module: string): boolean =>
  /^(?:@mapek\/|@oxc-project\/runtime|\0|[./\\]|[A-Za-z]:[\\/])/.test(module);

/** Builds a package into its `dist`, which is then published as it is. */
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
    // A schema that nobody uses goes: making one has no effect beyond the schema.
    treeshake: { manualPureFunctions: ["defineMessage", "z"] },
    outputOptions: {
      chunkFileNames: "shared/[name].js",
      comments: { legal: true, jsdoc: false, annotation: false },
      // The maps give files, lines and names of the repository; its text would be twice the code.
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
 * The console reads what browsers get from its source folder and takes the types out at its start. In the published
 * command there is no such folder, and Node 22 warns of stripping: the files are put into the code instead.
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

/** uPlot travels inside the command, so its licence does too. */
function thirdPartyLicences({ name }: Published, output: string): readonly string[] {
  if (name !== "mapek") return [];
  const manifest = createRequire(ASSETS).resolve("uplot/package.json");
  const licence = readFileSync(join(manifest, "..", "LICENSE"), "utf8");
  writeFileSync(join(output, "uplot.LICENSE"), licence);
  return ["uplot.LICENSE"];
}
