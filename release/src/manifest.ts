import { globSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { type Manifest, ROOT, readManifest } from "./published.ts";

/** Fields that the published package.json takes unchanged from the source package.json. */
const KEPT = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "repository",
  "type",
  "sideEffects",
  "engines",
] as const;

/** Fields of `publishConfig` for pnpm alone, which the published package.json leaves out. */
const OF_PNPM = new Set(["directory", "linkDirectory", "access"]);

/**
 * Makes the published package.json: fields of the source, overridden by its `publishConfig`, and as dependencies the
 * modules that the built files import, with the workspace's versions.
 *
 * @param imported Every module that the built files import and do not contain.
 * @throws {Error} For a module that no package of the workspace depends on, or that two packages depend on in
 * different versions: users would get another version than the tested one.
 */
export function publishedManifest(
  source: Manifest,
  imported: Iterable<string>,
  files: readonly string[],
): object {
  const kept = KEPT.filter((field) => source[field] !== undefined).map((field) => [
    field,
    source[field],
  ]);
  const overridden = Object.entries(source.publishConfig ?? {}).filter(
    ([field]) => !OF_PNPM.has(field),
  );
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(overridden),
    files,
    dependencies: dependenciesFor(imported),
    publishConfig: { access: source.publishConfig?.access },
  };
}

function dependenciesFor(imported: Iterable<string>): Record<string, string> {
  const versions = workspaceVersions();
  const names = new Set<string>();
  for (const module of imported) if (!isBuiltin(module)) names.add(packageOf(module));
  return Object.fromEntries(
    [...names].sort().map((name) => {
      const [version, ...others] = versions.get(name) ?? [];
      if (version === undefined) throw new Error(`no package of the workspace depends on ${name}`);
      if (others.length > 0) throw new Error(`${name}: ${[version, ...others].join(" and ")}`);
      return [name, version];
    }),
  );
}

/** The package of a module: `@scope/name` of `@scope/name/a/module`. */
export const packageOf = (module: string): string =>
  module
    .split("/")
    .slice(0, module.startsWith("@") ? 2 : 1)
    .join("/");

/** For each dependency of the workspace's packages, the versions that they name. */
function workspaceVersions(): ReadonlyMap<string, ReadonlySet<string>> {
  const versions = new Map<string, Set<string>>();
  for (const path of globSync("{packages,services}/*/package.json", { cwd: ROOT })) {
    const { dependencies = {} } = readManifest(join(ROOT, dirname(path)));
    for (const [name, version] of Object.entries(dependencies))
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return versions;
}
