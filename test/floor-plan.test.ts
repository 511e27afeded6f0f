// What keeps the code easy to find one's way in: no circle of imports, folders and files of a size that one looks through at once.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const MOST_FILES = 15;
const MOST_LINES = 300;

const sources = globSync(
  ["{packages,services,release,bench}/**/src/**/*.ts", "bench/quality/**/*.ts"],
  {
    cwd: ROOT,
    exclude: (path) => path.includes("node_modules"),
  },
).sort();
const textOf = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** The files that each file imports, types included. */
const imports = new Map(
  sources.map((path) => [
    path,
    [...textOf(path).matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g)]
      .map(([, target = ""]) => normalize(join(dirname(path), target)))
      .filter((target) => sources.includes(target)),
  ]),
);

/** The shortest way on which a file imports itself. */
function circleFrom(start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift())
    for (const next of imports.get(path) ?? []) {
      if (next === start) {
        const way = [start];
        for (let at = path; at !== start; at = cameFrom.get(at) as string) way.unshift(at);
        return [start, ...way];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, path);
      waiting.push(next);
    }
  return undefined;
}

describe("the floor plan", () => {
  test("knows the sources and what they import", () => {
    expect(sources.length).toBeGreaterThan(400);
    expect([...imports.values()].flat().length).toBeGreaterThan(1_000);
  });

  test("has no circle of imports", () => {
    const circles = sources.flatMap((path) => circleFrom(path)?.join(" -> ") ?? []);
    expect(circles).toEqual([]);
  });

  test(`has no folder with more than ${MOST_FILES} files`, () => {
    const folders = Object.entries(Object.groupBy(sources, (path) => dirname(path)));
    const full = folders.filter(([, files = []]) => files.length > MOST_FILES);
    expect(full.map(([folder, files = []]) => `${folder}: ${files.length}`)).toEqual([]);
  });

  // bench/src/end-to-end.bench.ts has 521 lines; what users run has none so long.
  test(`has no file of more than ${MOST_LINES} lines`, () => {
    const lines = (path: string) => textOf(path).split("\n").length - 1;
    const long = sources.filter((path) => !path.startsWith("bench/") && lines(path) > MOST_LINES);
    expect(long.map((path) => `${path}: ${lines(path)}`)).toEqual([]);
  });
});
