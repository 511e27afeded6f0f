import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  parseDeb822Sources,
  parseOneLineSources,
  readAptSources,
} from "../src/find/apt-sources.ts";
import { debianMirrors } from "../src/find/debian-mirrors.ts";
import { makeSandbox } from "./sandbox.ts";

const ONE_LINE = `# a comment
deb http://mirror.example/debian bookworm main contrib # trailing
deb [ arch=amd64 signed-by=/keys/debian-archive-keyring.gpg ] https://b.example/debian/ trixie main
deb-src http://mirror.example/debian bookworm main
#deb http://off.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://mirror.example/debian-security bookworm-security main
`;

const DEB822 = `Types: deb deb-src
# a comment inside of a paragraph
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main

types: deb
uris:
 https://c.example/debian
 https://d.example/debian
suites: trixie
components: main
 contrib
signed-by:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----
`;

it("reads the one-line format", () => {
  expect(parseOneLineSources(ONE_LINE)).toEqual([
    {
      uri: "http://mirror.example/debian",
      suite: "bookworm",
      components: ["main", "contrib"],
      signedBy: "",
    },
    {
      uri: "https://b.example/debian/",
      suite: "trixie",
      components: ["main"],
      signedBy: "/keys/debian-archive-keyring.gpg",
    },
    expect.objectContaining({ uri: "cdrom:[Debian" }),
    expect.objectContaining({ suite: "bookworm-security" }),
  ]);
});

it("reads the deb822 format: comments, folded fields, several addresses, disabled paragraphs", () => {
  const sources = parseDeb822Sources(DEB822);
  expect(sources.map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
    "http://mirror.example/debian bookworm",
    "http://mirror.example/debian bookworm-updates",
    "https://c.example/debian trixie",
    "https://d.example/debian trixie",
  ]);
  expect(sources[0]?.signedBy).toBe("/usr/share/keyrings/debian-archive-keyring.gpg");
  expect(sources[3]).toMatchObject({ components: ["main", "contrib"], signedBy: "" });
});

it("keeps Debian's own archive only, the likeliest first", () => {
  const source = (uri: string, suite: string, signedBy = "", components = ["main"]) => ({
    uri,
    suite,
    signedBy,
    components,
  });
  const mirrors = debianMirrors([
    source("http://security.example/debian-security", "bookworm-security"),
    source("https://vendor.example/linux/debian", "bookworm", "", ["stable"]),
    source("https://vendor.example/node_20.x", "nodistro"),
    source("https://proxy.example/remote", "bookworm"),
    source("http://plain.example/debian", "bookworm"),
    source("http://signed.example/x", "bookworm", "/k/debian-archive-keyring.gpg"),
    source("mirror+file:/etc/apt/mirrors/debian.list", "bookworm"),
    source("cdrom:[Debian", "bookworm"),
    source("http://plain.example/debian", "bookworm-updates"),
    source("http://archive.example/ubuntu", "noble"),
  ]);
  expect(mirrors).toEqual([
    "http://signed.example/x",
    "http://plain.example/debian",
    "mirror+file:/etc/apt/mirrors/debian.list",
    "https://proxy.example/remote",
  ]);
});

it("reads files and folders, and takes what is missing as empty", async () => {
  await using sandbox = await makeSandbox();
  const folder = join(sandbox.root, "sources.list.d");
  await mkdir(folder);
  await writeFile(join(folder, "a.sources"), DEB822);
  await writeFile(join(folder, "b.sources.save"), DEB822);
  await writeFile(join(sandbox.root, "sources.list"), ONE_LINE);
  const paths = [join(sandbox.root, "sources.list"), folder, join(sandbox.root, "missing.list")];
  expect(await readAptSources(paths)).toHaveLength(8);
});
