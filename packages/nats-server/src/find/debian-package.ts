import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readAptSources } from "./apt-sources.ts";
import { findExecutables } from "./binary.ts";
import { debianMirrors } from "./debian-mirrors.ts";
import { runCommand } from "./run-command.ts";

const KEYRINGS = [
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/usr/share/keyrings/debian-archive-keyring.pgp",
];
const SUITES = ["sid", "testing"];
const MAXIMUM_MIRRORS = 3;

/** Clears the hooks and the default release of the machine's apt settings: hooks could change the system. */
const CLEARED = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
`;

/** A Debian package, and the possible paths of the program in it. */
interface DebianProgram {
  readonly name: string;
  readonly paths: readonly string[];
}

const NATS_SERVER: DebianProgram = {
  name: "nats-server",
  paths: ["usr/sbin/nats-server", "usr/bin/nats-server"],
};

/**
 * Fetches Debian's newest nats-server (or another program) without root and without a change to the system.
 *
 * apt works in `workFolder` only: it has its own lists, cache, status and source, and the hooks of the machine's
 * settings are cleared; proxies and credentials are kept. The mirror is the machine's own, with the suite unstable,
 * then testing. apt accepts only what the installed Debian keyring signed.
 *
 * @param sourcePaths Files and folders with the machine's apt sources.
 * @param program @default nats-server
 * Cost: about 16 MB from the mirror and 5 s; 60 s at most for each command.
 *
 * @param sourceList A file to read in place of the machine's own apt sources.
 * @returns The path of the unpacked binary inside `workFolder`, or the reason why there is none.
 */
export async function fetchDebianPackage(
  workFolder: string,
  sourceList: string | undefined,
  env: NodeJS.ProcessEnv,
  program = NATS_SERVER,
): Promise<{ binary: string } | { reason: string }> {
  const [apt] = await findExecutables("apt-get", env);
  if (apt === undefined) return { reason: "this machine has no apt (no apt-get on PATH)" };
  const [dpkg] = await findExecutables("dpkg-deb", env);
  if (dpkg === undefined) return { reason: "no dpkg-deb on PATH" };
  const keyring = await firstFile(KEYRINGS);
  if (keyring === undefined) return { reason: `no Debian keyring at ${KEYRINGS[0]}` };
  const mirrors = debianMirrors(await readAptSources(apt, env, sourceList)).slice(
    0,
    MAXIMUM_MIRRORS,
  );
  if (mirrors.length === 0) {
    return { reason: "no Debian mirror among the apt sources" };
  }
  const failures: string[] = [];
  for (const [index, mirror] of mirrors.entries()) {
    for (const suite of SUITES) {
      const folder = join(workFolder, `apt-${index}-${suite}`);
      await mkdir(folder);
      const source = `deb [target=Packages signed-by=${keyring}] ${mirror} ${suite} main\n`;
      const result = await fetchFrom({ apt, dpkg, source, folder, env, program });
      if ("binary" in result) return result;
      failures.push(`${suite}: ${result.reason}`);
    }
  }
  return { reason: failures.join("; ") };
}

async function fetchFrom(step: {
  apt: string;
  dpkg: string;
  source: string;
  folder: string;
  env: NodeJS.ProcessEnv;
  program: DebianProgram;
}): Promise<{ binary: string } | { reason: string }> {
  const { folder, env, program } = step;
  const inFolder = (name: string): string => join(folder, name);
  await mkdir(inFolder("lists/partial"), { recursive: true });
  await mkdir(inFolder("cache/archives/partial"), { recursive: true });
  await writeFile(inFolder("source.list"), step.source);
  await writeFile(inFolder("status"), "");
  await writeFile(inFolder("apt.conf"), CLEARED);
  const settings: Record<string, string> = {
    "Dir::State": folder,
    "Dir::State::Lists": inFolder("lists"),
    "Dir::State::status": inFolder("status"),
    "Dir::Cache": inFolder("cache"),
    "Dir::Cache::archives": inFolder("cache/archives"),
    "Dir::Log": folder,
    "Dir::Etc::sourcelist": inFolder("source.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Acquire::Languages": "none",
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "20",
    "Acquire::https::Timeout": "20",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowWeakRepositories": "false",
    "APT::Get::AllowUnauthenticated": "false",
    "APT::Update::Error-Mode": "any",
    // apt run by root downloads as the user `_apt`, who cannot write into the private folder.
    ...(process.getuid?.() === 0 ? { "APT::Sandbox::User": "root" } : {}),
  };
  const options = ["-q", "-c", inFolder("apt.conf")];
  for (const [name, value] of Object.entries(settings)) options.push("-o", `${name}=${value}`);

  const update = await runCommand(step.apt, [...options, "update"], { env, cwd: folder });
  if (!update.ok) return { reason: `apt-get update failed (${update.failure})` };
  const download = await runCommand(step.apt, [...options, "download", program.name], {
    env,
    cwd: folder,
  });
  if (!download.ok) return { reason: `apt-get download failed (${download.failure})` };
  const archive = (await readdir(folder)).find((name) => name.endsWith(".deb"));
  if (archive === undefined) return { reason: "apt-get download left no package" };
  const unpack = await runCommand(step.dpkg, ["-x", inFolder(archive), inFolder("unpacked")], {
    env,
  });
  if (!unpack.ok) return { reason: `dpkg-deb -x failed (${unpack.failure})` };
  const binary = await firstFile(program.paths.map((path) => inFolder(join("unpacked", path))));
  return binary === undefined ? { reason: `the package holds no ${program.name}` } : { binary };
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  }
  return undefined;
}
