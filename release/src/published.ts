import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, "..", "..");

/** A package that users install, and how it is built. */
export interface Published {
  readonly name: "@mapek/client" | "mapek";
  /** Its sources, from the root. */
  readonly folder: string;
  /** Programs and modules that the package has, by the name of the built file; from the root. */
  readonly entries: Readonly<Record<string, string>>;
  /** The oldest Node that it runs on: newer syntax is lowered. */
  readonly target: string;
  /** Whether somebody imports it, and so needs declarations: the command exports nothing. */
  readonly declarations: boolean;
  /** Most bytes that it may unpack to, without dependencies. */
  readonly maxBytes: number;
}

/** In the order in which they are published; their versions are always the same. */
export const PUBLISHED: readonly Published[] = [
  {
    name: "@mapek/client",
    folder: "packages/client",
    entries: { index: "packages/client/src/index.ts" },
    target: "node20",
    declarations: true,
    maxBytes: 300_000,
  },
  {
    name: "mapek",
    folder: "packages/cli",
    entries: {
      main: "packages/cli/src/main.ts",
      monitor: "services/monitor/src/main.ts",
      learner: "services/learner/src/main.ts",
      optimizer: "services/optimizer/src/main.ts",
      feedback: "services/feedback/src/main.ts",
      console: "services/console/src/main.ts",
      keeper: "packages/nats-server/src/run/keeper.ts",
    },
    target: "node22.12",
    declarations: false,
    maxBytes: 2_200_000,
  },
];

/** Where a package is built: a folder that is published as it is. */
export const outputOf = ({ folder }: Published): string => join(ROOT, folder, "dist");

/** What a package.json says, as far as it is read here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly repository?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
