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

/** Fields of a house that are known only after its server and services have started. */
export type Addresses = Pick<House, "nats_url" | "nats_server" | "http">;

/**
 * The two files by which commands find a running `mapek up`: one in its data folder, one in the user's runtime
 * folder. Without them, commands would talk to whatever listens on NATS' default port.
 */
export class HouseFiles implements Disposable {
  readonly #paths: string[];
  readonly #onFault: (fault: string) => void;
  #house: House;

  /**
   * The caller must hold the lock of the data folder.
   *
   * @param onFault Called with the reason why other commands cannot find this house or see its changes.
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

  /** Writes new addresses into both files; called when the house is ready and when an address changes. */
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
