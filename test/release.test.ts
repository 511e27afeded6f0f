// What a release says of itself: one version, one changelog.
import { newestHeading, noteOf, versionProblems, withNotes } from "@mapek/release";
import { expect, it } from "vitest";

it("every package has the version of the changelog's newest section", () => {
  expect(versionProblems()).toEqual([]);
});

it("a heading has a version, and a date or says that it is unreleased", () => {
  expect(newestHeading("# C\n\n## 1.2.3 (2026-11-30)\n\n- a\n\n## 1.2.2 (2026-11-01)\n")).toEqual({
    version: "1.2.3",
    when: "2026-11-30",
  });
  expect(() => newestHeading("# C\n\n## Unreleased\n")).toThrow('got "## Unreleased"');
});

it("notes join the unreleased section, or begin a new one after a release", () => {
  const notes = [noteOf('---\n"mapek": minor\n---\n\nFaster,\nmuch.\n')];
  expect(withNotes("# C\n\n## 2.0.0 (unreleased)\n\n- a\n", notes, "2.0.0")).toBe(
    "# C\n\n## 2.0.0 (unreleased)\n\n- Faster,\n  much.\n- a\n",
  );
  expect(withNotes("# C\n\n## 2.0.0 (2026-11-30)\n\n- a\n", notes, "2.1.0")).toBe(
    "# C\n\n## 2.1.0 (unreleased)\n\n- Faster,\n  much.\n\n## 2.0.0 (2026-11-30)\n\n- a\n",
  );
});
