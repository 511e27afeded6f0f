import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import type { House } from "./house.ts";
import { writePrivateFile } from "./private-file.ts";
import { writableRuntimeFolder } from "./runtime-folder.ts";

export const houseFile = (dataDir: string): string => join(dataDir, "house.json");

const UNLISTED =
  "neither XDG_RUNTIME_DIR nor the temporary folder has a folder of this user's own: " +
  "commands find this house from its folder only";

/** What a house learns only as it starts. */
export type Addresses = Pick<House, "nats_url" | "nats_server" | "http">;

/**
 * The files by which a running `mapek up` is found: one in its data folder, one among the houses of its
 * user. Without them other commands would talk to whatever listens on NATS' own port.
 */
export class HouseFiles implements Disposable {
  readonly #paths: string[];
  readonly #onFault: (fault: string) => void;
  #house: House;

  /**
   * Needs the lock of the data folder.
   *
   * @param onFault Gets what keeps other commands from finding this house, or from knowing what has changed.
   * @throws {CliError} MAPEK_CLI_FILE where the data folder cannot be written.
   */
  constructor(dataDir: string, mapek: string, onFault: (fault: string) => void) {
    const data = realpathSync(dataDir);
    this.#onFault = onFault;
    this.#paths = [houseFile(data)];
    this.#house = {
      ...{ version: 1, data, pid: process.pid, host: hostname(), mapek },
      started_at: new Date().toISOString(),
      ...{ nats_url: null, nats_server: null, http: {} },
    };
    try {
      this.#write();
    } catch (cause) {
      throw new CliError("MAPEK_CLI_FILE", (cause as Error).message, { cause });
    }
    const list = writableRuntimeFolder(process.env);
    const name = `${createHash("sha256").update(data).digest("hex").slice(0, 16)}.json`;
    if (list === undefined) onFault(UNLISTED);
    else {
      this.#paths.push(join(list, name));
      this.tell({});
    }
  }

  /** Tells where it is reached, once it can be used and whenever that changes. */
  tell(addresses: Partial<Addresses>): void {
    const http = { ...this.#house.http, ...addresses.http };
    this.#house = { ...this.#house, ...addresses, http };
    try {
      this.#write();
    } catch (error) {
      this.#onFault((error as Error).message);
    }
  }

  [Symbol.dispose](): void {
    for (const path of this.#paths) rmSync(path, { force: true });
  }

  #write(): void {
    for (const path of this.#paths) writePrivateFile(path, `${JSON.stringify(this.#house)}\n`);
  }
}
