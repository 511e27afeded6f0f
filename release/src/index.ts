export { build } from "./build.ts";
export { noteOf, withNotes } from "./changelog.ts";
export { packageOf } from "./manifest.ts";
export { type Manifest, PUBLISHED, type Published } from "./published.ts";
export { pack, problemsOf, type Tarball } from "./tarball.ts";
export { newestHeading, versionProblems } from "./versions.ts";
