import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { outputOf, type Published, readManifest } from "./published.ts";

const run = promisify(execFile);

/** Result of `npm pack`. */
export interface Tarball {
  readonly path: string;
  /** Unpacked size without dependencies, bytes. */
  readonly unpackedBytes: number;
  /** Size of the download, bytes. */
  readonly bytes: number;
  /** All files, relative to the package's root. */
  readonly files: readonly string[];
}

/** Packs a built package into a folder exactly as npm uploads it. */
export async function pack(published: Published, into: string): Promise<Tarball> {
  const args = ["pack", "--json", "--pack-destination", into];
  const { stdout } = await run("npm", args, { cwd: outputOf(published) });
  const [packed] = JSON.parse(stdout) as {
    filename: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  if (packed === undefined) throw new Error(`npm packed nothing of ${published.name}`);
  return {
    path: join(into, packed.filename),
    unpackedBytes: packed.unpackedSize,
    bytes: packed.size,
    files: packed.files.map(({ path }) => path),
  };
}

/**
 * Checks a tarball: with publint (warnings and suggestions included), with "are the types wrong" (for ESM only, which
 * is all that the packages promise), and its size.
 *
 * @returns One line for each problem; empty where the tarball may be published.
 */
export async function problemsOf(published: Published, tarball: Tarball): Promise<string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(await readFile(tarball.path)).buffer },
    strict: true,
  });
  const problems = messages.map((found) => `publint: ${formatMessage(found, pkg) ?? found.code}`);
  if (published.declarations) problems.push(...(await wrongTypes(tarball.path)));
  if (tarball.unpackedBytes > published.maxBytes)
    problems.push(`unpacks to ${tarball.unpackedBytes} bytes, more than ${published.maxBytes}`);
  return problems;
}

const ATTW = fileURLToPath(import.meta.resolve("@arethetypeswrong/cli/package.json"));

async function wrongTypes(path: string): Promise<string[]> {
  const { bin } = readManifest(dirname(ATTW)) as { bin?: Record<string, string> };
  const program = join(dirname(ATTW), bin?.attw ?? "");
  const args = [program, path, "--profile", "esm-only", "--format", "ascii", "--no-color"];
  try {
    await run(process.execPath, args);
    return [];
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return [`attw: ${stdout || stderr || (error as Error).message}`];
  }
}
