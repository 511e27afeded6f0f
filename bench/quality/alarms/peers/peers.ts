import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** A detector that others use, in a process of its own. */
export interface Peer {
  readonly name: string;
  /** A command that ends with 0 where the peer can run. */
  readonly check: readonly string[];
  /** Its command; the folder follows. */
  readonly command: readonly string[];
  /** How to get what is missing. */
  readonly needs: string;
}

const JAR_FOLDER = join(
  homedir(),
  ".m2/repository/software/amazon/randomcutforest/randomcutforest-core",
);
const JAR_NEEDS =
  "java 17 and `mvn dependency:get -Dtransitive=false -Dartifact=software.amazon.randomcutforest:randomcutforest-core:4.3.0`";
const PYTHON = process.env.MAPEK_PEERS_PYTHON || "python3";
const DETECTORS = join(import.meta.dirname, "detectors.py");

const ofPython = (name: string, module: string, detector: string): Peer => ({
  name,
  check: [PYTHON, "-c", `import ${module}`],
  command: [PYTHON, DETECTORS, detector],
  needs: `a Python with ${module} (pip install ${module} numpy), its path in MAPEK_PEERS_PYTHON`,
});

/** Peers in order of their names' rows. A name says where it is from. */
export const PEERS: readonly Peer[] = [
  {
    name: "Random Cut Forest (Java)",
    check: ["java", "-cp", jarPath() ?? "", "--list-modules"],
    command: ["java", "-cp", jarPath() ?? "", join(import.meta.dirname, "Forest.java")],
    needs: JAR_NEEDS,
  },
  ofPython("HalfSpaceTrees (river)", "river", "hst"),
  ofPython("ADWIN (river)", "river", "adwin"),
  ofPython("PageHinkley (river)", "river", "page-hinkley"),
  ofPython("SPOT (libspot)", "libspot", "spot"),
  ofPython("DSPOT (libspot)", "libspot", "dspot"),
];

/** The newest jar in Maven's own folder; undefined where there is none. */
function jarPath(): string | undefined {
  try {
    const version = readdirSync(JAR_FOLDER).toSorted().at(-1)!;
    const jar = readdirSync(join(JAR_FOLDER, version)).find((file) => /\d\.jar$/.test(file));
    return jar === undefined ? undefined : join(JAR_FOLDER, version, jar);
  } catch {
    return undefined;
  }
}

/** Why a peer cannot run here; undefined where it can. */
export function whyNot({ name, check, needs }: Peer): string | undefined {
  const [command, ...args] = check;
  const isThere = !check.includes("") && spawnSync(command!, args).status === 0;
  return isThere ? undefined : `${name} is not there: it needs ${needs}`;
}

/** What a peer made of each series, and how long it took. */
export interface PeerScores {
  readonly scores: readonly Float64Array[];
  readonly microsecondsASample: number;
}

/**
 * Runs a peer over series. Each goes into a file of little-endian doubles, first the number of rows before the judged part,
 * then the values; the peer writes a score a row beside it and prints the nanoseconds that it took for all.
 *
 * @throws where it fails, with what it said.
 */
export function runPeer(
  { name, command }: Peer,
  all: readonly { readonly values: readonly number[]; readonly from: number }[],
): PeerScores {
  const folder = mkdtempSync(join(tmpdir(), "mapek-peer-"));
  try {
    all.forEach(({ values, from }, i) => {
      writeFileSync(join(folder, `${i}.series`), new Float64Array([from, ...values]));
    });
    const [program, ...args] = command;
    const run = spawnSync(program!, [...args, folder], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(`${name}: ${run.stderr.slice(-500)}`);
    const scores = all.map((_, i) => {
      const { buffer } = new Uint8Array(readFileSync(join(folder, `${i}.scores`)));
      return new Float64Array(buffer);
    });
    const samples = scores.reduce((sum, { length }) => sum + length, 0);
    return { scores, microsecondsASample: Number(run.stdout) / 1_000 / samples };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
