import { defineConfig } from "vitest/config";

/** Where tests lie; `ending` tells which project a file belongs to. */
const filesOf = (ending: string): string[] =>
  ["packages/*/test", "services/*/test", "test"].map((folder) => `${folder}/**/*${ending}`);

const SLOW = ".slow.test.ts";
const STUDY = ".study.test.ts";

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: ["**/node_modules/**", ...exclude] },
});

export default defineConfig({
  test: {
    projects: [
      project("fast", filesOf(".test.ts"), [...filesOf(SLOW), ...filesOf(STUDY)]),
      project("slow", filesOf(SLOW)),
      project("study", filesOf(STUDY)),
    ],
    reporters: ["default", "./test/support/told-skips.ts"],
    pool: "forks",
    maxWorkers: 2,
    // None of these measures speed: each ends what is stuck, on a machine ten times slower than a quiet one too.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
  },
});
