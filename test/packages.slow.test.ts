// The packages that users install: packed, installed outside of the repository, and used on every Node that they name.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  build,
  type Manifest,
  PUBLISHED,
  pack,
  packageOf,
  problemsOf,
  type Tarball,
} from "@mapek/release";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesWith, start } from "../packages/cli/test/processes.ts";
import { registryProblem, UserMachine } from "./support/user-machine.ts";
import { waitFor } from "./support/wait-for.ts";

const ROOT = join(import.meta.dirname, "..");
/** Only for what is stuck. */
const LONG_MS = 2_400_000;
const run = promisify(execFile);
const offline = await registryProblem();
if (offline !== undefined) console.warn(`packages are not tried: ${offline}`);

const [CLIENT, COMMAND] = PUBLISHED;
if (CLIENT === undefined || COMMAND === undefined) throw new Error("two packages are published");
const folder = mkdtempSync(join(tmpdir(), "mapek-packages-"));
const tarballs = new Map<string, Tarball>();
const tarballOf = (name: string): Tarball => {
  const found = tarballs.get(name);
  if (found === undefined) throw new Error(`${name} was not packed`);
  return found;
};

beforeAll(async () => {
  for (const published of PUBLISHED) {
    await build(published);
    tarballs.set(published.name, await pack(published, folder));
  }
}, LONG_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(PUBLISHED)("$name as it is packed", (published) => {
  it("is found fit by publint and attw, and is small", async () => {
    const tarball = tarballOf(published.name);
    const { unpackedBytes, bytes, files } = tarball;
    console.log(
      `${published.name}: ${files.length} files, ${bytes} bytes packed, ${unpackedBytes} of at most ${published.maxBytes} unpacked`,
    );
    expect(await problemsOf(published, tarball)).toEqual([]);
  });

  it("has licence, readme and code, and no source", () => {
    const { files } = tarballOf(published.name);
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    expect(files.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
    expect(files.some((path) => path.endsWith(".d.ts"))).toBe(published.declarations);
    const scripts = files.filter((path) => path.endsWith(".js"));
    expect(scripts.filter((path) => !files.includes(`${path}.map`))).toEqual([]);
  });

  it("depends on exactly what its files import, none of it ours, and points at files that are there", () => {
    const built = join(ROOT, published.folder, "dist");
    const { files } = tarballOf(published.name);
    const manifest = JSON.parse(readFileSync(join(built, "package.json"), "utf8")) as Manifest;
    expect(manifest.private).toBeUndefined();
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|\/src\//);
    const imported = files
      .filter((path) => /\.(js|d\.ts)$/.test(path))
      .flatMap((path) => importsOf(readFileSync(join(built, path), "utf8")))
      .filter((module) => !/^[.#]/.test(module) && !isBuiltin(module));
    expect(Object.keys(manifest.dependencies ?? {})).toEqual(
      [...new Set(imported.map(packageOf))].sort(),
    );
    const targets = JSON.stringify([manifest.exports, manifest.imports, manifest.bin]);
    for (const [, target = ""] of targets.matchAll(/"\.\/([^"]+)"/g))
      expect(files).toContain(target);
  });
});

/** Modules that a built file imports; the bundler writes one import a line. */
const importsOf = (text: string): string[] => [
  ...[...text.matchAll(/^(?:import|export) [^"'\n]*from "([^"]+)"/gm)].map(
    ([, module = ""]) => module,
  ),
  ...[...text.matchAll(/^import "([^"]+)"/gm)].map(([, module = ""]) => module),
  ...[...text.matchAll(/\bimport\("([^"]+)"\)/g)].map(([, module = ""]) => module),
];

describe.skipIf(offline !== undefined)(
  `installed${offline === undefined ? "" : `: ${offline}`}`,
  () => {
    let machine: UserMachine;
    const nodes = new Map<number, string>();
    const nodeOf = (major: number) => nodes.get(major) as string;

    beforeAll(async () => {
      machine = await UserMachine.make();
      const paths = PUBLISHED.map(({ name }) => tarballOf(name).path);
      await machine.install("@types/node", ...paths);
      for (const major of [20, 22, 24]) nodes.set(major, await machine.node(major));
      const { stdout } = await run(nodeOf(20), ["--version"]);
      expect(stdout).toMatch(/^v20\./);
      writeFileSync(join(machine.project, "example.ts"), readmeExample());
      writeFileSync(join(machine.project, "given.d.ts"), GIVEN_TYPES);
      writeFileSync(join(machine.project, "given.js"), GIVEN);
    }, LONG_MS);
    afterAll(() => machine?.[Symbol.dispose]());

    it("nothing of the repository is there", () => {
      expect(readdirSync(join(machine.project, "node_modules", "@mapek"))).toEqual(["client"]);
      expect(existsSync(join(machine.project, "node_modules", "@mapek", "client", "src"))).toBe(
        false,
      );
    });

    it.each(["node16", "bundler"])(
      "the example of the README compiles, strictly, resolving as %s",
      async (resolution) => {
        const module = resolution === "bundler" ? "esnext" : resolution;
        const options = ["--strict", "--skipLibCheck", "false", "--target", "es2022"];
        const args = ["example.ts", "given.d.ts", "--module", module, "--types", "node"];
        const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
        const how = ["--moduleResolution", resolution, "--ignoreConfig"];
        const made = await run(process.execPath, [tsc, ...args, ...options, ...how], {
          cwd: machine.project,
        }).catch((error: { stdout: string }) => error);
        expect(made.stdout).toBe("");
      },
      LONG_MS,
    );

    it.each([22, 24])(
      "npx mapek up runs the house on Node %i, in which the example of the README runs on 20, 22 and 24",
      async (major) => {
        const settings = join(machine.project, "quick.yaml");
        writeFileSync(settings, readFileSync(join(ROOT, "infra/quickstart.yaml")));
        await using up = start(
          ["npx", "mapek", "up", "--config", settings, "--data", `data-${major}`],
          {
            cwd: machine.project,
            env: machine.env(nodeOf(major)),
          },
        );
        const event = (name: string) => up.events().find((it) => it.event === name);
        const ready = await waitFor("the house is ready", () => {
          if (up.child.exitCode !== null) throw new Error(up.stderr());
          return event("ready");
        });
        expect(ready.http).toHaveProperty("console");
        const page = await fetch(String((ready.http as Record<string, string>).console));
        expect(await page.text()).toContain("/app/main.ts");
        const { href } = new URL("/app/main.ts", page.url);
        expect(await (await fetch(href)).text()).not.toMatch(/^import type/m);
        for (const reader of [20, 22, 24]) {
          await using example = start(["node", "--import", "./given.js", "example.js"], {
            cwd: machine.project,
            env: {
              ...machine.env(nodeOf(reader)),
              NATS_URL: String(ready.nats_url),
              READER: `${reader}`,
            },
          });
          await waitFor(`a threshold in the example on Node ${reader}`, () => {
            if (example.child.exitCode !== null) throw new Error(example.stderr());
            return /^latency_ms [\d.]+ [\d.]+$/m.test(example.stdout());
          });
          expect(example.stderr()).toBe("");
          console.log(`example on Node ${reader}: ${example.lines()[0]}`);
        }
        await waitFor("a threshold of this machine", () =>
          up.events().some((it) => it.event === "threshold" && it.system === "local"),
        );
        expect(processesWith(machine.mark).length).toBeGreaterThan(6);
        const [main] = processesWith(join(machine.project, "node_modules", ".bin", "mapek"));
        process.kill(main as number, major === 22 ? "SIGTERM" : "SIGINT");
        await waitFor("no process is left", () => processesWith(machine.mark).length === 0);
        expect(await up.exited).toMatchObject({ code: 0 });
        expect(up.stderr()).not.toMatch(/Warning/);
      },
      LONG_MS,
    );

    it("npx mapek analyze reads a file on Node 22", async () => {
      const rows = Array.from(
        { length: 500 },
        (_, i) => `${1_700_000_000 + 60 * i},${10 + (i % 7)}`,
      );
      writeFileSync(join(machine.project, "rows.csv"), ["timestamp,value", ...rows].join("\n"));
      await using analyze = start(["npx", "mapek", "analyze", "rows.csv", "--json"], {
        cwd: machine.project,
        env: machine.env(nodeOf(22)),
      });
      expect(await analyze.exited).toMatchObject({ code: 0 });
      expect(analyze.stderr()).toBe("");
      const { series } = JSON.parse(analyze.stdout());
      expect(series[0].statistics.data_points).toBe(500);
    });

    it("the command says which Node it needs where that is older", async () => {
      await using old = start(["npx", "mapek", "--version"], {
        cwd: machine.project,
        env: machine.env(nodeOf(20)),
      });
      expect(await old.exited).toMatchObject({ code: 1 });
      expect(old.stderr()).toMatch(/^mapek needs Node 22\.12 or newer; this is v20\.\S+\n$/);
    });
  },
);

/** The first example of README.md that imports the client. */
function readmeExample(): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  const example = blocks.find((text) => text.includes('from "@mapek/client"'));
  if (example === undefined) throw new Error("README.md has no example of the client");
  return example;
}

/** What the example leaves to its reader. */
const GIVEN_TYPES = `
declare function measure(): Promise<number>;
declare function scale(plan: { add: number }): Promise<number>;
`;

/** The same at run time, with a past that is long enough for a threshold. */
const GIVEN = `
import { connect } from "@mapek/client";
globalThis.measure = async () => 60 + 10 * Math.random();
globalThis.scale = async () => 50;
setTimeout(async () => {
  const client = await connect();
  const now = Date.now();
  const samples = Array.from({ length: 200 }, (_, i) => ({
    timestamp: now - 1_000 * (200 - i),
    value: 60 + 10 * Math.random(),
    labels: { reader: process.env.READER },
  }));
  await client.publish("checkout", "latency_ms", samples, { acknowledge: true });
  await client.close();
}, 500);
`;
