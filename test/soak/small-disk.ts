import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const CHUNK = Buffer.alloc(64 * 1_024);

/** A file system of its own with little room, which can be filled and freed. */
export class SmallDisk implements AsyncDisposable {
  readonly folder: string;
  readonly #ballast: string;

  /** Mounts one. @throws {Error} where this user may not mount. */
  static async mount(megabytes: number): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), "mapek-disk-"));
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
    return new SmallDisk(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, "ballast");
  }

  /** Takes all room that is left. */
  async fill(): Promise<void> {
    const file = createWriteStream(this.#ballast, { flags: "a" });
    await new Promise<void>((resolve) => {
      file.on("error", () => resolve());
      const more = () => file.write(CHUNK, (error) => (error ? resolve() : more()));
      more();
    });
    file.destroy();
  }

  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", [this.folder]);
    await rm(this.folder, { recursive: true });
  }
}

/** Why no small disk can be had here; undefined where it can. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  try {
    await (await SmallDisk.mount(1))[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}
