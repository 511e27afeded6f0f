import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readAptSources } from "../src/find/apt-sources.ts";
import { debianMirrors } from "../src/find/debian-mirrors.ts";
import { makeSandbox } from "./sandbox.ts";

const APT = "/usr/bin/apt-get";

const LIST = `
# deb http://commented.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/k.gpg] http://a.example/debian/ bookworm main contrib
deb-src [signed-by=/k.gpg] http://a.example/debian bookworm main
`;
const DEB822 = `
Types: deb deb-src
URIs: http://b.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

const asked = ({ skip }: { skip: (reason: string) => void }) => {
  if (!existsSync(APT)) skip("this machine has no apt");
};

it("apt says which sources are enabled, in both of its formats", async (context) => {
  asked(context);
  await using sandbox = await makeSandbox();
  const file = async (name: string, text: string) => {
    await writeFile(join(sandbox.root, name), text);
    return (await readAptSources(APT, process.env, join(sandbox.root, name))).map(
      ({ uri, suite, component }) => `${uri} ${suite} ${component}`,
    );
  };
  expect(new Set(await file("a.list", LIST))).toEqual(
    new Set(["http://a.example/debian bookworm main", "http://a.example/debian bookworm contrib"]),
  );
  expect(new Set(await file("b.sources", DEB822))).toEqual(
    new Set([
      "http://b.example/debian bookworm main",
      "http://b.example/debian bookworm-updates main",
    ]),
  );
});

it("a missing or broken file gives no source", async (context) => {
  asked(context);
  await using sandbox = await makeSandbox();
  expect(await readAptSources(APT, process.env, join(sandbox.root, "missing.list"))).toEqual([]);
  const broken = join(sandbox.root, "broken.list");
  await writeFile(broken, "deb [signed-by\n");
  expect(await readAptSources(APT, process.env, broken)).toEqual([]);
});

it("keeps Debian's own archive only, the likeliest first", () => {
  const source = (uri: string, suite: string, component = "main") => ({ uri, suite, component });
  const mirrors = debianMirrors([
    source("http://security.example/debian-security", "bookworm-security"),
    source("https://vendor.example/linux/debian", "bookworm", "stable"),
    source("https://vendor.example/node_20.x", "nodistro"),
    source("https://proxy.example/remote", "bookworm"),
    source("http://plain.example/debian", "bookworm"),
    source("mirror+file:/etc/apt/mirrors/debian.list", "bookworm"),
    source("cdrom:[Debian", "bookworm"),
    source("http://plain.example/debian", "bookworm-updates"),
    source("http://archive.example/ubuntu", "noble"),
  ]);
  expect(mirrors).toEqual([
    "http://plain.example/debian",
    "mirror+file:/etc/apt/mirrors/debian.list",
    "https://proxy.example/remote",
  ]);
});
