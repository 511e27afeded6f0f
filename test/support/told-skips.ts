import type { Reporter, TestModule } from "vitest/node";

/** Prints after a run which tests were skipped, and why: a skip that nobody sees guards nothing. */
export default class ToldSkips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].flatMap((test) => {
        const { note } = test.result() as { note?: string };
        return note === undefined ? [] : [`skipped: ${test.fullName}: ${note}`];
      }),
    );
    for (const line of lines) console.log(line);
  }
}
