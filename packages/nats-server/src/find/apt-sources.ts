import { runCommand } from "./run-command.ts";

/** One enabled binary source of apt: an address with one suite and one component. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
}

/** Tells of sources whose lists were never fetched, too. */
const LISTED = ["indextargets", "--no-release-info"];
const FORMAT = "$(SITE)\t$(RELEASE)\t$(COMPONENT)";

/**
 * Asks apt for its enabled binary sources, so that nothing here parses apt's files.
 *
 * @param sourceList A file to read in place of the machine's own sources.
 * @returns Nothing where apt cannot read its sources. Cost: about 50 ms. Source: apt-get(8), indextargets.
 */
export async function readAptSources(
  apt: string,
  env: NodeJS.ProcessEnv,
  sourceList?: string,
): Promise<AptSource[]> {
  const only =
    sourceList === undefined
      ? []
      : ["-o", `Dir::Etc::sourcelist=${sourceList}`, "-o", "Dir::Etc::sourceparts=/dev/null"];
  const args = [...LISTED, ...only, "--format", FORMAT, "Created-By: Packages"];
  const { stdout } = await runCommand(apt, args, { env });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [uri = "", suite = "", component = ""] = line.split("\t");
      return { uri, suite, component };
    });
}
