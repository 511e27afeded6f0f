import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** One enabled binary source of apt: an address with one suite. */
export interface AptSource {
  uri: string;
  suite: string;
  components: readonly string[];
  /** The `signed-by` option, or "" (a key written in the file itself counts as ""). */
  signedBy: string;
}

/** Where apt keeps its sources by default: a file and a folder of files. */
export const APT_SOURCES: readonly string[] = ["/etc/apt/sources.list", "/etc/apt/sources.list.d"];

/**
 * Reads the enabled binary sources from files (`*.list`, `*.sources`) and folders of such files.
 * What is missing or unreadable gives none.
 */
export async function readAptSources(paths: readonly string[]): Promise<AptSource[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
    if (!isFolder) files.push(path);
    else files.push(...(await readdir(path).catch(() => [])).sort().map((it) => join(path, it)));
  }
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (file.endsWith(".list")) sources.push(...parseOneLineSources(text));
    else if (file.endsWith(".sources")) sources.push(...parseDeb822Sources(text));
  }
  return sources;
}

/** Parses the one-line format: `deb [option=value …] uri suite component…` (sources.list(5)). */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split("\n")) {
    const entry = line.replace(/(^|\s)#.*$/, "").trim();
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(entry);
    if (match === null) continue;
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1] ?? "";
    sources.push({ uri, suite, components: words(components), signedBy });
  }
  return sources;
}

/** Parses the deb822 format: paragraphs of `Field: value`, comments and folded lines included. */
export function parseDeb822Sources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  for (const paragraph of lines.join("\n").split(/\n\s*\n/)) {
    const fields = parseFields(paragraph);
    const field = (name: string): string => fields.get(name) ?? "";
    if (/^(no|false|0|off|without|disable)$/i.test(field("enabled"))) continue;
    if (!words(field("types")).includes("deb")) continue;
    const components = words(field("components"));
    const signedBy = field("signed-by").includes("BEGIN PGP") ? "" : field("signed-by");
    for (const uri of words(field("uris"))) {
      for (const suite of words(field("suites"))) {
        sources.push({ uri, suite, components, signedBy });
      }
    }
  }
  return sources;
}

function parseFields(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = "";
  for (const line of paragraph.split("\n")) {
    const match = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/.exec(line);
    if (match !== null) {
      name = (match[1] ?? "").toLowerCase();
      fields.set(name, (match[2] ?? "").trim());
    } else if (name !== "" && /^\s/.test(line)) {
      fields.set(name, `${fields.get(name) ?? ""} ${line.trim()}`.trim());
    }
  }
  return fields;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
