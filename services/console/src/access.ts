import { createHash, timingSafeEqual } from "node:crypto";
import { ConsoleError } from "./errors.ts";

/** The header that carries the token: one that no form and no foreign page can send unasked. */
export const TOKEN_HEADER = "x-mapek-token";

/** Decides who may act. */
export class Access {
  readonly #digest: Buffer | undefined;

  /** @param token Undefined: nobody may. */
  constructor(token: string | undefined) {
    this.#digest = token === undefined ? undefined : digestOf(token);
  }

  get readOnly(): boolean {
    return this.#digest === undefined;
  }

  /** Whether this is the token; compared in constant time, by digests of equal length. */
  holds(given: unknown): boolean {
    return (
      this.#digest !== undefined &&
      typeof given === "string" &&
      timingSafeEqual(digestOf(given), this.#digest)
    );
  }

  /** @throws {ConsoleError} MAPEK_CONSOLE_READ_ONLY, MAPEK_CONSOLE_BAD_TOKEN */
  require(given: unknown): void {
    if (this.readOnly)
      throw new ConsoleError("MAPEK_CONSOLE_READ_ONLY", "set console.token to allow actions");
    if (!this.holds(given))
      throw new ConsoleError("MAPEK_CONSOLE_BAD_TOKEN", `expected the token in ${TOKEN_HEADER}`);
  }
}

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Names by which the console may be called: a foreign page whose name somebody points at this address
 * would otherwise read what is shown here.
 */
export class KnownNames {
  readonly #names: ReadonlySet<string>;
  readonly #any: boolean;

  /** @param names Beside the address listened on. Where it listens on all addresses and none is named, any will do. */
  constructor(host: string, names: readonly string[]) {
    this.#any = (host === "0.0.0.0" || host === "::") && names.length === 0;
    this.#names = new Set([...LOOPBACK, host, ...names].map((name) => name.toLowerCase()));
  }

  /** @throws {ConsoleError} MAPEK_CONSOLE_FOREIGN_NAME */
  require(hostHeader: string | undefined): void {
    const name = (hostHeader ?? "").replace(/:\d+$/, "").toLowerCase();
    if (!this.#any && !this.#names.has(name))
      throw new ConsoleError(
        "MAPEK_CONSOLE_FOREIGN_NAME",
        `${JSON.stringify(name.slice(0, 100))}; add it to console.names`,
      );
  }
}
