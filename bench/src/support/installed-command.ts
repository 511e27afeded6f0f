import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, PUBLISHED, pack } from "@mapek/release";

/** The command as users have it: packed, and installed in a folder outside of the repository. */
export interface InstalledCommand extends Disposable {
  readonly main: string;
}

/** @throws {Error} Where no registry answers: the command's dependencies come from there. */
export async function installCommand(): Promise<InstalledCommand> {
  const folder = mkdtempSync(join(tmpdir(), "mapek-bench-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const command = PUBLISHED.find(({ name }) => name === "mapek");
    if (command === undefined) throw new Error("the command is not published");
    await build(command);
    const { path } = await pack(command, folder);
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    execFileSync("npm", ["install", "--no-audit", "--no-fund", path], {
      cwd: folder,
      stdio: "ignore",
      timeout: 120_000,
    });
    return { main: join(folder, "node_modules/mapek/lib/main.js"), [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}
