import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, "..", "..");

/** A published package and its build settings. */
export interface Published {
  readonly name: "@mapek/client" | "mapek";
  /** Folder of its sources, relative to the root. */
  readonly folder: string;
  /** Source files of its programs and modules, relative to the root, by the name of the built file. */
  readonly entries: Readonly<Record<string, string>>;
  /** Oldest Node that runs the package; newer syntax is lowered to it. */
  readonly target: string;
  /** True where users import the package and need type declarations; the command exports nothing. */
  readonly declarations: boolean;
  /** Largest unpacked size without dependencies, bytes. */
  readonly maxBytes: number;
}

/** The published packages in the order of publication; their versions are always equal. */
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

/** Folder into which a package is built, published unchanged. */
export const outputOf = ({ folder }: Published): string => join(ROOT, folder, "dist");

/** The fields of a package.json that are read here. */
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
